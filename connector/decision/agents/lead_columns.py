"""What was known of a lead when it came in, as short cells: what somebody is, never who, nothing written later."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta

from connector.decision.outcome import Around, AtIntake
from connector.policy import Policy
from connector.record import VOCABULARY, FieldKind, FieldName, FieldValue, ObjectType, Record, display

INTAKE = timedelta(days=1)  # a form, a list import or a rep is done with a new lead by then
CELL_REACH = 120
# Addresses anybody can have: what they say of a lead is that no company stands behind the address.
FREE_MAIL = frozenset({
    "gmail", "googlemail", "yahoo", "ymail", "hotmail", "outlook", "live", "msn", "icloud", "me", "mac", "aol", "gmx", "web",
    "proton", "protonmail", "mail", "yandex", "qq", "163", "126",
})  # fmt: skip
# Names, numbers and addresses say that they are there; what they are belongs to the person.
_PRESENCE = frozenset(map(FieldName, ("first_name", "last_name", "company", "phone", "mobile", "domain", "website", "name")))
# Set by staff, by the CRM, or by an agent, once a lead is worked on.
_LATER = frozenset(
    map(FieldName, ("status", "converted", "score", "tier", "owner", "last_activity", "consent", "account"))
)
_OF_CONTACT, _OF_ACCOUNT = ("title", "email", "phone", "country"), ("industry", "employees", "country")


def lead_cells(
    policy: Policy, record: Record, around: Around, hidden: Collection[FieldName], more: Collection[FieldName]
) -> AtIntake:
    """The cells of a lead and of the contact and account it hangs on, under `contact.title` and the like."""
    refused = _LATER | {*hidden} | policy.may.update.keys()
    own = [name for name in VOCABULARY[record.ref.object] if name not in refused or name in more]
    names = tuple(dict.fromkeys((*own, *(name for name in more if name not in hidden | policy.may.update.keys()))))
    cells = dict(_cells(record, names, prefix=""))
    late = [name for name in cells if _is_late(record, FieldName(name))]
    for relation, wanted in (("contact", _OF_CONTACT), ("account", _OF_ACCOUNT)):
        for other in around.get(relation, ())[:1]:
            kept = [FieldName(name) for name in wanted if name not in hidden]
            found = dict(_cells(other, kept, prefix=f"{relation}."))
            late += [name for name in found if _is_late(other, FieldName(name.partition(".")[2]))]
            cells |= found
    return AtIntake(cells=cells, late=tuple(late))


def _is_late(record: Record, name: FieldName) -> bool:
    """Whether the CRM tells that the value was set well after the record was created."""
    stamp = record.stamps.get(name)
    return stamp is not None and stamp.at > record.created_at + INTAKE


def _cells(record: Record, names: Collection[FieldName], *, prefix: str) -> Iterator[tuple[str, str]]:
    known = VOCABULARY[record.ref.object]
    for name in names:
        if name in record.fields:
            kind = known[name].kind if name in known else None
            yield f"{prefix}{name}", _cell(name, kind, record.fields[name])


def _cell(name: FieldName, kind: FieldKind | None, value: FieldValue) -> str:
    if value in (None, "", ()):
        return ""
    if name in _PRESENCE or kind in (FieldKind.REFERENCE, FieldKind.USER):
        return "given"
    if kind is FieldKind.EMAIL:
        return _sort_of_address(str(value))
    if kind is FieldKind.LONG_TEXT:
        return str(len(str(value)[:20_000].split()))
    return display(value)[:CELL_REACH].strip().casefold()


def _sort_of_address(address: str) -> str:
    host = address.rpartition("@")[2].casefold()
    return "free mail" if host.split(".")[0] in FREE_MAIL else "own domain"


def as_around(records: tuple[Record, ...], related: Mapping[ObjectType, tuple[int, ...]]) -> Around:
    """The contact and the account in a prepared context."""
    kinds = (ObjectType.CONTACT, ObjectType.ACCOUNT)
    return {kind.value: tuple(records[place] for place in related.get(kind, ())) for kind in kinds}
