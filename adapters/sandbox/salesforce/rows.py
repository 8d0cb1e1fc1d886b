"""`/sobjects/X`: reads one row, creates, updates, upserts by external id, deletes; with conditional headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from adapters.sandbox.refusals import PreconditionFailedError, RowDeletedError, RowMissingError, WriteRefusedError
from adapters.sandbox.rows import Row
from adapters.sandbox.salesforce.call import Call, Reply
from adapters.sandbox.salesforce.errors import ApiError, not_found, refused, row_gone
from adapters.sandbox.salesforce.field_faults import after_write, before_write
from adapters.sandbox.salesforce.fields import fields_by_lower_name, shown
from adapters.sandbox.salesforce.ids import to_18
from adapters.sandbox.salesforce.query import attributes
from adapters.sandbox.salesforce.stamps import http_date, parse_http_date
from adapters.sandbox.salesforce.state import FaceState
from adapters.sandbox.schema import FieldDefinition, ObjectDefinition


def row_call(state: FaceState, call: Call, definition: ObjectDefinition) -> Reply:
    """Everything under `/sobjects/X` that is about rows."""
    names = call.path[2:]
    if len(names) == 2:
        return _by_external_id(state, call, definition, names[0], names[1])
    if not names:
        return _create(state, call, definition)
    row_id = to_18(names[0])
    if row_id is None:
        raise not_found("Provided external ID field does not exist or is not accessible: " + names[0])
    match call.method:
        case "GET":
            return _read(state, call, definition, row_id)
        case "PATCH":
            return _update(state, call, definition, row_id)
        case "DELETE":
            return _delete(state, call, definition, row_id)
        case _:
            raise method_not_allowed(call.method, "DELETE,GET,HEAD,PATCH")


def method_not_allowed(method: str, allowed: str) -> ApiError:
    return ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {allowed}")


def _live(state: FaceState, definition: ObjectDefinition, row_id: str) -> Row:
    row = state.reader.find(definition, row_id)
    if row is None:
        raise row_gone(RowMissingError(state.reader.key(definition, row_id)))
    if row.deleted is not None:
        raise row_gone(RowDeletedError(row))
    return row


def _read(state: FaceState, call: Call, definition: ObjectDefinition, row_id: str) -> Reply:
    row = _live(state, definition, row_id)
    headers = _validators(row)
    since = call.headers.get("If-Modified-Since")
    if since is not None and not _is_newer(row, _condition(since)):
        return Reply(status=304, headers=headers)
    if row.object == "Account" and call.headers.get("If-None-Match") == headers["ETag"]:
        return Reply(status=304, headers=headers)
    body: dict[str, Any] = {"attributes": attributes(row, call.base)}
    for field in _asked_fields(state, call, definition):
        body[field.name] = shown(row, field)
    if call.actor.kind == "agent":
        state.org.agent_read([row])
    return Reply(status=200, body=body, headers=headers)


def _asked_fields(state: FaceState, call: Call, definition: ObjectDefinition) -> list[FieldDefinition]:
    if not call.params.get("fields"):
        return list(fields_by_lower_name(definition).values())
    names = [name.strip() for name in call.params["fields"].split(",") if name.strip()]
    return [state.reader.field(definition, name) for name in names]


def _validators(row: Row) -> dict[str, str]:
    """Last-Modified is SystemModstamp, not LastModifiedDate; only accounts have an ETag."""
    headers = {"Last-Modified": http_date(row.stamp)}
    if row.object == "Account":
        headers["ETag"] = f'"{sha256(f"{row.id}:{row.revision}".encode()).hexdigest()[:16]}--gzip"'
    return headers


def _condition(text: str) -> int:
    found = parse_http_date(text)
    if found is None:
        raise ApiError(400, "MALFORMED_REQUEST", f"invalid date in a conditional header: {text}")
    return found


def _is_newer(row: Row, second: int) -> bool:
    return row.stamp // 1000 > second


def check_conditions(headers: Mapping[str, str], row: Row) -> None:
    """Raise PreconditionFailedError unless the row is what the caller's headers say it is."""
    unmodified = headers.get("If-Unmodified-Since")
    if unmodified is not None and _is_newer(row, _condition(unmodified)):
        raise PreconditionFailedError(row)
    if row.object != "Account":
        return
    etag, wanted, unwanted = _validators(row)["ETag"], headers.get("If-Match"), headers.get("If-None-Match")
    if wanted is not None and etag not in wanted and wanted.strip() != "*":
        raise PreconditionFailedError(row)
    if unwanted is not None and (etag in unwanted or unwanted.strip() == "*"):
        raise PreconditionFailedError(row)


def _body_values(call: Call) -> dict[str, Any]:
    return {name: value for name, value in call.record().items() if name != "attributes"}


def _create(state: FaceState, call: Call, definition: ObjectDefinition) -> Reply:
    if call.method == "GET":
        return Reply(status=200, body={"objectDescribe": {"name": definition.name}, "recentItems": []})
    if call.method != "POST":
        raise method_not_allowed(call.method, "GET,HEAD,POST")
    return created(call, create_row(state, call, definition, _body_values(call)))


def created(call: Call, row: Row) -> Reply:
    location = f"{call.base}/sobjects/{row.object}/{row.id}"
    body = {"id": row.id, "success": True, "errors": []}
    return Reply(status=201, body=body, headers={"Location": location})


