"""A form in which a person types a value as the CRM's field takes it: its own options, people, dates and numbers."""

from __future__ import annotations

from dataclasses import dataclass

from connector.errors import ConnectorError
from connector.record import FieldKind, FieldName, FieldSchema, FieldValue, Option, RecordRef, User, typed_value
from connector.web.house import House
from connector.web.page import Asked, BadRequestError


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """How a value is typed in: the field as the CRM knows it, its choices, and what stands there at first.

    One that is `is_open` begins with nothing chosen: that nothing was chosen is no answer.
    """

    kind: FieldKind
    choices: tuple[tuple[str, str], ...]
    text: str
    required: bool
    is_open: bool


def form_for(house: House, ref: RecordRef, name: FieldName, *, text: str | None) -> Typed | None:
    """The form for a field; None when the CRM cannot be asked. Without a `text` nothing is chosen yet."""
    adapter = house.adapters.get(ref.connection)
    if adapter is None:
        return None
    try:
        field = adapter.records.schema(ref.object).fields.get(name)
        if field is None:
            return None
        choices = _choices(field, adapter.records.users() if field.kind is FieldKind.USER else ())
    except ConnectorError:
        return None
    return Typed(kind=field.kind, choices=choices, text=text or "", required=field.required, is_open=text is None)


def typed_in(house: House, asked: Asked, ref: RecordRef, name: FieldName) -> FieldValue:
    """What was typed, in the kind the CRM's live schema says the field has. Raises ValueError when it does not fit."""
    if "value" not in asked.form:
        raise BadRequestError("choose a value first")
    if ref.connection not in house.adapters:
        raise ValueError(f"there is no connection {ref.connection} any more")
    schema = house.adapters[ref.connection].records.schema(ref.object)
    return typed_value(",".join(asked.form["value"]), schema, name)


def _choices(field: FieldSchema, users: tuple[User, ...]) -> tuple[tuple[str, str], ...]:
    if field.kind is FieldKind.USER:
        return tuple((user.owner_id, user.name) for user in users if user.active)
    if field.kind is FieldKind.BOOLEAN:
        return (("yes", "yes"), ("no", "no"))
    return tuple((option.key, _told(option)) for option in field.options if option.active)


def _told(option: Option) -> str:
    """An option by the key policies use, and the CRM's own word where that is another."""
    return option.key if option.label.casefold() == option.key.casefold() else f"{option.key} ({option.label})"
