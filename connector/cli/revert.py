"""`crm-connector revert`: take writes back; later edits by people stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from connector.action import describe
from connector.cli.log import Quiet
from connector.cli.opening import open_connections, reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, By, ConfigFile, Remark, Yes, agreed, person
from connector.cli.output import emit, instant, say, table
from connector.cli.refs import parse_ref
from connector.cli.running import running_process
from connector.clock import SystemClock, system_random
from connector.journal import Journal
from connector.record import display, encode_value
from connector.revert import Reversal, RevertPlan, Selection, Stays, WillRemove, WillRestore, plan_revert
from connector.revert import revert as take_back
from connector.settings import load_settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Take writes back; later edits by people stay.")
Action = Annotated[str | None, typer.Option(help="One written action, by the beginning of its intent.")]
DecisionId = Annotated[str | None, typer.Option("--decision", help="Everything one decision wrote.")]
Record = Annotated[str | None, typer.Option(help="Everything written to one record.")]
PolicyId = Annotated[str | None, typer.Option("--policy", help="Everything one policy wrote.")]
Run = Annotated[str | None, typer.Option(help="Everything one backfill wrote.")]
Since = Annotated[str | None, typer.Option(help="Written since this time, such as 2026-11-21T08:00.")]
Until = Annotated[str | None, typer.Option(help="Written until this time.")]


@app.command(epilog="Example: crm-connector revert plan --policy ticket-triage --since 2026-11-21T08:00")
def plan(
    *, action: Action = None, decision: DecisionId = None, record: Record = None, policy: PolicyId = None, run: Run = None,
    since: Since = None, until: Until = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show what an undo would do now: what goes back, what stays and why, and who has read the values since."""
    selection = _selection(action, decision, record, policy, run, since, until)
    settings = load_settings(config)
    with reading_state(settings) as store:
        found = plan_revert(store, open_connections(settings, Quiet()).adapters, selection)
    if as_json:
        emit(_document(found))
    else:
        _show(found)
        undo = any(not isinstance(one, Stays) for one in found.reversals)
        say(f"nothing was changed{'; the same options after `revert apply` do it' if undo else ''}", style="green")


@app.command(epilog="Example: crm-connector revert apply --record crm:ticket/123")
def apply(
    *, action: Action = None, decision: DecisionId = None, record: Record = None, policy: PolicyId = None, run: Run = None,
    since: Since = None, until: Until = None, by: By = None, remark: Remark = None, yes: Yes = False,
    config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Queue the undoing; the running service writes it under the same guards as everything else."""
    selection = _selection(action, decision, record, policy, run, since, until)
    settings = load_settings(config)
    with reading_state(settings) as store:
        adapters = open_connections(settings, Quiet()).adapters
        found = plan_revert(store, adapters, selection)
        undone = [one for one in found.reversals if not isinstance(one, Stays)]
        if not as_json:
            _show(found)
        if undone:
            agreed(f"Take back {len(undone)} writes?", yes=yes or as_json)
            found = take_back(
                store, Journal(system_random()), SystemClock(), adapters, selection, by=person(by), remark=remark
            )
    if as_json:
        emit(_document(found) | {"queued": len(undone)})
    else:
        running = running_process(settings.state)
        say(f"✓ {len(undone)} queued" + ("" if running else "; next: crm-connector run --once"), style="green")


def _selection(*given: str | None) -> Selection:
    action, decision, record, policy, run, since, until = given
    selection = Selection(
        intent=action, decision=decision, policy=policy, run=run, record=parse_ref(record) if record else None,
        since=_time(since, "--since"), until=_time(until, "--until"),
    )
    if selection.is_empty:
        ways = "--action, --decision, --record, --policy, --run, --since or --until"
        raise typer.BadParameter(f"say what to take back: {ways}")
    return selection


def _time(text: str | None, name: str) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a time such as 2026-11-21T08:00", param_hint=name) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _row(one: Reversal) -> dict[str, Any]:
    action = one.row.action
    common = {
        "intent": one.row.intent, "record": str(one.row.ref), "policy": one.row.policy, "action": describe(action),
        "field": getattr(action, "field", None), "written_at": instant(one.row.sent_at),
    }
    match one:
        case WillRestore(before=before):
            return common | {"does": "restore", "value": encode_value(before), "why": f"back to {display(before)}"}
        case WillRemove(created=created):
            return common | {"does": "remove", "value": None, "why": f"{created} is deleted again"}
        case Stays(why=why, now=now):
            return common | {"does": "nothing", "value": encode_value(now), "why": why}


def _document(found: RevertPlan) -> dict[str, Any]:
    return {
        "reversals": [_row(one) for one in found.reversals],
        "readers": [
            {"decision": one.id, "record": str(one.ref), "policy": one.policy, "at": instant(one.decided_at)}
            for one in found.readers
        ],
    }  # fmt: skip


_DOES = {"restore": "goes back", "remove": "is removed", "nothing": "stays"}


def _show(found: RevertPlan) -> None:
    rows: Sequence[dict[str, Any]] = [_row(one) for one in found.reversals]
    if not rows:
        say("nothing of ours that was written fits this choice")
        return
    table("", ("record", "what we did", "now", "why"), [
        (row["record"], row["action"], _DOES[row["does"]], row["why"]) for row in rows
    ], whole=("now",))  # fmt: skip
    for reader in found.readers:
        about = f"decision {reader.id[:12]} on {reader.ref}"
        say(f"! {about} was made with a value that goes back; look at it again", style="yellow")
