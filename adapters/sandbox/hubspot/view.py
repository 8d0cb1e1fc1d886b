"""How a stored row looks over the wire: its properties, its history, its frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from adapters.sandbox.history import FieldChange
from adapters.sandbox.org import Org
from adapters.sandbox.rows import Row

from .definition import ObjectDefinition as Table
from .stamps import iso

# History depth is capped: about 45 entries on contacts, about 20 elsewhere [mem] (facts §5).
CONTACT_DEPTH, OTHER_DEPTH = 45, 20


def table_of(org: Org, object_name: str) -> Table:
    """The HubSpot side of an object definition."""
    return cast(Table, org.definition(object_name).traits["table"])


def _user(text: str) -> str | None:
    return text if text.isdigit() else None


def stamp_value(table: Table, row: Row, name: str) -> int | None:
    """The org's own stamps, which stand in the row and not among its values."""
    if name == table.modified:
        return row.stamp
    return row.created if name == table.created else None


def property_value(org: Org, table: Table, row: Row, name: str) -> str | None:
    """One property as text, or nothing when it is unset or unknown."""
    stamp = stamp_value(table, row, name)
    if stamp is not None:
        return iso(stamp)
    match name:
        case "hs_object_id":
            return row.id
        case "hs_created_by_user_id":
            return _user(row.created_by)
        case "hs_updated_by_user_id":
            return _user(row.modified_by)
        case "hs_object_source" | "hs_object_source_id":
            first = next(iter(org.history.of(row.key)), None)
            if first is None:
                return None
            kind, number = source_of(first, calculated=False)
            return kind if name == "hs_object_source" else number
    value = row.get(name)
    return None if value is None else str(value)


def source_of(change: FieldChange, *, calculated: bool) -> tuple[str, str | None]:
    """The source type and id a history entry shows (facts §6)."""
    if calculated:
        return "CALCULATED", "CalculatedPropertyComputer"
    match change.actor:
        case "agent":
            return change.source or "INTEGRATION", change.source_id or None
        case "rep":
            return "CRM_UI", f"userId:{change.user}"
        case "automation":
            return "AUTOMATION_PLATFORM", change.source_id or "enrollmentId:1;actionExecutionIndex:0"
        case _:
            return change.source or "IMPORT", change.source_id or None


def _entry(change: FieldChange, *, calculated: bool) -> dict[str, object]:
    kind, number = source_of(change, calculated=calculated)
    value = "" if change.after is None else str(change.after)
    entry: dict[str, object] = {"value": value, "timestamp": iso(change.at), "sourceType": kind}
    if number is not None:
        entry["sourceId"] = number
    if kind == "CRM_UI" and _user(change.user):
        entry["updatedByUserId"] = int(change.user)
    return entry


def history_of(org: Org, table: Table, row: Row, name: str, depth: int | None = None) -> list[dict[str, object]]:
    """One property's past, newest first, cut at the depth HubSpot keeps."""
    usual = CONTACT_DEPTH if table.name == "contacts" else OTHER_DEPTH
    field = org.definition(table.name).fields.get(name)
    changes = org.history.of(row.key, name)
    kept = changes[-min(depth or usual, usual) :]
    return [_entry(change, calculated=field is not None and field.calculated) for change in reversed(kept)]


def frame(row: Row) -> dict[str, object]:
    """What surrounds the properties of an object."""
    framed: dict[str, object] = {
        "createdAt": iso(row.created),
        "updatedAt": iso(row.stamp),
        "archived": row.deleted is not None,
    }
    if row.deleted is not None:
        framed["archivedAt"] = iso(row.deleted)
    return framed


def shown(
    org: Org, table: Table, row: Row, names: Iterable[str], *, history: Sequence[str] = (), depth: int | None = None
) -> dict[str, object]:
    """A whole object: the asked-for and default properties, unset ones as null, unknown ones left out."""
    known = org.definition(table.name).fields
    wanted = sorted({*table.defaults, *(name for name in names if name in known)})
    answer: dict[str, object] = {
        "id": row.id,
        "properties": {name: property_value(org, table, row, name) for name in wanted},
    }
    if history:
        past = {name: history_of(org, table, row, name, depth) for name in history if name in known}
        answer["propertiesWithHistory"] = past
    return answer | frame(row)


def echoed(org: Org, table: Table, row: Row, names: Iterable[str]) -> dict[str, object]:
    """What a write answers: the written and derived properties, never the whole record (recorded)."""
    values = {name: property_value(org, table, row, name) for name in sorted(set(names))}
    kept = {name: value for name, value in values.items() if value is not None}
    return {"id": row.id, "properties": kept} | frame(row)
