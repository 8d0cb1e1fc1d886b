"""Object metadata as the API describes it; bodies are kept as bytes, since metadata rarely changes."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256
from typing import Any

from adapters.sandbox.salesforce.call import Call, Reply
from adapters.sandbox.salesforce.field_types import LONG_TEXT, NUMBER_KINDS
from adapters.sandbox.salesforce.fields import fields_by_lower_name, targets_of
from adapters.sandbox.salesforce.objects_common import ADDRESS_PARTS
from adapters.sandbox.salesforce.stamps import http_date, parse_http_date
from adapters.sandbox.salesforce.state import FaceState
from adapters.sandbox.schema import FieldDefinition, ObjectDefinition, Option

_SOAP = {
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "id": "tns:ID",
    "reference": "tns:ID",
    "address": "urn:address",
}


def describe(state: FaceState, call: Call, definition: ObjectDefinition) -> Reply:
    """`/sobjects/X/describe`; answers 304 while the org's metadata stands still."""
    return _unless_unchanged(state, call, lambda: _object_body(definition, call.version))


def describe_global(state: FaceState, call: Call) -> Reply:
    """`/sobjects`: every object with its permissions."""
    return _unless_unchanged(state, call, lambda: _global_body(tuple(state.org.schema.objects.values()), call.version))


def _unless_unchanged(state: FaceState, call: Call, body: Any) -> Reply:
    stamp = state.org.metadata_stamp
    etag = sha256(str(stamp).encode()).hexdigest()[:8]
    headers = {"Last-Modified": http_date(stamp), "ETag": f'"{etag}--gzip"'}
    since = parse_http_date(call.headers.get("If-Modified-Since", ""))
    if since is not None and stamp // 1000 <= since:
        return Reply(status=304, headers=headers)
    return Reply(status=200, raw=body(), headers=headers)


@lru_cache(maxsize=512)
def _object_body(definition: ObjectDefinition, version: str) -> bytes:
    fields = list(fields_by_lower_name(definition).values())
    body = {
        **_summary(definition, version),
        "fields": [_field(each, definition) for each in fields],
        "recordTypeInfos": _record_types(definition, version),
        "childRelationships": [],
        "actionOverrides": [],
        "namedLayoutInfos": [],
        "supportedScopes": [],
        "networkScopeFieldName": None,
        "searchLayoutable": True,
    }
    return json.dumps(body, ensure_ascii=False).encode()


@lru_cache(maxsize=64)
def _global_body(definitions: tuple[ObjectDefinition, ...], version: str) -> bytes:
    listed = [_summary(definition, version) for definition in definitions]
    return json.dumps({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed}).encode()


def _summary(definition: ObjectDefinition, version: str) -> dict[str, Any]:
    base, writable = f"/services/data/v{version}/sobjects/{definition.name}", not definition.traits.get("read_only")
    return {
        "name": definition.name,
        "label": definition.label,
        "labelPlural": definition.plural,
        "keyPrefix": definition.prefix,
        "custom": definition.name.endswith("__c"),
        "customSetting": False,
        "activateable": False,
        "createable": writable,
        "updateable": writable,
        "deletable": writable,
        "undeletable": writable,
        "mergeable": "MasterRecordId" in definition.fields,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": writable,
        "layoutable": writable,
        "triggerable": writable,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isSubtype": False,
        "mruEnabled": writable,
        "deprecatedAndHidden": False,
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"},
    }


def _record_types(definition: ObjectDefinition, version: str) -> list[dict[str, Any]]:
    base = f"/services/data/v{version}/sobjects/{definition.name}/describe/layouts"
    listed = [(each.id, each.name, each.name.replace(" ", "_"), each.default) for each in definition.record_types]
    master = ("012000000000000AAA", "Master", "Master", not listed)
    return [
        {
            "active": True,
            "available": True,
            "defaultRecordTypeMapping": default,
            "developerName": developer_name,
            "master": name == "Master",
            "name": name,
            "recordTypeId": type_id,
            "urls": {"layout": f"{base}/{type_id}"},
        }
        for type_id, name, developer_name, default in (*listed, master)
    ]


