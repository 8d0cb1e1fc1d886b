"""What a condition looks at, and how field values appear in it: numbers as doubles, days as the instant they begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from connector.policy.expression import CHANGED, NOW, RECORD, ReferencedNames
from connector.record import FieldName, FieldValue

RelatedRecord = Mapping[FieldName, FieldValue]
Related = Mapping[str, "RelatedRecord | Sequence[RelatedRecord] | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a condition may look at.

    `related` holds a record as a mapping, several as a sequence, none as None; a relation hides a field of the same
    name, which stays reachable as `record.<field>`. `changed_from` and `changed_to` hold the fields that changed.
    """

    fields: Mapping[FieldName, FieldValue]
    now: datetime
    related: Related = field(default_factory=dict)
    changed_from: Mapping[FieldName, FieldValue] = field(default_factory=dict)
    changed_to: Mapping[FieldName, FieldValue] = field(default_factory=dict)


def functions() -> dict[str, Callable[..., Any]]:
    """Our additions to CEL's own functions."""
    return {"date": _date, "days": _days, "lower": _lower}


def _date(text: object) -> datetime | None:
    """A day as the instant it begins in UTC, the same way date fields are compared. None is no date."""
    try:
        return datetime.combine(date.fromisoformat(str(text)), time(), UTC)
    except ValueError:
        return None  # the library prints what a Python function raises to stderr


def _days(count: object) -> timedelta | None:
    return timedelta(days=count) if isinstance(count, int | float) and abs(count) < 100_000 else None


def _lower(text: object) -> str | None:
    return text.lower() if isinstance(text, str) else None


def variables(names: ReferencedNames, facts: Facts) -> dict[str, Any]:
    """The values of exactly the names a condition mentions."""
    found: dict[str, Any] = {NOW: facts.now}
    if RECORD in names.roots:
        found[RECORD] = _mapping(facts.fields)
    if CHANGED in names.roots:
        found[CHANGED] = {"from": _mapping(facts.changed_from), "to": _mapping(facts.changed_to)}
    for name in (*names.fields, *names.related):
        if name in facts.related:
            found[name] = _related(facts.related[name])
        elif name in facts.fields:
            found[name] = _value(facts.fields[FieldName(name)])
    return found


def _related(related: RelatedRecord | Sequence[RelatedRecord] | None) -> Any:
    match related:
        case None:
            return None
        case Mapping():
            return _mapping(related)
        case _:
            return [_mapping(record) for record in related]


def _mapping(fields: RelatedRecord) -> dict[str, Any]:
    return {str(name): _value(value) for name, value in fields.items()}


def _value(value: FieldValue) -> Any:
    """A field value as CEL knows it: numbers are doubles, a date is the instant it begins in UTC."""
    match value:
        case Decimal():
            return float(value)
        case datetime():
            return value.astimezone(UTC)
        case date():
            return datetime.combine(value, time(), UTC)
        case tuple():
            return list(value)
        case _:
            return value