def create_row(state: FaceState, call: Call, definition: ObjectDefinition, values: dict[str, Any]) -> Row:
    """Create a row as the call's actor; raises ApiError."""
    if definition.traits.get("read_only"):
        raise ApiError(
            400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: " + definition.name
        )
    if "Id" in values:
        raise ApiError(400, "INVALID_FIELD", "cannot specify Id in an insert call", fields=["Id"])
    before_write(state, definition, None)
    try:
        row = state.org.create(definition.name, _named(definition, values), actor=call.actor, request=call.request)
    except WriteRefusedError as error:
        raise refused(error, definition.name) from error
    after_write(state, call, row, values)
    return row


def update_row(state: FaceState, call: Call, definition: ObjectDefinition, row_id: str, values: dict[str, Any]) -> Row:
    """Update a row as the call's actor, under the call's conditions; raises ApiError."""
    if definition.traits.get("read_only"):
        raise ApiError(400, "INSUFFICIENT_ACCESS_OR_READONLY", "entity is read-only: " + definition.name)
    before_write(state, definition, row_id, guarded="If-Unmodified-Since" in call.headers, values=values)
    try:
        row = state.org.update(
            definition.name,
            row_id,
            _named(definition, values),
            actor=call.actor,
            request=call.request,
            precondition=lambda live: check_conditions(call.headers, live),
        )
    except (RowMissingError, RowDeletedError) as error:
        raise row_gone(error) from error
    except WriteRefusedError as error:
        raise refused(error, definition.name) from error
    except PreconditionFailedError as error:
        raise precondition_failed() from error
    after_write(state, call, row, values)
    return row


def precondition_failed() -> ApiError:
    """412; its real body is not recorded anywhere, so clients must go by the status."""
    said = "The record has been modified since it was last read"
    return ApiError(412, "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE_CHECK", said)


def _named(definition: ObjectDefinition, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values under the fields' own spelling; an unknown name stays and is refused later."""
    known = fields_by_lower_name(definition)
    return {known[name.lower()].name if name.lower() in known else name: value for name, value in values.items()}


def _update(state: FaceState, call: Call, definition: ObjectDefinition, row_id: str) -> Reply:
    values = _body_values(call)
    if any(name.lower() == "id" for name in values):
        said = "The Id field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", said, fields=["Id"])
    update_row(state, call, definition, row_id, values)
    return Reply(status=204)


def _delete(state: FaceState, call: Call, definition: ObjectDefinition, row_id: str) -> Reply:
    delete_row(state, call, definition, row_id)
    return Reply(status=204)


def delete_row(state: FaceState, call: Call, definition: ObjectDefinition, row_id: str) -> None:
    before_write(state, definition, row_id)
    try:
        state.org.delete(definition.name, row_id, actor=call.actor, request=call.request)
    except (RowMissingError, RowDeletedError) as error:
        raise row_gone(error) from error


def _by_external_id(state: FaceState, call: Call, definition: ObjectDefinition, name: str, value: str) -> Reply:
    field = external_field(definition, name)
    if field.name == "Id":
        path = (*call.path[:2], value)
        return row_call(state, _moved(call, path), definition)
    matches = matching(state, definition, field, value)
    if call.method == "PATCH":
        return _upsert(state, call, definition, field, (value, matches))
    if not matches:
        raise not_found("Provided external ID field does not exist or is not accessible: " + name)
    _one_of(state, call, matches)
    return row_call(state, _moved(call, (*call.path[:2], matches[0].id)), definition)


def _moved(call: Call, path: tuple[str, ...]) -> Call:
    return replace(call, path=path)


def external_field(definition: ObjectDefinition, name: str) -> FieldDefinition:
    field = fields_by_lower_name(definition).get(name.lower())
    if field is None or not (field.external_id or field.name == "Id"):
        raise not_found("Provided external ID field does not exist or is not accessible: " + name)
    return field


def matching(state: FaceState, definition: ObjectDefinition, field: FieldDefinition, value: str) -> list[Row]:
    """Live rows with that external id, writes that readers cannot see yet included."""
    return state.org.rows_with(definition.name, field.name, value)


def _one_of(state: FaceState, call: Call, matches: list[Row]) -> None:
    """Several rows with one external id are a 300 with their addresses."""
    ambiguous = len(matches) > 1
    if not ambiguous and matches and state.org.faults.fire("ambiguous_external_id_300"):
        ambiguous = True
    if ambiguous:
        error = ApiError(300, "", "")
        error.errors = [f"{call.base}/sobjects/{row.object}/{row.id}" for row in matches]  # type: ignore[misc]
        raise error


def _upsert(
    state: FaceState, call: Call, definition: ObjectDefinition, field: FieldDefinition, found: tuple[str, list[Row]]
) -> Reply:
    value, matches = found
    _one_of(state, call, matches)
    row, is_new = upsert_row(state, call, definition, field, (value, _body_values(call)))
    body = {"id": row.id, "success": True, "errors": [], "created": is_new}
    location = f"{call.base}/sobjects/{row.object}/{row.id}"
    return Reply(status=201 if is_new else 200, body=body, headers={"Location": location})


def upsert_row(
    state: FaceState,
    call: Call,
    definition: ObjectDefinition,
    field: FieldDefinition,
    given: tuple[str, dict[str, Any]],
) -> tuple[Row, bool]:
    """Update the one row with that external id, or create it; raises ApiError."""
    value, values = given
    if field.name in values:
        said = f"The {field.name} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", said, fields=[field.name])
    matches = matching(state, definition, field, value)
    if matches:
        return update_row(state, call, definition, matches[0].id, values), False
    if call.params.get("updateOnly", "").lower() == "true":
        raise not_found()
    return create_row(state, call, definition, {**values, field.name: value}), True