_ALWAYS: dict[str, Any] = {
    "calculatedFormula": None,
    "defaultValueFormula": None,
    "referenceTargetField": None,
    "relationshipOrder": None,
    "cascadeDelete": False,
    "restrictedDelete": False,
    "writeRequiresMasterRead": False,
    "caseSensitive": False,
    "encrypted": False,
    "mask": None,
    "maskType": None,
    "filteredLookupInfo": None,
    "htmlFormatted": False,
    "inlineHelpText": None,
    "displayLocationInDecimal": False,
    "dependentPicklistValues": [],
    "deprecatedAndHidden": False,
    "formulaTreatNullNumberAsZero": False,
    "highScaleNumber": False,
    "queryByDistance": False,
    "aiPredictionField": False,
}


def _field(field: FieldDefinition, definition: ObjectDefinition) -> dict[str, Any]:
    return {**_type(field), **_permissions(field, definition), **_ALWAYS}


def _type(field: FieldDefinition) -> dict[str, Any]:
    number = field.kind in NUMBER_KINDS
    targets = targets_of(field)
    return {
        "name": field.name,
        "label": field.label,
        "type": field.kind,
        "soapType": _SOAP.get(field.kind, "xsd:double" if number else "xsd:string"),
        "length": field.length,
        "byteLength": field.length * 3,
        "precision": (9 if field.kind == "int" else 18) if number else 0,
        "digits": 9 if field.kind == "int" else 0,
        "scale": int(field.traits.get("scale", 2)) if number and field.kind != "int" else 0,
        "picklistValues": [_option(each, field) for each in field.options],
        "restrictedPicklist": field.restricted,
        "dependentPicklist": bool(field.traits.get("controller")),
        "controllerName": field.traits.get("controller"),
        "referenceTo": list(targets),
        "relationshipName": field.traits.get("relationship"),
        "polymorphicForeignKey": len(targets) > 1,
        "namePointing": len(targets) > 1,
        "searchPrefilterable": bool(targets),
        "extraTypeInfo": "plaintextarea" if field.kind == "textarea" else None,
    }


def _permissions(field: FieldDefinition, definition: ObjectDefinition) -> dict[str, Any]:
    long = field.kind == "textarea" and field.length > LONG_TEXT
    return {
        "nillable": not field.required and not field.traits.get("system") and field.kind != "boolean",
        "createable": field.createable and not field.calculated,
        "updateable": field.updateable and not field.calculated,
        "permissionable": field.createable and not field.required,
        "calculated": field.calculated or field.name == "ExpectedRevenue",
        "defaultedOnCreate": _defaulted(field),
        "defaultValue": field.default if isinstance(field.default, bool) else None,
        "externalId": field.external_id,
        "idLookup": field.external_id or field.name == "Id" or field.kind == "email",
        "unique": field.unique,
        "custom": field.name.endswith("__c"),
        "compoundFieldName": _compound(field, definition),
        "filterable": not long and field.kind != "address",
        "sortable": not long and field.kind != "address",
        "groupable": not long and field.kind not in ("address", "currency", "double", "datetime", "percent"),
        "aggregatable": not long and field.kind not in ("address", "boolean"),
        "autoNumber": bool(field.numbered),
        "nameField": field.name in ("Name", "CaseNumber", "OrderNumber") or (field.name == "Subject" and not long),
    }


def _defaulted(field: FieldDefinition) -> bool:
    system = bool(field.traits.get("system"))
    return system or field.default is not None or field.default_to_writer or bool(field.numbered)


def _compound(field: FieldDefinition, definition: ObjectDefinition) -> str | None:
    if field.name in ("LastName", "FirstName", "Salutation") and "LastName" in definition.fields:
        return "Name"
    for whole in definition.fields.values():
        parts = whole.traits.get("parts")
        if parts is not None and field.name in {f"{parts}{part}" for part, _ in ADDRESS_PARTS}:
            return whole.name
    return None


def _option(option: Option, field: FieldDefinition) -> dict[str, Any]:
    return {
        "active": option.active,
        "defaultValue": option.default or field.default == option.value,
        "label": option.label or option.value,
        "validFor": option.traits.get("valid_for"),
        "value": option.value,
    }
