"""Check an action against the CRM's live schema before anybody is asked to approve it and again before it is sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from connector.action.action import Action, CreateNote, CreateTask, Message, UpdateField
from connector.record import ActionKind, FieldKind, FieldSchema, FieldValue, ObjectSchema, display

_TASK_SUBJECT_LIMIT = 255  # Salesforce Task.Subject; HubSpot allows more
WORDLESS = frozenset({ActionKind.START_WORKFLOW, ActionKind.CALL_ENDPOINT})  # they carry fields, not words
_BODY_LIMIT = 32_000  # Salesforce Task.Description; HubSpot notes allow 65,536


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why an action cannot be written, in words for the person who will read the refusal."""

    code: str
    text: str


def validate(action: Action, schema: ObjectSchema, *, owners: Collection[str] = ()) -> tuple[Problem, ...]:
    """Every reason why the CRM would or should refuse this action; empty when it is fine.

    `schema` is the live schema of the record's object; `owners` the owner ids that exist.
    """
    match action:
        case UpdateField():
            return _update_problems(action, schema, owners)
        case CreateTask():
            return text_problems(action) + _owner_problems(action.owner, owners)
        case CreateNote() | Message():
            return text_problems(action)


def text_problems(action: CreateTask | CreateNote | Message) -> tuple[Problem, ...]:
    """Why the words of an action cannot be written."""
    match action:
        case CreateTask():
            return _text_problems("subject", action.subject, _TASK_SUBJECT_LIMIT) + _text_problems(
                "description", action.description, _BODY_LIMIT, may_be_empty=True
            )
        case CreateNote():
            return _text_problems("body", action.body, _BODY_LIMIT)
        case Message():
            return _text_problems("body", action.body, _BODY_LIMIT, may_be_empty=action.kind in WORDLESS)


def _update_problems(action: UpdateField, schema: ObjectSchema, owners: Collection[str]) -> tuple[Problem, ...]:
    field = schema.fields.get(action.field)
    if field is None:
        return (Problem(code="unknown_field", text=f"{schema.native} has no field {action.field} that our user can see"),)
    if not field.updateable:
        return (Problem(code="read_only", text=f"{action.field} cannot be updated by our user"),)
    if action.value is None:
        return (Problem(code="required", text=f"{action.field} may not be empty"),) if field.required else ()
    wrong_type = _type_problem(field, action.value)
    if wrong_type is not None:
        return (wrong_type,)
    if field.kind is FieldKind.USER:
        return _owner_problems(str(action.value), owners)
    return _option_problems(field, action.value) + _size_problems(field, action.value)


_TYPES: dict[FieldKind, type | tuple[type, ...]] = {
    FieldKind.NUMBER: Decimal, FieldKind.MONEY: Decimal, FieldKind.BOOLEAN: bool, FieldKind.DATE: date,
    FieldKind.DATETIME: datetime, FieldKind.OPTIONS: tuple,
}


def _type_problem(field: FieldSchema, value: FieldValue) -> Problem | None:
    expected = _TYPES.get(field.kind, str)
    fits = isinstance(value, expected) and not (expected is date and isinstance(value, datetime))
    if fits:
        return None
    return Problem(code="wrong_type", text=f"{field.name} holds a {field.kind}, not {display(value)[:80]!r}")


def _option_problems(field: FieldSchema, value: FieldValue) -> tuple[Problem, ...]:
    if field.kind not in (FieldKind.OPTION, FieldKind.OPTIONS) or not field.options:
        return ()
    chosen = value if isinstance(value, tuple) else (str(value),)
    active = {option.key for option in field.options if option.active}
    return tuple(
        Problem(code="unknown_option", text=f"{option[:80]!r} is not an active option of {field.name}")
        for option in chosen
        if option not in active
    )


def _size_problems(field: FieldSchema, value: FieldValue) -> tuple[Problem, ...]:
    if isinstance(value, str) and field.max_length is not None and len(value) > field.max_length:
        return (Problem(code="too_long", text=f"{field.name} holds {field.max_length} characters, not {len(value)}"),)
    if isinstance(value, Decimal):
        return _number_problems(field, value)
    return ()


def _number_problems(field: FieldSchema, value: Decimal) -> tuple[Problem, ...]:
    if not value.is_finite():
        return (Problem(code="not_a_number", text=f"{field.name} must be a finite number"),)
    exponent = value.normalize().as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    if field.scale is not None and places > field.scale:
        return (Problem(code="too_precise", text=f"{field.name} keeps {field.scale} decimal places"),)
    if field.precision is not None and value.adjusted() >= field.precision - (field.scale or 0):
        return (Problem(code="too_large", text=f"{field.name} is too large for the CRM"),)
    return ()


def _owner_problems(owner: str | None, owners: Collection[str]) -> tuple[Problem, ...]:
    if owner is None or owner in owners:
        return ()
    return (Problem(code="unknown_owner", text=f"{owner[:80]!r} is not an active user or queue of this CRM"),)


def _text_problems(name: str, text: str, limit: int, *, may_be_empty: bool = False) -> tuple[Problem, ...]:
    if not text.strip() and not may_be_empty:
        return (Problem(code="required", text=f"the {name} may not be empty"),)
    if len(text) > limit:
        return (Problem(code="too_long", text=f"the {name} holds {limit} characters, not {len(text)}"),)
    return ()


