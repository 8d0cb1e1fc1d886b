"""`crm-connector approvals`: see what waits for a person, and answer it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.action import UpdateField
from connector.calibration import as_percent
from connector.cli import cards
from connector.cli.blind import look_first, seen_by
from connector.cli.log import Quiet
from connector.cli.opening import open_connections, reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, By, ConfigFile, Remark, person
from connector.cli.output import away, emit, note, say, table
from connector.cli.road import gate_targets
from connector.clock import SystemClock, system_random
from connector.errors import ConnectorError
from connector.gate import approvals as asked_for
from connector.gate.approval import Approval, ApprovalError, ApprovalState
from connector.journal import Journal
from connector.pipeline import People
from connector.record import FieldName, FieldValue, ObjectSchema, Record, typed_value
from connector.report.card import Card, what
from connector.report.earning import earned_by
from connector.settings import Settings, load_settings
from connector.store import Store

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="See and answer what waits for a person's approval."
)
Ids = Annotated[list[str], typer.Argument(help="Ids, or unique beginnings of them.")]
One = Annotated[str, typer.Argument(help="An id, or a unique beginning of it.")]
_IN_LISTS = (
    "id", "state", "record", "policy", "action", "field", "blind", "ours", "base", "confidence", "owner",
    "asked_at", "expires_at",
)


@app.command("list", epilog="Example: crm-connector approvals list --policy ticket-triage")
def list_(
    *,
    policy: Annotated[str | None, typer.Option(help="Only this policy.")] = None,
    state: Annotated[str, typer.Option(help="pending (the default), approved, rejected, … or all.")] = "pending",
    grouped: Annotated[bool, typer.Option("--grouped", help="One line per policy and action instead of each.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """List approvals, the longest waiting first."""
    wanted = _state(state)
    now = SystemClock().now()
    with reading_state(load_settings(config)) as store, store.snapshot() as tx:
        found = [one for one in asked_for.listed(tx, wanted, limit=100_000) if policy in (None, one.policy)]
    if as_json:
        emit({
            "total": len(found), "groups": _groups(found, now),
            "approvals": [_line_document(one, now) for one in found[:limit]],
        })  # fmt: skip
    elif not found:
        say("nothing waits for approval" if wanted is ApprovalState.PENDING else "there are none")
    elif grouped:
        table("", ("policy", "what", "how many"), [(g["policy"], g["what"], str(g["count"])) for g in _groups(found, now)])
    else:
        last = "lapses" if wanted is ApprovalState.PENDING else "stands"
        rows = [
            (
                one.id, str(one.ref), what(_unread(one, now)), _sure(one, now), one.owner,
                away(one.expires_at, now) if one.state is ApprovalState.PENDING else one.state.value,
            )
            for one in found[:limit]
        ]
        table("", ("id", "record", "what", "sure", "owner", last), rows, whole=("id", "record", "sure"))
        if len(found) > limit:
            say(f"… and {len(found) - limit} more; show them with --limit, or by kind with --grouped")
        say(f"next: crm-connector approvals show {found[0].id}", style="green")


@app.command(epilog="Example: crm-connector approvals show 3f9a")
def show(
    *,
    approval: One,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show what is proposed also where you are asked blind.")] = False,
    by: By = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show one approval: the value then, now and ours, the evidence, the confidence and how it was earned.

    With --reveal your verdict on one that is asked blind is no blind one any more, and it is noted that you looked.
    """
    settings, now = load_settings(config), SystemClock().now()
    targets, _ = gate_targets(settings)
    with reading_state(settings) as store:
        if reveal:
            look_first(people_of(store), approval, person(by))
        with store.snapshot() as tx:
            found = asked_for.find(tx, approval)
            earned = earned_by(tx, [(found.cell, found.pins)], targets=targets, now=now)
        live, trouble = _live(settings, found)
    cell = earned[found.cell, found.pins]
    card = Card(approval=found, cell=cell, live=live, trouble=trouble, now=now, revealed=reveal)
    if as_json:
        emit(cards.document_of(card))
    else:
        cards.show(card)


@app.command(epilog="Example: crm-connector approvals approve 3f9a 81c2 --remark 'checked with the customer'")
def approve(
    *, approvals: Ids, by: By = None, remark: Remark = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False
) -> None:
    """Let these actions be written. The running service writes them, unless the record moved meanwhile.

    One that is asked blind is answered with `approvals judge`, or looked at first with `approvals show --reveal`.
    """
    who = person(by)
    _settle(
        config, approvals, lambda people, one: people.approve(seen_by(people, one, who), by=who, remark=remark),
        as_json=as_json,
    )


@app.command(epilog="Example: crm-connector approvals reject 3f9a --remark 'not a refund'")
def reject(
    *, approvals: Ids, by: By = None, remark: Remark = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False
) -> None:
    """Let these actions not be written; the verdict counts against the agent. Of one asked blind, see `approve`."""
    who = person(by)
    _settle(
        config, approvals, lambda people, one: people.reject(seen_by(people, one, who), by=who, remark=remark),
        as_json=as_json,
    )


