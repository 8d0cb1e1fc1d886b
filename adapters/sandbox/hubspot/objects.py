"""Calls on single records and lists of records."""

from __future__ import annotations

from dataclasses import replace

from adapters.sandbox.rows import Row

from .definition import ObjectDefinition as Table
from .errors import HtmlNotFoundError, bad_request, not_found
from .past import depth_now
from .portal import Answer, Call
from .view import echoed, shown
from .writes import bare_or_full, create, properties_of, update

LIST_LIMIT, HISTORY_LIMIT = 100, 50
MERGES_ALLOWED = 250


def get_one(call: Call) -> Answer:
    """GET by id: an unknown one is HTML, and an id that was merged away answers with another id."""
    table, query = call.table, call.query
    archived = query.flag("archived")
    row = call.portal.row(table, call.route.path["id"], query.text("idProperty"), archived=archived)
    if row is None or call.portal.faults.fire("html_404"):
        raise HtmlNotFoundError
    call.portal.org.agent_read([row])
    history = query.names("propertiesWithHistory")
    names = (*query.names("properties"), *history)
    body = shown(call.portal.org, table, row, names, history=history, depth=depth_now(call.portal, history))
    if asked := query.names("associations"):
        body["associations"] = {each: _associated(call, row, each) for each in asked}
    return Answer(status=200, body=body)


def _associated(call: Call, row: Row, spelling: str) -> dict[str, object]:
    other = call.portal.table(spelling)
    links = call.portal.org.associations.of(row.key, other.name)
    word = f"{call.portal.table(row.object).singular}_to_{other.singular}"
    return {"results": [{"id": target.id, "type": word} for target, _ in links]}


def list_page(call: Call) -> Answer:
    """GET of a list: by id, archived or not, `after` being the last id plus one (recorded)."""
    table, query = call.table, call.query
    history = query.names("propertiesWithHistory")
    limit, most = query.number("limit", 10), HISTORY_LIMIT if history else LIST_LIMIT
    if not 0 < limit <= most:
        raise bad_request(f"limit must be between 1 and {most}")
    limit = min(limit, call.portal.longest_list)
    rows = _listed(call, table, archived=query.flag("archived"))
    page, more = _page_from(call, rows, query.number("after", 0), limit)
    call.portal.org.agent_read(page)
    names, depth = (*query.names("properties"), *history), depth_now(call.portal, history)
    results = [shown(call.portal.org, table, row, names, history=history, depth=depth) for row in page]
    body: dict[str, object] = {"results": results}
    if more:
        after = str(int(page[-1].id) + 1)
        body["paging"] = {"next": {"after": after, "link": f"{call.url}?limit={limit}&after={after}"}}
    return Answer(status=200, body=body)


def _listed(call: Call, table: Table, *, archived: bool) -> list[Row]:
    """Rows in order of id; a record that was merged away is in neither list."""
    rows = call.portal.org.rows(table.name, deleted=archived)
    kept = (row for row in rows if (row.deleted is not None) is archived and row.merged_into is None)
    return sorted(kept, key=lambda row: int(row.id))


def _page_from(call: Call, rows: list[Row], after: int, limit: int) -> tuple[list[Row], bool]:
    """A cursor beyond every id starts again at the first page (recorded oddity, facts §3)."""
    faults = call.portal.faults
    if after and rows and (after > int(rows[-1].id) or faults.due("cursor_restart")):
        if after <= int(rows[-1].id):
            faults.took_effect("cursor_restart")
        after = 0
    left = [row for row in rows if int(row.id) >= after]
    return left[:limit], len(left) > limit


def create_one(call: Call) -> Answer:
    """POST: the answer echoes written and derived properties."""
    table = call.table
    stored = create(call, table, call.body())
    return Answer(status=201, body=echoed(call.portal.org, table, stored.row, stored.names))


def update_one(call: Call) -> Answer:
    """PATCH: all or nothing, with a 200 that never shows the whole record."""
    table = call.table
    row = call.portal.row(table, call.route.path["id"], call.query.text("idProperty"))
    if row is None:
        raise not_found()
    stored = update(call, table, row, properties_of(call.body()))
    names = bare_or_full(call, table, stored)
    return Answer(status=200, body=echoed(call.portal.org, table, stored.row, names))


def archive_one(call: Call) -> Answer:
    """DELETE: 204, also for an id that never was (n8n pull request 3219)."""
    table = call.table
    row = call.portal.row(table, call.route.path["id"])
    if row is not None:
        call.portal.org.delete(table.name, row.id, actor=call.actor, request=call.request)
    return Answer(status=204)


def merge(call: Call) -> Answer:
    """POST /merge: a new record with a new id; both old ids keep answering with it (facts §4)."""
    table, body = call.table, call.body()
    primary = call.portal.row(table, str(body.get("primaryObjectId")))
    other = call.portal.row(table, str(body.get("objectIdToMerge")))
    if primary is None or other is None or primary.id == other.id:
        raise bad_request("Both records to merge must exist and differ")
    row = merge_rows(call, table, primary, other)
    return Answer(status=200, body=shown(call.portal.org, table, row, ("hs_merged_object_ids",)))


def merge_rows(call: Call, table: Table, primary: Row, other: Row) -> Row:
    """Merge two records and keep the list of the ids they had."""
    org = call.portal.org
    ids = [
        each for row in (primary, other) for each in (*str(row.get("hs_merged_object_ids") or "").split(";"), row.id)
    ]
    listed = ";".join(dict.fromkeys(each for each in ids if each))
    row = org.merge(table.name, primary.id, [other.id], actor=call.actor, request=call.request, into_new=table.merges)
    return org.update(
        table.name,
        row.id,
        {"hs_merged_object_ids": listed},
        actor=replace(call.actor, kind="setup"),
        request=call.request,
    )


def erase_one(call: Call) -> Answer:
    """POST /gdpr-delete: gone for good, from the archive too."""
    table, body = call.table, call.body()
    row = call.portal.row(table, str(body.get("objectId")), str(body.get("idProperty") or "") or None)
    if row is not None:
        call.portal.org.erase(table.name, row.id, actor=call.actor, request=call.request)
    return Answer(status=204)
