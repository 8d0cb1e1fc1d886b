"""What every standard object has: system fields, owner, person names, addresses, record types."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adapters.sandbox.rows import Value
from adapters.sandbox.salesforce.field_types import computed, picklist, reference, text, typed
from adapters.sandbox.schema import FieldDefinition, Hanging, ObjectDefinition, RecordType, ValidationRule, Values

ADDRESS_PARTS = (("Street", 255), ("City", 40), ("State", 80), ("PostalCode", 20), ("Country", 80))


def _system(field: FieldDefinition) -> FieldDefinition:
    traits = {**field.traits, "system": True}
    return FieldDefinition(
        name=field.name,
        label=field.label,
        kind=field.kind,
        length=field.length,
        references=(),
        createable=False,
        updateable=False,
        traits={**traits, "targets": field.references},
    )


SYSTEM_FIELDS = (
    _system(FieldDefinition(name="Id", label="Record ID", kind="id", length=18)),
    _system(typed("IsDeleted", "boolean", "Deleted")),
    _system(typed("CreatedDate", "datetime", "Created Date")),
    _system(reference("CreatedById", "User", label="Created By ID")),
    _system(typed("LastModifiedDate", "datetime", "Last Modified Date")),
    _system(reference("LastModifiedById", "User", label="Last Modified By ID")),
    _system(typed("SystemModstamp", "datetime", "System Modstamp")),
)


def owner(*targets: str) -> FieldDefinition:
    return reference("OwnerId", *targets, label="Owner ID", default_to_writer=True)


def person_name(salutations: Sequence[str]) -> tuple[FieldDefinition, ...]:
    """Last, first, salutation and the full name that follows from them."""
    return (
        text("LastName", "Last Name", length=80, required=True),
        text("FirstName", "First Name", length=40),
        picklist("Salutation", salutations),
        computed(text("Name", "Full Name", length=121)),
    )


def full_name(values: Values) -> str:
    return " ".join(str(values[part]) for part in ("FirstName", "LastName") if values.get(part))


def address(kind: str, *, compound: str = "") -> tuple[FieldDefinition, ...]:
    """The parts of an address and the compound field that shows them together."""
    parts = tuple(text(kind + part, f"{kind} {part}".strip(), length=length) for part, length in ADDRESS_PARTS)
    name = compound or f"{kind}Address"
    whole = FieldDefinition(
        name=name, label=name, kind="address", createable=False, updateable=False, traits={"parts": kind}
    )
    return (*parts, whole)


def _nothing(values: Values, before: Values | None, stamp: int) -> dict[str, Value]:
    return {}


def standard_object(
    name: str,
    prefix: str,
    label: str,
    plural: str,
    fields: Sequence[FieldDefinition],
    *,
    rules: tuple[ValidationRule, ...] = (),
    record_types: tuple[RecordType, ...] = (),
    hanging: Hanging | None = None,
    merges: bool = False,
    activity: bool = False,
    derive: Callable[[Values, Values | None, int], Values] = _nothing,
) -> ObjectDefinition:
    """An object with the system fields; `activity` ones know when somebody last did something about them."""
    extra: list[FieldDefinition] = []
    if merges:
        extra.append(_system(reference("MasterRecordId", name, label="Master Record ID", relationship="MasterRecord")))
    if record_types:
        chosen = next(kind.id for kind in record_types if kind.default)
        extra.append(reference("RecordTypeId", "RecordType", label="Record Type ID", default=chosen))
    if activity:
        extra.append(computed(typed("LastActivityDate", "date", "Last Activity")))
    listed = (SYSTEM_FIELDS[0], *extra, *fields, *SYSTEM_FIELDS[1:])
    return ObjectDefinition(
        name=name,
        prefix=prefix,
        label=label,
        plural=plural,
        fields={field.name: field for field in listed},
        rules=rules,
        record_types=record_types,
        record_type_field="RecordTypeId" if record_types else "",
        hanging=hanging,
        derive=derive,
    )
