"""The HubSpot flavour of an org schema: tables become engine fields, and fields become HubSpot's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from adapters.sandbox.rows import Value
from adapters.sandbox.schema import FieldDefinition, Hanging, ObjectDefinition, Option, OrgSchema

from . import derived
from .activities import CALLS, EMAILS, MEETINGS, NOTES, TASKS
from .commerce import LINE_ITEMS, ORDERS, PRODUCTS
from .definition import ObjectDefinition as ObjectTable
from .definition import Option as OptionTable
from .definition import PropertyDefinition
from .owners import OWNERS, owners_object
from .pipelined import DEALS, LEADS, TICKETS
from .stamps import iso, iso_date, parse_stamp
from .standard import COMPANIES, CONTACTS
from .values import as_text

TABLES: Mapping[str, ObjectTable] = {
    table.name: table
    for table in (
        CONTACTS,
        COMPANIES,
        DEALS,
        TICKETS,
        LEADS,
        TASKS,
        NOTES,
        EMAILS,
        CALLS,
        MEETINGS,
        PRODUCTS,
        LINE_ITEMS,
        ORDERS,
    )
}
SPELLINGS: Mapping[str, str] = {word: table.name for table in TABLES.values() for word in table.names()}

# Ids are numbers that grow; where they start differs by object so that a mixed-up id is noticed.
_FIRST_ID = {name: 100_001 + 7_000_000 * position for position, name in enumerate(TABLES)}
_HANGING = {
    "tasks": Hanging(kind="task", text="hs_task_subject", marked_texts=("hs_task_body",)),
    "notes": Hanging(kind="note", text="hs_note_body", marked_texts=("hs_note_body",)),
}


def as_field(definition: PropertyDefinition, *, deduped: bool = False) -> FieldDefinition:
    """A property as the engine keeps it; `deduped` makes the org refuse a second record with the same value."""
    writable = not (definition.calculated or definition.read_only)
    return FieldDefinition(
        name=definition.name,
        kind=definition.type,
        label=definition.label,
        unique=definition.unique or deduped,
        createable=writable,
        updateable=writable,
        calculated=definition.calculated,
        options=tuple(
            Option(value=each.value, label=each.label, active=not each.hidden) for each in definition.options
        ),
        traits={
            "field_type": definition.field_type,
            "group": definition.group,
            "external_options": definition.external_options,
            "custom": definition.custom,
            "hidden": definition.hidden,
            "unique": definition.unique,
        },
    )


def as_property(field: FieldDefinition) -> PropertyDefinition:
    """A field as HubSpot describes it; a field added later has no traits and is a custom one."""
    usual = {"enumeration": "select", "number": "number", "bool": "booleancheckbox", "date": "date", "datetime": "date"}
    traits = field.traits
    return PropertyDefinition(
        name=field.name,
        label=field.label or field.name,
        type=field.kind,
        field_type=traits.get("field_type") or usual.get(field.kind, "text"),
        group=traits.get("group", "custom"),
        options=tuple(
            OptionTable(each.value, each.label or each.value, hidden=not each.active) for each in field.options
        ),
        calculated=field.calculated,
        read_only=not field.updateable,
        external_options=traits.get("external_options", False),
        unique=traits.get("unique", field.unique or field.external_id),
        hidden=traits.get("hidden", field.hidden),
        custom=traits.get("custom", True),
    )


def accept(field: FieldDefinition, value: object) -> Value:
    """A value as stored: text, times as ISO; what is not one raises ValueError."""
    text = as_text(value)
    if text is None:
        raise ValueError(f"{value!r} is not a HubSpot property value")
    if text and field.kind in ("date", "datetime"):
        stamp = parse_stamp(text)
        if stamp is None:
            raise ValueError(f"{text} was not a valid long.")
        return iso_date(stamp) if field.kind == "date" else iso(stamp)
    return text


def new_id(definition: ObjectDefinition, number: int) -> str:
    """Numeric text; the same number may exist for several objects."""
    return str(_FIRST_ID.get(definition.name, 100_001) + number)


def as_object(table: ObjectTable) -> ObjectDefinition:
    """One table as an engine object."""
    return ObjectDefinition(
        name=table.name,
        label=table.singular.capitalize(),
        plural=table.name.capitalize(),
        prefix=table.type_id,
        fields={each.name: as_field(each, deduped=each.name in table.dedupe) for each in table.properties},
        hanging=_HANGING.get(table.name),
        derive=derived.derivation(table),
        traits={"table": table},
    )


@lru_cache(maxsize=1)
def standard_schema() -> OrgSchema:
    """Every standard object; shared, because schemas are never changed in place."""
    return OrgSchema(
        flavour="hubspot",
        objects={OWNERS: owners_object(), **{name: as_object(table) for name, table in TABLES.items()}},
        accept=accept,
        new_id=new_id,
        touch_on_equal=False,  # a same-value write makes no history entry [mem] (facts §5)
    )
