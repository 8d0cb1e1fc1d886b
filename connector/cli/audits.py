"""`crm-connector audits`: judge, blind, a random share of what was written without asking."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from connector.calibration import as_percent
from connector.cli.approvals import fitting_value
from connector.cli.log import Quiet
from connector.cli.opening import open_connections, reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, By, ConfigFile, person
from connector.cli.output import away, emit, instant, pairs, say, table
from connector.clock import SystemClock, system_random
from connector.errors import StateError
from connector.gate import audits as drawn
from connector.gate.audits import Audit, AuditState
from connector.gate.cells import Cell
from connector.journal import Journal
from connector.pipeline.autonomy import Autonomy
from connector.settings import load_settings

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Judge, blind, a random share of what was written without asking."
)
One = Annotated[str, typer.Argument(help="An id, or a unique beginning of it.")]


@app.command("list", epilog="Example: crm-connector audits list")
def list_(
    *,
    every: Annotated[bool, typer.Option("--all", help="Judged and lapsed ones too.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """List the audits that wait for a verdict, the next due first."""
    now = SystemClock().now()
    with reading_state(load_settings(config)) as store, store.snapshot() as tx:
        found = drawn.listed(tx, None if every else AuditState.OPEN, limit=100_000)
    if as_json:
        emit({"total": len(found), "audits": [_document(one) for one in found[:limit]]})
    elif not found:
        say("no audit waits; one is drawn from what is written without asking, at least one a day for each field")
    else:
        rows = [
            (one.id, str(one.ref), _field(one), one.owner, away(one.due_at, now), _stands(one)) for one in found[:limit]
        ]
        table("", ("id", "record", "field", "owner", "due", "stands"), rows, whole=("id", "record"))
        if len(found) > limit:
            say(f"… and {len(found) - limit} more; show them with --limit")
        say(f"next: crm-connector audits judge {found[0].id} VALUE", style="green")


@app.command(epilog="Example: crm-connector audits judge 3f9a Billing")
def judge(
    *,
    audit: One,
    value: Annotated[str, typer.Argument(help="What the field should hold; an option by its key, '' for empty.")],
    by: By = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say what the field should hold, before you are told what was written. The CRM is not changed by it."""
    settings = load_settings(config)
    with reading_state(settings) as store:
        with store.snapshot() as tx:
            found = drawn.find(tx, audit)
        field = Cell.parse(found.cell).field
        adapter = open_connections(settings, Quiet()).adapters.get(found.ref.connection)
        if adapter is None or field is None:
            raise StateError(f"audit {found.id} is about connection {found.ref.connection}, which is not in the settings")
        typed = fitting_value(value, adapter.records.schema(found.ref.object), field)
        autonomy = Autonomy(store=store, journal=Journal(system_random()), clock=SystemClock())
        judged = autonomy.judge_audit(found.id, typed, by=person(by))
    if as_json:
        emit(_document(judged))
        return
    agreed = judged.given == judged.proposed
    say(f"✓ judged: {judged.given}", style="green")
    wrote = f"{judged.proposed} ({as_percent(judged.confidence)} sure)"
    pairs([("the agent wrote", wrote), ("agreed", "yes" if agreed else "no")])
    if not agreed:
        say(f"next: crm-connector explain {judged.ref}   (and correct it in the CRM)", style="green")


def _field(one: Audit) -> str:
    return str(Cell.parse(one.cell).field or "")


def _stands(one: Audit) -> str:
    if one.state is not AuditState.JUDGED:
        return one.state.value
    return f"agreed ({one.judged_by})" if one.given == one.proposed else f"wrong ({one.judged_by})"


def _document(one: Audit) -> dict[str, Any]:
    """An audit as JSON; what was proposed is told only once it is judged."""
    judged = one.state is AuditState.JUDGED
    return {
        "id": one.id, "state": one.state.value, "record": str(one.ref), "policy": one.policy, "field": _field(one),
        "owner": one.owner, "asked_at": instant(one.asked_at), "due_at": instant(one.due_at), "given": one.given,
        "proposed": one.proposed if judged else None, "agreed": one.given == one.proposed if judged else None,
        "confidence": round(one.confidence, 6) if judged else None, "judged_by": one.judged_by,
    }
