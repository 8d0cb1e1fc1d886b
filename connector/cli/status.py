"""`crm-connector status`: how the service stands, from its state; with --quota also what the CRMs say of our calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from connector.change.inbox import Burial
from connector.cli.log import Quiet
from connector.cli.opening import open_connections, reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile
from connector.cli.output import away, emit, heading, instant, moment, pairs, say, table
from connector.cli.road import gate_targets, open_shelf
from connector.cli.running import running_process
from connector.clock import SystemClock
from connector.decision.versions import Shelved, in_force
from connector.errors import ConnectorError
from connector.gate import CellState
from connector.gate.autonomy import LOOKS
from connector.report.earning import CellReport
from connector.report.standing import Report, Waiting, report
from connector.settings import Settings, load_settings

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: crm-connector status --json")
def status(
    *,
    quota: Annotated[bool, typer.Option("--quota", help="Also ask each CRM how many calls are left.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show how the service stands: running, captured, queued, waiting for people, earned, learned."""
    settings, clock = load_settings(config), SystemClock()
    now = clock.now()
    policies, problems = gate_targets(settings)
    with reading_state(settings) as store:
        with store.snapshot() as tx:
            stands = report(tx, targets=policies, now=now)
        learners = _learners(open_shelf(settings, store).versions())
    shown: dict[str, Any] = {
        "running": running_process(settings.state),
        "state": str(settings.state),
        "at": instant(now),
        "policies": {"in_files": sorted(policies), "problems": problems},
        **_document(stands),
        "learners": [_learner_document(one) for one in learners],
        "quota": _quota(settings) if quota else None,
    }
    if as_json:
        emit(shown)
    else:
        _show(shown, stands, now)


def _document(stands: Report) -> dict[str, Any]:
    return {
        "capture": [
            {
                "connection": place.connection, "object": place.object.value, "baseline_done": place.baselined,
                "activated_at": instant(place.activated_at), "cursor": place.cursor,
            }
            for place in stands.positions
        ],
        "reconciled": None if stands.reconciled is None else {
            "at": instant(stands.reconciled.at), "findings": dict(stands.reconciled.findings)
        },
        "inbox": {
            "waiting": stands.inbox[Burial.WAITING], "set_aside": stands.inbox[Burial.BURIED],
            "waits_for": dict(stands.waits_for),
        },
        "set_aside": [
            {"record": str(one.event.ref), "attempts": one.attempts, "reason": one.reason} for one in stands.buried
        ],
        "outbox": dict(stands.outbox),
        "unknown_outcomes": list(stands.unknown),
        "approvals": _waiting(stands.approvals),
        "handoffs": _waiting(stands.handoffs),
        "decisions": dict(stands.dispositions),
        "writes": dict(stands.outcomes),
        "cells": [_cell_document(cell) for cell in stands.cells],
        "retrieval": [asdict(one) for one in stands.retrieval],
        "newest_entry_at": instant(stands.newest_entry),
    }  # fmt: skip


def _waiting(waiting: Waiting) -> dict[str, Any]:
    return {"open": waiting.count, "overdue": list(waiting.overdue), "next_due": instant(waiting.next_due)}


def _cell_document(cell: CellReport) -> dict[str, Any]:
    return {
        "cell": str(cell.cell), "tier": cell.tier, "state": cell.state.value, "threshold": cell.threshold,
        "target": cell.target, "labels": cell.labels, "right": cell.right, "labels_needed": cell.needed,
        "held_values": list(cell.held_values), "why": cell.why,
    }


def _learners(versions: tuple[Shelved, ...]) -> list[Shelved]:
    by_key: dict[str, list[Shelved]] = {}
    for one in versions:
        by_key.setdefault(str(one.key), []).append(one)
    return [chosen for some in by_key.values() if (chosen := in_force(some)) is not None]


def _learner_document(one: Shelved) -> dict[str, Any]:
    return {
        "learner": str(one.key), "version": one.version, "examples": one.examples, "fitted_at": instant(one.fitted_at),
        "pinned": one.pinned,
    }


def _quota(settings: Settings) -> list[dict[str, Any]]:
    """One cheap call per CRM; its answer tells how many calls of the day are used, where the CRM says so."""
    connected, found = open_connections(settings, Quiet()), []
    for name, adapter in connected.adapters.items():
        trouble: str | None = None
        try:
            adapter.records.users()
        except ConnectorError as error:
            trouble = error.message
        budget = connected.budgets[name]
        told = budget.daily is not None
        used = budget.used_today if told else None
        found.append({"connection": str(name), "daily": budget.daily, "used": used, "trouble": trouble})
    return found


