"""Before anything is sent: compare each action with the record as it is now, and say what to do. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from connector.action import UpdateField, validate
from connector.adapter import GuardedWrite
from connector.record import FieldName, FieldValue, Found, Gone, Merged, ObjectSchema, Record, display, same_value
from connector.writeback.conflict import AlreadyOurs, Lose, Review, Send, moved_evidence, plan_field, set_at
from connector.writeback.row import OutboxRow, WritePurpose


@dataclass(frozen=True, slots=True)
class ToSend:
    """Send it. `replaces` keeps a value that the rule lets us replace."""

    row: OutboxRow
    live: Record
    replaces: FieldValue = None
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """The record holds our value already."""

    row: OutboxRow
    live: Record


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else's value stays; ours is kept in the journal."""

    row: OutboxRow
    live: Record
    theirs: FieldValue
    why: str


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The record moved after the verdict: a person is asked on the present values."""

    row: OutboxRow
    live: Record
    why: str


@dataclass(frozen=True, slots=True)
class Outdated:
    """What the decision rested on changed or is gone; a new decision takes over, nothing is written."""

    row: OutboxRow
    why: str
    moved: bool = False  # the evidence changed: the record is looked at again, even if it changes back first
    gone: bool = False  # the record was deleted, which polling may never show


@dataclass(frozen=True, slots=True)
class Unfit:
    """The CRM's live schema does not take this value (any more)."""

    row: OutboxRow
    code: str
    why: str


Plan: TypeAlias = ToSend | Settled | Conflict | AskAgain | Outdated | Unfit


def plan_row(row: OutboxRow, found: Found, schema: ObjectSchema, owners: Collection[str], *, person: bool) -> Plan:
    """What to do with one action. `person` says that somebody approved it on the values it was judged on."""
    match found:
        case Gone():
            return Outdated(row, "the record was deleted", gone=True)
        case Merged():
            return Outdated(row, f"the record was merged into {found.into}")
        case Record() as live:
            problems = validate(row.action, schema, owners=owners)
            if problems:
                return Unfit(row, problems[0].code, "; ".join(problem.text for problem in problems))
            # What is put back or taken back was never a question of its own: where somebody set the field since, that stays.
            return _plan_live(row, live, person=person and row.purpose is WritePurpose.ACT)


def _plan_live(row: OutboxRow, live: Record, *, person: bool) -> Plan:
    action = row.action
    target = action.field if isinstance(action, UpdateField) else None
    if row.purpose is WritePurpose.ACT and (moved := moved_evidence(row.bases, target, live)):
        why = f"{', '.join(moved)} changed after the decision"
        return AskAgain(row, live, why) if person else Outdated(row, why, moved=True)
    if not isinstance(action, UpdateField):
        return ToSend(row, live)
    return _plan_update(row, action, live, person=person)


def _plan_update(row: OutboxRow, action: UpdateField, live: Record, *, person: bool) -> Plan:
    base, now = row.bases[action.field], live.fields.get(action.field)
    plan = plan_field(
        action.value, base, now, row.rule, decided_at=row.cleared_at, moved_at=set_at(live, action.field)
    )
    moved = f"{action.field} went from {display(base.value)} to {display(now)} after the decision"
    match plan:
        case AlreadyOurs():
            return Settled(row, live)
        case (Send() | Lose()) if person and not same_value(base.value, now):
            return AskAgain(row, live, moved)
        case Send(replaces=replaces, moved=was_moved):
            return ToSend(row, live, replaces, was_moved)
        case Lose(theirs=theirs, why=why):
            return Conflict(row, live, theirs, why)
        case Review():
            return AskAgain(row, live, moved)


def standing(plan: ToSend) -> FieldValue:
    """What the field holds that this would write."""
    return plan.live.fields.get(plan.row.action.field) if isinstance(plan.row.action, UpdateField) else None


def fields_to_read(rows: Sequence[OutboxRow]) -> frozenset[FieldName]:
    """Every field these actions write or rest on."""
    return frozenset(name for row in rows for name in row.bases)


def one_per_field(plans: Sequence[ToSend]) -> list[ToSend]:
    """The plans that may go out now: of several for one field of one record only the first; the rest compare again."""
    first: dict[tuple[str, str], ToSend] = {}
    for plan in plans:
        action = plan.row.action
        what = action.field if isinstance(action, UpdateField) else plan.row.intent
        first.setdefault((str(action.ref), what), plan)
    return list(first.values())


def sent_together(plans: Sequence[ToSend]) -> Mapping[str, list[ToSend]]:
    """Updates of one record go out as one write; keyed by the record."""
    together: dict[str, list[ToSend]] = {}
    for plan in plans:
        together.setdefault(str(plan.row.action.ref), []).append(plan)
    return together


def guarded(plans: Sequence[ToSend]) -> GuardedWrite:
    """The updates of one record as one write under one guard."""
    values = {plan.row.action.field: plan.row.action.value for plan in plans if isinstance(plan.row.action, UpdateField)}
    return GuardedWrite(intent=plans[0].row.intent, values=values, live=plans[0].live)
