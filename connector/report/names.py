"""What a record is called: the words of its fields that a colleague would say, from what was read of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.change.seen import look_up
from connector.gate import Bases, told
from connector.record import FieldName, FieldValue, RecordRef
from connector.store import Transaction

_NAMING = ("name", "subject", "title", "full_name", "deal_name", "company", "email")
_LONGEST = 90


def name_of(ref: RecordRef, fields: Mapping[FieldName, FieldValue]) -> str:
    """The record's own name where it has one, else its kind and id."""
    persons = " ".join(str(fields[FieldName(name)]) for name in ("first_name", "last_name") if fields.get(FieldName(name)))
    found = persons or next((str(fields[FieldName(name)]) for name in _NAMING if fields.get(FieldName(name))), "")
    words = " ".join(found.split())
    return (words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…") or f"{ref.object.value} {ref.id}"


def names_of(tx: Transaction, asked: Sequence[tuple[RecordRef, Bases]]) -> dict[RecordRef, str]:
    """The names of records questions are about. What a policy keeps private names nothing."""
    seen = look_up(tx, list({ref for ref, _ in asked}))
    names: dict[RecordRef, str] = {}
    for ref, bases in asked:
        known = seen[ref].snapshot if ref in seen else None
        public = {name: value for name, value in (known or {}).items() if not (name in bases and bases[name].private)}
        names[ref] = name_of(ref, public | {name: base.value for name, base in told(bases).items()})
    return names
