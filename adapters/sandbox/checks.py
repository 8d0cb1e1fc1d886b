"""The rules a write must pass before the org stores it. Pure but for the look-ups it is handed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adapters.sandbox.refusals import Cause, Problem, WriteRefusedError
from adapters.sandbox.rows import Value
from adapters.sandbox.schema import FieldDefinition, ObjectDefinition, OrgSchema, Values


def accept_values(
    schema: OrgSchema, definition: ObjectDefinition, values: Mapping[str, object], *, creating: bool, setup: bool
) -> dict[str, Value]:
    """The values as the org stores them; raises WriteRefusedError with every problem of type, length and option."""
    accepted: dict[str, Value] = {}
    problems: list[Problem] = []
    for name, value in values.items():
        field = definition.fields.get(name)
        problem = _field_problem(field, name, creating=creating) if not setup else _unknown(field, name)
        if problem is not None or field is None:
            problems.extend([problem] if problem else [])
            continue
        try:
            accepted[name] = schema.accept(field, value)
        except ValueError as error:
            problems.append(Problem(cause=Cause.WRONG_TYPE, field=name, message=str(error), value=value))
            continue
        problems.extend([] if setup else _value_problems(field, accepted[name]))
    if problems:
        raise WriteRefusedError(tuple(problems))
    return accepted


def _unknown(field: FieldDefinition | None, name: str) -> Problem | None:
    if field is None:
        return Problem(cause=Cause.UNKNOWN_FIELD, field=name, message=f"No such column '{name}'")
    return None


def _field_problem(field: FieldDefinition | None, name: str, *, creating: bool) -> Problem | None:
    if field is None or field.hidden:
        return _unknown(None, name)
    if field.calculated or not (field.createable if creating else field.updateable):
        return Problem(cause=Cause.NOT_WRITEABLE, field=name, message=f"{name} cannot be written")
    return None


def _value_problems(field: FieldDefinition, value: Value) -> list[Problem]:
    problems = []
    if isinstance(value, str) and field.length and len(value) > field.length:
        said = f"{field.label or field.name}: data value too large: {value[:80]} (max length={field.length})"
        problems.append(Problem(cause=Cause.TOO_LONG, field=field.name, message=said, value=value))
    if field.restricted and value not in (None, "") and not _is_offered(field, value):
        said = f"{field.label or field.name}: bad value for restricted picklist field: {value}"
        problems.append(Problem(cause=Cause.BAD_OPTION, field=field.name, message=said, value=value))
    return problems


def _is_offered(field: FieldDefinition, value: Value) -> bool:
    chosen = str(value).split(";") if field.kind in ("multipicklist", "enumeration") else [str(value)]
    offered = {option.value for option in field.options if option.active}
    return all(choice in offered for choice in chosen)


def missing_fields(definition: ObjectDefinition, values: Values) -> list[str]:
    """Required fields that the row would lack."""
    return [
        field.name for field in definition.fields.values() if field.required and values.get(field.name) in (None, "")
    ]


def check_row(
    definition: ObjectDefinition,
    values: Values,
    written: Values,
    *,
    duplicates: Callable[[str, Value], str | None],
    exists: Callable[[str, str], bool],
) -> None:
    """Check the whole row as it would be stored; raises WriteRefusedError."""
    problems = [
        Problem(cause=Cause.REQUIRED, field=name, message=f"Required fields are missing: [{name}]")
        for name in missing_fields(definition, values)
    ]
    for name, value in written.items():
        field = definition.fields[name]
        if value is None or value == "":
            continue
        if field.references and not any(exists(target, str(value)) for target in field.references):
            said = f"{name}: id does not exist: {value}"
            problems.append(Problem(cause=Cause.BAD_REFERENCE, field=name, message=said, value=value))
        if field.unique and (conflict := duplicates(name, value)) is not None:
            said = f"duplicate value found: {name} duplicates value on record with id: {conflict}"
            problems.append(Problem(cause=Cause.DUPLICATE, field=name, message=said, value=value, conflict=conflict))
    problems.extend(_record_type_problems(definition, values, written))
    if not problems:
        problems.extend(_broken_rules(definition, values))
    if problems:
        raise WriteRefusedError(tuple(problems))


def _record_type_problems(definition: ObjectDefinition, values: Values, written: Values) -> list[Problem]:
    chosen = values.get(definition.record_type_field) if definition.record_type_field else None
    offered = next((kind.options for kind in definition.record_types if kind.id == chosen), {})
    return [
        Problem(
            cause=Cause.BAD_OPTION,
            field=name,
            message=f"{definition.fields[name].label or name}: bad value for restricted picklist field: {value}",
            value=value,
        )
        for name, value in written.items()
        if value not in (None, "")
        and definition.fields[name].restricted
        and name in offered
        and value not in offered[name]
    ]


def _broken_rules(definition: ObjectDefinition, values: Values) -> list[Problem]:
    return [
        Problem(cause=Cause.RULE, field=rule.fields[0] if rule.fields else "", message=rule.message, fields=rule.fields)
        for rule in definition.rules
        if rule.broken(values)
    ]
