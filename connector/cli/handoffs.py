"""`crm-connector handoffs`: see and settle the cases that were given to people."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli.approvals import people_of
from connector.cli.opening import reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, By, ConfigFile, Remark, person
from connector.cli.output import away, emit, heading, instant, moment, pairs, say, table
from connector.clock import SystemClock
from connector.gate import handoffs as given
from connector.gate.handoffs import Handoff, HandoffState
from connector.pipeline import People
from connector.policy import Unanswered
from connector.report.card import ORIGINS
from connector.report.evidence import evidence_of
from connector.settings import load_settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help="See and settle the cases that were given to people.")
One = Annotated[str, typer.Argument(help="An id, or a unique beginning of it.")]


@app.command("list", epilog="Example: crm-connector handoffs list --owner support-leads")
def list_(
    *,
    owner: Annotated[str | None, typer.Option(help="Only those of this owner.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Settled ones too.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """List handoffs, the next due first."""
    now = SystemClock().now()
    with reading_state(load_settings(config)) as store, store.snapshot() as tx:
        found = given.listed(tx, unsettled_only=not every, limit=100_000)
    found = [one for one in found if owner in (None, one.owner)]
    if as_json:
        emit({"total": len(found), "handoffs": [document_of(one, now) for one in found[:limit]]})
    elif not found:
        say("no case waits for a person")
    else:
        rows = [
            (one.id, str(one.ref), one.reason, one.owner, _due(one, now), one.state.value) for one in found[:limit]
        ]
        table("", ("id", "record", "why", "owner", "due", "stands"), rows, whole=("id", "record"))
        if len(found) > limit:
            say(f"… and {len(found) - limit} more; show them with --limit")
        say(f"next: crm-connector handoffs show {found[0].id}", style="green")


@app.command(epilog="Example: crm-connector handoffs show 3f9a")
def show(*, handoff: One, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show one case: why, what was read and tried, what is missing, who has it until when and who is next."""
    now = SystemClock().now()
    with reading_state(load_settings(config)) as store, store.snapshot() as tx:
        found = given.find(tx, handoff)
        read = evidence_of(tx, [found.decision]).get(found.decision, ())
    if as_json:
        emit(document_of(found, now) | {"evidence": [asdict(one) for one in read]})
        return
    say(f"{found.id}  {found.ref}", style="bold")
    pairs([
        ("policy", found.policy),
        ("stands", found.state.value + (f" (by {found.settled_by})" if found.settled_by else "")),
        ("owner", found.owner),
        ("opened", moment(found.opened_at)),
        ("due", f"{moment(found.due_at)} ({_due(found, now)}): {_after(found)}"),
    ])  # fmt: skip
    heading("Why")
    say(found.summary)
    for one in read:
        say(f"  “{one.quote}”")
        say(f"    — {one.source}, written by {ORIGINS.get(one.origin, one.origin)}", style="dim")
    heading("Best guesses")
    say("; ".join(found.tried) or "none")
    heading("Missing")
    say("; ".join(found.missing) or "nothing named")
    if found.state in (HandoffState.OPEN, HandoffState.CLAIMED):
        say()
        say(f"next: crm-connector handoffs claim {found.id}   (or: close, return)", style="green")


@app.command(epilog="Example: crm-connector handoffs claim 3f9a")
def claim(*, handoff: One, by: By = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Take a case; its due time stays."""
    with reading_state(load_settings(config)) as store:
        _tell(people_of(store).claim(handoff, by=person(by)), "claimed", as_json=as_json)


@app.command(epilog="Example: crm-connector handoffs close 3f9a --remark 'answered by phone'")
def close(
    *, handoff: One, by: By = None, remark: Remark = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False
) -> None:
    """Say that a case is dealt with."""
    _settle(config, lambda people: people.close(handoff, by=person(by), remark=remark), "closed", as_json=as_json)


@app.command("return", epilog="Example: crm-connector handoffs return 3f9a --remark 'the customer has answered'")
def return_(
    *, handoff: One, by: By = None, remark: Remark = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False
) -> None:
    """Give a case back to the agent, which decides again on the record as it is now."""
    _settle(config, lambda people: people.give_back(handoff, by=person(by), remark=remark), "returned", as_json=as_json)


def _settle(config: Path, verdict: Any, word: str, *, as_json: bool) -> None:
    with reading_state(load_settings(config)) as store:
        people: People = people_of(store)
        _tell(verdict(people), word, as_json=as_json)


def _tell(found: Handoff, word: str, *, as_json: bool) -> None:
    if as_json:
        emit({"id": found.id, "record": str(found.ref), "state": word})
    else:
        say(f"✓ {found.id} {word}: {found.ref}", style="green")


def document_of(found: Handoff, now: datetime) -> dict[str, Any]:
    """A handoff as JSON."""
    return {
        "id": found.id, "state": found.state.value, "record": str(found.ref), "policy": found.policy,
        "reason": found.reason, "summary": found.summary, "tried": list(found.tried), "missing": list(found.missing),
        "owner": found.owner, "ladder": list(found.ladder), "step": found.step, "opened_at": instant(found.opened_at),
        "due_at": instant(found.due_at), "overdue": _is_open(found) and found.due_at <= now,
        "when_unanswered": _after(found), "settled_by": found.settled_by, "remark": found.remark,
        "decision": found.decision,
    }  # fmt: skip


def _is_open(found: Handoff) -> bool:
    return found.state in (HandoffState.OPEN, HandoffState.CLAIMED)


def _due(found: Handoff, now: datetime) -> str:
    return away(found.due_at, now) + ("  overdue" if _is_open(found) and found.due_at <= now else "")


def _after(found: Handoff) -> str:
    """What happens when nobody answers in time."""
    if found.step + 1 < len(found.ladder):
        return f"then it goes to {found.ladder[found.step + 1]}"
    return "then it is closed without a write" if found.fallback is Unanswered.DENY else "it stays with the owner"
