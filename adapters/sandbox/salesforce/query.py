"""`/query` and `/queryAll`: runs SOQL, pages the result, continues from a locator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from adapters.sandbox.rows import Row
from adapters.sandbox.salesforce.call import Call, Reply
from adapters.sandbox.salesforce.errors import ApiError, malformed_query
from adapters.sandbox.salesforce.field_types import LONG_TEXT
from adapters.sandbox.salesforce.fields import Reader, is_type_of_parent, shown
from adapters.sandbox.salesforce.soql.ast import Path, Query
from adapters.sandbox.salesforce.soql.evaluate import Resolve, compile_condition, order_rows
from adapters.sandbox.salesforce.soql.parser import parse
from adapters.sandbox.salesforce.soql.plan import full_ids, pinned, stamp_bound
from adapters.sandbox.salesforce.state import FaceState
from adapters.sandbox.schema import FieldDefinition, ObjectDefinition

_DEEPEST_OFFSET = 2000
_WIDE_PAGE = 1000  # pages shrink to this once a long text field is selected (recorded)


def query(state: FaceState, call: Call) -> Reply:
    """The first page of a SOQL query, or the page a locator stands for."""
    if call.method != "GET":
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed. Allowed are GET")
    if len(call.path) > 1:
        return _next_page(state, call, call.path[1])
    parsed = parse(call.param("q"))
    with_deleted = call.path[0].lower() == "queryall"
    definition, rows = matching_rows(state, parsed, deleted=with_deleted)
    if parsed.counts:
        return Reply(status=200, body={"totalSize": len(rows), "done": True, "records": []})
    if call.actor.kind == "agent":
        state.org.agent_read(rows)
    render = renderer(state.reader, definition, parsed.fields, call.base)
    records = [render(row) for row in rows]
    size = _page_size(state, call, definition, parsed.fields)
    return _page(state, call, records, size)


def matching_rows(state: FaceState, parsed: Query, *, deleted: bool) -> tuple[ObjectDefinition, list[Row]]:
    """Rows that match, in order, cut to offset and limit; raises ApiError."""
    definition = state.reader.object(parsed.object)
    if definition is None:
        said = f"sObject type '{parsed.object}' is not supported. If you are attempting to use a custom object, be sure"
        raise ApiError(400, "INVALID_TYPE", said + " to append the '__c' after the entity name.")
    if parsed.offset > _DEEPEST_OFFSET:
        raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")

    def resolve(path: Path) -> tuple[FieldDefinition, Any]:
        return state.reader.resolve(definition, path)

    for path in parsed.fields:
        resolve(path)
    rows = _filtered(state, definition, parsed, resolve, deleted=deleted)
    order_rows(rows, tuple(parsed.order), resolve)
    end = None if parsed.limit is None else parsed.offset + parsed.limit
    return definition, rows[parsed.offset : end]


def _filtered(
    state: FaceState, definition: ObjectDefinition, parsed: Query, resolve: Resolve, *, deleted: bool
) -> list[Row]:
    if parsed.where is None:
        return list(state.reader.rows(definition, deleted=deleted))
    test = compile_condition(parsed.where, resolve)
    return [row for row in _candidates(state, definition, parsed, deleted=deleted) if test(row)]


def _candidates(state: FaceState, definition: ObjectDefinition, parsed: Query, *, deleted: bool) -> Iterable[Row]:
    read_only = bool(definition.traits.get("read_only"))
    by_id = {field.name.lower(): field.name for field in definition.fields.values()}

    def is_indexed(name: str) -> bool:
        known = by_id.get(name.lower(), "")
        if read_only:
            return bool(definition.fields[known].references) if known else False
        return known == "Id" or state.org.is_indexed(definition.name, known)

    pin = pinned(parsed.where, is_indexed)
    if pin is None:
        return state.reader.rows(definition, deleted=deleted, since=stamp_bound(parsed.where))
    name, texts = by_id[pin[0].lower()], pin[1]
    field = definition.fields[name]
    values = full_ids(texts) if field.references or name == "Id" else list(dict.fromkeys(texts))
    if read_only:
        return [row for parent in values for row in state.reader.rows(definition, deleted=deleted, parent=parent)]
    if name == "Id":
        found = [state.org.find(definition.name, row_id) for row_id in values]
        rows = [row for row in found if row is not None and (deleted or row.deleted is None)]
    else:
        rows = [row for value in values for row in state.org.rows_with(definition.name, name, value, deleted=deleted)]
    return sorted({row.id: row for row in rows}.values(), key=lambda row: row.id)


def renderer(reader: Reader, definition: ObjectDefinition, fields: Sequence[Path], base: str) -> Any:
    """A function that shows a row as the selected fields, parents nested."""
    own = [(path[0], reader.field(definition, path[0])) for path in fields if len(path) == 1]
    parents: dict[str, tuple[FieldDefinition, list[FieldDefinition]]] = {}
    for path in fields:
        if len(path) == 2:
            link, field = reader.parent_field(definition, path)
            parents.setdefault(str(link.traits["relationship"]), (link, []))[1].append(field)

    def render(row: Row) -> dict[str, Any]:
        record: dict[str, Any] = {"attributes": attributes(row, base)}
        for _, field in own:
            record[field.name] = shown(row, field)
        for relation, (link, wanted) in parents.items():
            parent = reader.parent(row, link)
            record[relation] = None if parent is None else _shown_parent(parent, wanted, base)
        return record

    return render


def _shown_parent(parent: Row, wanted: Sequence[FieldDefinition], base: str) -> dict[str, Any]:
    shown_fields = {field.name: parent.object if is_type_of_parent(field) else shown(parent, field) for field in wanted}
    return {"attributes": attributes(parent, base), **shown_fields}


def attributes(row: Row, base: str) -> dict[str, str]:
    return {"type": row.object, "url": f"{base}/sobjects/{row.object}/{row.id}"}


def _page_size(state: FaceState, call: Call, definition: ObjectDefinition, fields: Sequence[Path]) -> int:
    size = state.page_size
    for option in call.headers.get("Sforce-Query-Options", "").split(","):
        name, _, value = option.partition("=")
        if name.strip().lower() == "batchsize" and value.strip().isdigit():
            size = min(size, max(200, int(value)))
    own = [state.reader.field(definition, path[0]) for path in fields if len(path) == 1]
    if any(field.kind == "textarea" and field.length > LONG_TEXT for field in own):
        size = min(size, _WIDE_PAGE)
    return size


def _page(state: FaceState, call: Call, records: Sequence[dict[str, Any]], size: int) -> Reply:
    size = _shortened(state, len(records), size)
    body: dict[str, Any] = {"totalSize": len(records), "done": len(records) <= size}
    if not body["done"]:
        locator = state.cursors.open(records, size, state.org.clock.stamp())
        body["nextRecordsUrl"] = f"{call.base}/query/{locator}-{size}"
    return Reply(status=200, body={**body, "records": list(records[:size])})


def _shortened(state: FaceState, total: int, size: int) -> int:
    if total > 1 and state.org.faults.fire("wide_row_short_pages"):
        return max(1, min(size, total) // 2)
    return size


def _next_page(state: FaceState, call: Call, text: str) -> Reply:
    locator, _, start_text = text.rpartition("-")
    faults = state.org.faults
    if faults.due("expired_locator") and state.cursors.expire(locator):
        faults.took_effect("expired_locator")
    cursor = state.cursors.find(locator, state.org.clock.stamp())
    if cursor is None or not start_text.isdigit():
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    start = int(start_text)
    if start >= len(cursor.records):
        raise malformed_query("the locator is beyond the end of the result")
    end = start + cursor.page_size
    if faults.due("duplicated_page") and start >= cursor.page_size:
        faults.took_effect("duplicated_page")
        shown_from = start - cursor.page_size
    else:
        shown_from = start
    body: dict[str, Any] = {"totalSize": len(cursor.records), "done": end >= len(cursor.records)}
    if shown_from != start:
        body["done"], end = False, start
    if not body["done"]:
        body["nextRecordsUrl"] = f"{call.base}/query/{locator}-{end}"
    return Reply(status=200, body={**body, "records": list(cursor.records[shown_from : shown_from + cursor.page_size])})
