"""`crm-connector autonomy`: which part of which policy acts alone, why, and a person's word on it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from connector.cli.opening import reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, By, ConfigFile, Remark, person
from connector.cli.output import emit, say, table
from connector.cli.road import open_policies
from connector.clock import SystemClock, system_random
from connector.gate.cells import Cell
from connector.journal import Journal
from connector.pipeline.autonomy import Autonomy
from connector.record import ActionKind, ObjectType
from connector.report.earning import CellReport, earned_so_far
from connector.settings import load_settings
from connector.store import Store

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="See what acts alone and why; take autonomy away or give it back."
)
Name = Annotated[str, typer.Argument(metavar="CELL", help="CONNECTION/POLICY/OBJECT/KIND/FIELD, as `list` shows it.")]


@app.command("list", epilog="Example: crm-connector autonomy list")
def list_(*, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List every cell: whether it acts alone, on what evidence, or how many verdicts it still needs."""
    settings = load_settings(config)
    targets = {str(policy.name): float(policy.gate.target) for policy in open_policies(settings).current}
    with reading_state(settings) as store, store.snapshot() as tx:
        found = earned_so_far(tx, targets=targets, now=SystemClock().now())
    if as_json:
        emit({"cells": [_document(one) for one in found]})
    elif not found:
        say("nothing was proposed or judged yet")
    else:
        rows = [(str(one.cell), one.state.value, f"{one.right} of {one.labels}", _why(one)) for one in found]
        table("", ("cell", "stands", "agreed", "why"), rows, whole=("stands", "agreed"))


@app.command(epilog="Example: crm-connector autonomy demote crm/ticket-triage/ticket/update/category --remark 'new queues'")
def demote(
    *, cell: Name, by: By = None, remark: Remark = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False
) -> None:
    """Put a cell under supervision at once; what it had cleared and not yet written becomes a question."""
    wanted, settings = _parsed(cell), load_settings(config)
    with reading_state(settings) as store:
        paused = _autonomy(store).demote(wanted, by=person(by), remark=remark)
    if as_json:
        emit({"cell": str(wanted), "changed": paused is not None, "paused": paused or 0})
    elif paused is None:
        say(f"nothing changed: {wanted} does not act alone")
        say("next: crm-connector autonomy list", style="green")
    else:
        say(f"✓ {wanted} is supervised; {paused} cleared and unsent actions wait for a person now", style="green")


@app.command(epilog="Example: crm-connector autonomy promote crm/ticket-triage/ticket/update/category")
def promote(*, cell: Name, by: By = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Undo a demotion, where the verdicts still prove the target; without that proof nobody can promote a cell."""
    wanted, settings = _parsed(cell), load_settings(config)
    with reading_state(settings) as store:
        standing = _autonomy(store).promote(wanted, open_policies(settings).current, by=person(by))
    if as_json:
        emit({"cell": str(wanted), "threshold": standing.threshold})
    else:
        say(f"✓ {wanted} acts alone from {standing.threshold:.1%} on", style="green")


def _autonomy(store: Store) -> Autonomy:
    return Autonomy(store=store, journal=Journal(system_random()), clock=SystemClock())


def _parsed(text: str) -> Cell:
    parts = text.split("/")
    known = len(parts) in (4, 5) and all(parts) and parts[2] in set(ObjectType) and parts[3] in set(ActionKind)
    if not known:
        example = "crm/ticket-triage/ticket/update/category"
        raise typer.BadParameter(f"{text!r} is not CONNECTION/POLICY/OBJECT/KIND/FIELD, for example {example}")
    return Cell.parse(text)


def _why(one: CellReport) -> str:
    if one.threshold is not None:
        held = f"; asks for {', '.join(one.held_values)}" if one.held_values else ""
        return f"keeps {one.target:g} from {one.threshold:.1%} on{held}"
    needed = f"{one.needed} more verdicts until the next test" if one.needed else ""
    least = f"{one.fewest} without an error prove {one.target:g} at the earliest"
    return "; ".join(part for part in (one.why or least, needed) if part)


def _document(one: CellReport) -> dict[str, Any]:
    return {
        "cell": str(one.cell), "tier": one.tier, "state": one.state.value, "threshold": one.threshold,
        "target": one.target, "labels": one.labels, "right": one.right, "labels_needed": one.needed,
        "fewest_without_error": one.fewest, "held_values": list(one.held_values), "why": one.why,
    }
