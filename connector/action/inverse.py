"""How each applied action is taken back, stored with its outcome so that undo needs no memory of how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from connector.action.action import Action, CreateNote, CreateTask, Message, UpdateField, makes_record
from connector.record import FieldName, FieldValue, RecordRef, decode_value, encode_value


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreField:
    """Put `before` back, if the field still holds `ours`: a later edit by a person stays."""

    ref: RecordRef
    field: FieldName
    before: FieldValue
    ours: FieldValue


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveCreated:
    """Delete the task or note that we created, if nobody has changed it since."""

    ref: RecordRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Irreversible:
    """What left the CRM cannot be called back; such actions always need approval."""

    reason: str


Inverse: TypeAlias = RestoreField | RemoveCreated | Irreversible


def inverse_of(action: Action, *, before: FieldValue = None, created: RecordRef | None = None) -> Inverse:
    """The inverse of an applied action: `before` is what its write replaced, `created` what it made."""
    match action:
        case UpdateField():
            return RestoreField(ref=action.ref, field=action.field, before=before, ours=action.value)
        case _ if makes_record(action):
            unnamed = Irreversible(reason="what was created is not known")
            return RemoveCreated(ref=created) if created is not None else unnamed
        case CreateTask() | CreateNote() | Message():
            return Irreversible(reason=f"{action.kind.value.replace('_', ' ')} leaves the CRM")


def encode_inverse(inverse: Inverse) -> dict[str, Any]:
    match inverse:
        case RestoreField():
            before, ours = encode_value(inverse.before), encode_value(inverse.ours)
            return {"restore": str(inverse.ref), "field": inverse.field, "before": before, "ours": ours}
        case RemoveCreated():
            return {"remove": str(inverse.ref)}
        case Irreversible():
            return {"irreversible": inverse.reason}


def decode_inverse(encoded: Mapping[str, Any]) -> Inverse:
    if "restore" in encoded:
        return RestoreField(
            ref=RecordRef.parse(encoded["restore"]), field=FieldName(encoded["field"]),
            before=decode_value(encoded["before"]), ours=decode_value(encoded["ours"]),
        )
    if "remove" in encoded:
        return RemoveCreated(ref=RecordRef.parse(encoded["remove"]))
    return Irreversible(reason=encoded["irreversible"])