def _show(shown: Mapping[str, Any], stands: Report, now: Any) -> None:
    running = shown["running"]
    say(f"running as process {running}" if running else "not running — next: crm-connector run", style="bold")
    for problem in shown["policies"]["problems"]:
        say(f"✗ {problem} — the policies from before stay in force", style="red")
    heading("Captured")
    read = [
        (place.connection, place.object.value, moment(place.activated_at), "done" if place.baselined else "under way")
        for place in stands.positions
    ]
    if read:
        table("", ("connection", "object", "since", "baseline"), read)
    else:
        say("nothing yet")
    checked = stands.reconciled
    say(f"compared with the CRM: {moment(checked.at) if checked else 'not yet'}")
    heading("Under way")
    unfinished = {name: stands.outbox.get(name, 0) for name in ("ready", "sending", "unknown")}
    pairs([
        ("changes waiting", "; ".join((str(stands.inbox[Burial.WAITING]), *_held(stands.waits_for)))),
        ("set aside", f"{stands.inbox[Burial.BURIED]}" + (" — next: crm-connector requeue" if stands.buried else "")),
        ("writes", ", ".join(f"{count} {name}" for name, count in unfinished.items())),
    ])  # fmt: skip
    for one in stands.buried[:10]:
        say(f"  {one.event.ref}: {one.reason}")
    heading("Waiting for people")
    pairs([
        ("approvals", _open(stands.approvals, now, "crm-connector approvals list")),
        ("handoffs", _open(stands.handoffs, now, "crm-connector handoffs list")),
    ])  # fmt: skip
    heading("Done so far")
    pairs([
        ("decisions", _counts(stands.dispositions)),
        ("writes", _counts(stands.outcomes)),
    ])
    _show_earned(stands, shown)


def _held(waits_for: Mapping[str, int]) -> list[str]:
    return [f"{count} because {reason}" for reason, count in waits_for.items()]


def _open(waiting: Waiting, now: Any, following: str) -> str:
    if not waiting.count:
        return "none"
    late = f", {len(waiting.overdue)} overdue" if waiting.overdue else ""
    due = f", next due {away(waiting.next_due, now)}" if waiting.next_due else ""
    return f"{waiting.count} open{late}{due} — next: {following}"


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counted.items() if count) or "none"


def _show_earned(stands: Report, shown: Mapping[str, Any]) -> None:
    if stands.cells:
        heading("Autonomy")
        table("", ("what", "tier", "stands", "verdicts", "still needed"), [
            (
                str(cell.cell), cell.tier, _stands(cell), f"{cell.right} of {cell.labels} right",
                f"{cell.needed}" if cell.needed else "none",
            )
            for cell in stands.cells
        ])  # fmt: skip
        say(_next_tests(stands.cells))
    if shown["learners"]:
        heading("Learned")
        table("", ("learner", "version", "examples", "fitted"), [
            (
                one["learner"], f"{one['version']}{' (pinned)' if one['pinned'] else ''}", str(one["examples"]),
                moment(datetime.fromisoformat(one["fitted_at"])),
            )
            for one in shown["learners"]
        ], whole=("learner",))  # fmt: skip
    for one in shown["quota"] or ():
        told = f"{one['used']} of {one['daily']} calls used today" if one["daily"] else "the CRM does not tell"
        say(f"quota of {one['connection']}: {one['trouble'] or told}")


def _next_tests(earning: Sequence[CellReport]) -> str:
    """When verdicts are tested, and how many without an error the targets in use take at the least."""
    *early, last = (f"{look:,}" for look in LOOKS)
    takes = [
        f"{_percent(target)} takes at least {fewest} without an error"
        for target, fewest in sorted({(cell.target, cell.fewest) for cell in earning})
    ]
    return f"tested at {', '.join(early)} and {last} verdicts; to prove {', '.join(takes)}"


def _percent(share: float) -> str:
    return f"{share * 100:.4g} %"


def _stands(cell: CellReport) -> str:
    if cell.state is CellState.AUTONOMOUS and cell.threshold is not None:
        held = f", except {', '.join(cell.held_values)}" if cell.held_values else ""
        return f"acts alone from {cell.threshold:.1%} on{held}"
    return cell.state.value


