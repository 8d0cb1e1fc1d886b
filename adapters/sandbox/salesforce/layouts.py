"""`/sobjects/X/describe/layouts`: which options each record type offers. The page layouts themselves are left out."""

from __future__ import annotations

from typing import Any

from adapters.sandbox.salesforce.call import Call, Reply
from adapters.sandbox.salesforce.fields import fields_by_lower_name
from adapters.sandbox.salesforce.state import FaceState
from adapters.sandbox.schema import FieldDefinition, ObjectDefinition, RecordType

_MASTER = RecordType(id="012000000000000AAA", name="Master")


def layouts(state: FaceState, call: Call, definition: ObjectDefinition) -> Reply:
    """One mapping for each record type our user may use, the master among them."""
    listed = [*definition.record_types, _MASTER]
    default = next((kind.id for kind in definition.record_types if kind.default), _MASTER.id)
    mappings = [_mapping(kind, definition, default=kind.id == default) for kind in listed]
    return Reply(status=200, body={"layouts": [], "recordTypeMappings": mappings, "recordTypeSelectorRequired": [False]})


def _mapping(kind: RecordType, definition: ObjectDefinition, *, default: bool) -> dict[str, Any]:
    picklists = [each for each in fields_by_lower_name(definition).values() if each.kind in ("picklist", "multipicklist")]
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": default,
        "developerName": kind.name.replace(" ", "_"),
        "layoutId": None,
        "master": kind is _MASTER,
        "name": kind.name,
        "picklistsForRecordType": [
            {"picklistName": each.name, "picklistValues": _values(kind, each)} for each in picklists
        ],
        "recordTypeId": kind.id,
    }


def _values(kind: RecordType, field: FieldDefinition) -> list[dict[str, Any]]:
    offered = kind.options.get(field.name)
    return [
        {
            "active": option.active,
            "defaultValue": option.default or field.default == option.value,
            "label": option.label or option.value,
            "validFor": option.traits.get("valid_for"),
            "value": option.value,
        }
        for option in field.options
        if offered is None or option.value in offered
    ]