@app.command(epilog="Example: crm-connector approvals edit 3f9a Billing")
def edit(
    *,
    approval: One,
    value: Annotated[str, typer.Argument(help="The value to write instead; an option by its key, '' for empty.")],
    by: By = None,
    remark: Remark = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Let another value be written instead. The value is checked against the CRM's live schema first."""
    typed, who = _typed(config, approval, value), person(by)
    _settle(
        config, [approval], lambda people, one: people.edit(seen_by(people, one, who), typed, by=who, remark=remark),
        as_json=as_json,
    )


@app.command(epilog="Example: crm-connector approvals reword 3f9a --subject 'Call Mrs Keller back'")
def reword(
    *,
    approval: One,
    subject: Annotated[str | None, typer.Option(help="Of a task or a message.")] = None,
    description: Annotated[str | None, typer.Option(help="The text of a task.")] = None,
    body: Annotated[str | None, typer.Option(help="The text of a note or a message; - reads it from the input.")] = None,
    by: By = None,
    remark: Remark = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Let a task, note or message be written in your words; what you do not name stays as it was proposed."""
    given = {"subject": subject, "description": description, "body": sys.stdin.read() if body == "-" else body}
    words = {name: text for name, text in given.items() if text is not None}
    if not words:
        raise typer.BadParameter("say what to change: --subject, --description or --body")
    _settle(
        config, [approval], lambda people, one: people.reword(one, words, by=person(by), remark=remark), as_json=as_json
    )


@app.command(epilog="Example: crm-connector approvals judge 3f9a Billing")
def judge(
    *,
    approval: One,
    value: Annotated[str, typer.Argument(help="What you would write; an option by its key, '' for empty.")],
    by: By = None,
    remark: Remark = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say what you would write, without having seen the proposal; that is written, and tells how good the agent is."""
    typed = _typed(config, approval, value)
    _settle(
        config, [approval], lambda people, one: people.judge(one, typed, by=person(by), remark=remark), as_json=as_json
    )


def _typed(config: Path, approval: str, value: str) -> FieldValue:
    """A typed value for the field an approval is about, checked against the live schema."""
    settings = load_settings(config)
    with reading_state(settings) as store, store.snapshot() as tx:
        found = asked_for.find(tx, approval)
    if not isinstance(found.action, UpdateField):
        hint = f"crm-connector approvals reword {found.id} --subject TEXT"
        raise ApprovalError(f"approval {found.id} is not a field update; its words can be changed", hint=hint)
    adapter = open_connections(settings, Quiet()).adapters[found.ref.connection]
    return fitting_value(value, adapter.records.schema(found.ref.object), found.action.field)


def fitting_value(text: str, schema: ObjectSchema, name: FieldName) -> FieldValue:
    """What does not fit is misuse."""
    try:
        return typed_value(text, schema, name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def people_of(store: Store) -> People:
    """Where verdicts of people are taken."""
    return People(store=store, journal=Journal(system_random()), clock=SystemClock())


def _settle(
    config: Any, ids: Sequence[str], verdict: Callable[[People, str], Approval], *, as_json: bool
) -> None:
    """Each verdict on its own: one that cannot be given does not stop the others, and makes the exit code 1."""
    settled: list[str] = []
    refused: list[ApprovalError] = []
    with reading_state(load_settings(config)) as store:
        people = people_of(store)
        for one in ids:
            try:
                settled.append(verdict(people, one).id)
            except ApprovalError as error:
                refused.append(error)
    if as_json:
        emit({"settled": settled, "refused": [error.message for error in refused]})
    elif settled:
        say(f"✓ {len(settled)} settled: {', '.join(settled)}", style="green")
    for why in refused:
        note(f"✗ {why.message}")
    for hint in dict.fromkeys(error.hint for error in refused):
        note(f"  next: {hint}")
    if refused:
        raise typer.Exit(1)


def _live(settings: Settings, found: Approval) -> tuple[Record | None, str | None]:
    """The record as it is now, or why it could not be read."""
    try:
        adapter = open_connections(settings, Quiet()).adapters[found.ref.connection]
        record = adapter.records.read([found.ref], list(found.bases))[found.ref]
    except (ConnectorError, KeyError) as error:
        return None, error.message if isinstance(error, ConnectorError) else f"no connection {found.ref.connection}"
    return (record, None) if isinstance(record, Record) else (None, "the record is gone")


def _groups(found: Sequence[Approval], now: datetime) -> list[dict[str, Any]]:
    """Alike questions, counted. One asked blind is counted under no value: a group would tell it."""
    counted = Counter((one.policy, what(_unread(one, now))) for one in found)
    return [{"policy": policy, "what": what, "count": count} for (policy, what), count in counted.most_common()]


def _unread(one: Approval, now: datetime) -> Card:
    """An approval for a list: nothing is read from the CRM for it."""
    return Card(approval=one, cell=None, live=None, trouble="not asked", now=now)


def _sure(one: Approval, now: datetime) -> str:
    return "?" if _unread(one, now).hides else as_percent(one.confidence)


def _line_document(one: Approval, now: datetime) -> dict[str, Any]:
    document = cards.document_of(_unread(one, now))
    return {name: document[name] for name in _IN_LISTS} | {"overdue": one.expires_at <= now}


def _state(name: str) -> ApprovalState | None:
    if name == "all":
        return None
    if name not in set(ApprovalState):
        raise typer.BadParameter(f"{name!r} is not one of {', '.join([*ApprovalState, 'all'])}", param_hint="--state")
    return ApprovalState(name)
