"""Probable duplicates of one record among those around it. Proposed to people, never merged here.

The thresholds are fixed: a name alone proposes nothing, and neither does a number that a third record shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from connector.decision.agents.hygiene_rules import Finding
from connector.decision.decision import Question
from connector.decision.learners.match_fields import Level, folded, level_of, same_name
from connector.record import FieldName, ObjectType, Record, display

_NUMBERS = (FieldName("phone"), FieldName("mobile"))
_EMAIL, _SUBJECT, _AMOUNT, _ACCOUNT = (FieldName(name) for name in ("email", "subject", "amount", "account"))
_TOGETHER = timedelta(days=7)  # a case told twice is told twice within days
_HOLDERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A record that is probably the same, and what they agree in."""

    record: Record
    agree: str


def duplicates_of(question: Question) -> tuple[Finding, ...]:
    """The probable duplicates among the records of the context, as findings."""
    context = question.context
    others = [context.records[place] for place in context.related.get(context.record.ref.object, ()) if place]
    return tuple(
        Finding(fields=(), problem=f"is probably the same as {_called(twin.record)} ({twin.agree})")
        for twin in twins(context.record, others)
    )


def twins(record: Record, others: Sequence[Record]) -> tuple[Twin, ...]:
    """Those of the others that agree in enough."""
    found = []
    for other in others:
        agree = " and ".join(_agreements(record, other, others))
        if agree:
            found.append(Twin(record=other, agree=agree))
    return tuple(found)


def _agreements(record: Record, other: Record, others: Sequence[Record]) -> Iterator[str]:
    match record.ref.object:
        case ObjectType.CONTACT | ObjectType.LEAD | ObjectType.ACCOUNT:
            yield from _same_party(record, other, others)
        case ObjectType.OPPORTUNITY:
            named, near = _names_agree(record, other), abs(record.created_at - other.created_at) <= _TOGETHER
            amounts = record.value(_AMOUNT) is not None and record.value(_AMOUNT) == other.value(_AMOUNT)
            if named and (amounts or near):
                yield "the name and the amount" if amounts else "the name and the week they were made in"
        case ObjectType.TICKET:
            near = abs(record.created_at - other.created_at) <= _TOGETHER
            subject, theirs = _folded(record, _SUBJECT), _folded(other, _SUBJECT)
            if near and len(subject) >= 8 and level_of(subject, theirs) >= Level.NEAR:
                yield "the subject, within a week"
        case _:
            return


def _same_party(record: Record, other: Record, others: Sequence[Record]) -> Iterator[str]:
    named = _names_agree(record, other)
    address = _folded(record, _EMAIL)
    if address and address == _folded(other, _EMAIL):
        yield "the e-mail address"
    elif named:
        for name in _NUMBERS:
            number = _folded(record, name)
            held = [one for one in (record, *others) if number and _folded(one, name) == number]
            if number and _folded(other, name) == number and len(held) <= _HOLDERS:
                yield f"the name and the {name}"
                return


def _names_agree(one: Record, other: Record) -> bool:
    mine, theirs = folded(_called_name(one)), folded(_called_name(other))
    return bool(mine and theirs) and same_name(mine, theirs)


def _called_name(record: Record) -> str:
    parts = [record.value(FieldName(name)) for name in ("first_name", "last_name", "name")]
    return " ".join(part for part in parts if isinstance(part, str))


def _folded(record: Record, name: FieldName) -> str:
    value = record.value(name)
    return folded(value) if isinstance(value, str) else ""


def _called(record: Record) -> str:
    name = _called_name(record) or display(record.value(_SUBJECT))
    return f"{record.ref.object} {record.ref.id} “{name[:80]}”"
