"""`/composite/sobjects`: up to 200 rows created, updated, upserted or deleted in one call, without guards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from adapters.sandbox.salesforce.call import Call, Reply
from adapters.sandbox.salesforce.errors import ApiError, as_save_errors
from adapters.sandbox.salesforce.ids import to_18
from adapters.sandbox.salesforce.rows import create_row, delete_row, external_field, update_row, upsert_row
from adapters.sandbox.salesforce.state import FaceState
from adapters.sandbox.schema import ObjectDefinition
from adapters.sandbox.wire import Headers

_MOST, _MOST_CHUNKS = 200, 10


class _RolledBackError(Exception):
    """One row failed under allOrNone."""


def collections(state: FaceState, call: Call) -> Reply:
    """Save each row on its own, or all or none."""
    # A collection carries no per-row conditions: whatever the call says, none are applied (headers of sObject rows).
    plain = replace(call, headers=Headers({k: v for k, v in call.headers.items() if not k.lower().startswith("if-")}))
    saves, all_or_none = _planned(state, plain)
    if len(saves) > _MOST:
        raise ApiError(400, "LIMIT_EXCEEDED", f"record limit reached. cannot submit more than {_MOST} records")
    if not all_or_none:
        return Reply(status=200, body=[_saved(state, save) for save in saves])
    return Reply(status=200, body=_all_or_none(state, saves))


def _planned(state: FaceState, call: Call) -> tuple[list[Callable[[], dict[str, Any]]], bool]:
    if call.method == "DELETE":
        ids = [row_id for row_id in call.params.get("ids", "").split(",") if row_id]
        all_or_none = call.params.get("allOrNone", "false").lower() == "true"
        deletes: list[Callable[[], dict[str, Any]]] = [partial(_delete, state, call, row_id) for row_id in ids]
        return deletes, all_or_none
    records = call.record().get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ApiError(400, "JSON_PARSER_ERROR", "records must be a list of objects")
    types = [_type_of(record, call) for record in records]
    chunks = sum(1 for place, name in enumerate(types) if place == 0 or types[place - 1] != name)
    if chunks > _MOST_CHUNKS:
        raise ApiError(400, "LIMIT_EXCEEDED", f"cannot submit more than {_MOST_CHUNKS} chunks of types")
    save = {"POST": _create, "PATCH": _upsert if len(call.path) == 4 else _update}.get(call.method)
    if save is None:
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed")
    planned: list[Callable[[], dict[str, Any]]] = [partial(save, state, call, record) for record in records]
    return planned, bool(call.record().get("allOrNone", False))


def _type_of(record: dict[str, Any], call: Call) -> str:
    attributes = record.get("attributes")
    return str(attributes.get("type", "")) if isinstance(attributes, dict) else "".join(call.path[2:3])


def _definition(state: FaceState, record: dict[str, Any], call: Call) -> ObjectDefinition:
    found = state.reader.object(_type_of(record, call))
    if found is None:
        raise ApiError(400, "INVALID_TYPE", f"sObject type '{_type_of(record, call)}' is not supported.")
    return found


def _values(record: dict[str, Any], *without: str) -> dict[str, Any]:
    left_out = {"attributes", *(name.lower() for name in without)}
    return {name: value for name, value in record.items() if name.lower() not in left_out}


def _create(state: FaceState, call: Call, record: dict[str, Any]) -> dict[str, Any]:
    row = create_row(state, call, _definition(state, record, call), _values(record))
    return {"id": row.id, "success": True, "errors": []}


def _update(state: FaceState, call: Call, record: dict[str, Any]) -> dict[str, Any]:
    definition = _definition(state, record, call)
    given = record.get("id", record.get("Id"))
    row_id = to_18(given) if isinstance(given, str) else None
    if row_id is None:
        raise ApiError(400, "MISSING_ARGUMENT", "Id not specified in an update call")
    try:
        row = update_row(state, call, definition, row_id, _values(record, "id"))
    except ApiError as error:
        if error.status == 404:
            raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[]) from error
        raise
    return {"id": row.id, "success": True, "errors": []}


def _upsert(state: FaceState, call: Call, record: dict[str, Any]) -> dict[str, Any]:
    definition = _definition(state, record, call)
    field = external_field(definition, call.path[3])
    value = record.get(field.name)
    if not isinstance(value, str) or not value:
        raise ApiError(400, "MISSING_ARGUMENT", f"{field.name} not specified")
    row, is_new = upsert_row(state, call, definition, field, (value, _values(record, field.name)))
    return {"id": row.id, "success": True, "errors": [], "created": is_new}


def _delete(state: FaceState, call: Call, given: str) -> dict[str, Any]:
    row_id = to_18(given)
    definition = next((each for each in state.org.schema.objects.values() if each.prefix == given[:3]), None)
    if row_id is None or definition is None:
        raise ApiError(400, "MALFORMED_ID", f"malformed id {given}")
    delete_row(state, call, definition, row_id)
    return {"id": row_id, "success": True, "errors": []}


def _saved(state: FaceState, save: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    if state.org.faults.fire("collections_item_without_id"):
        failure = ApiError(400, "UNKNOWN_EXCEPTION", "An unexpected error occurred.", fields=[])
        return {"success": False, "errors": as_save_errors(failure)}
    try:
        return save()
    except ApiError as error:
        return {"success": False, "errors": as_save_errors(error)}


def _all_or_none(state: FaceState, saves: list[Callable[[], dict[str, Any]]]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    try:
        with state.org.transaction():  # joins the one of a composite around it
            for save in saves:
                results.append(_saved(state, save))
                if not results[-1]["success"]:
                    raise _RolledBackError
    except _RolledBackError:
        undone = ApiError(
            400, "ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all records were valid."
        )
        others = {"success": False, "errors": as_save_errors(undone)}
        return [results[-1] if place == len(results) - 1 else others for place in range(len(saves))]
    return results
