"""The search call: filter on the lagging index, show the rows as they are now."""

from __future__ import annotations

from collections.abc import Callable

from .definition import ObjectDefinition as Table
from .errors import bad_request
from .matching import Getter, compile_search, in_order, measure
from .portal import Answer, Call
from .search import CEILING, Search, parse_search
from .view import shown

_FAULT_CEILING = 20


def run_search(call: Call) -> Answer:
    """POST /search."""
    table, search = call.table, parse_search(call.body())
    _check_properties(call, table, search)
    _refuse_early_ceiling(call, search)
    index = call.portal.index
    index.freeze_if_due()
    test = compile_search(search, _kinds(call, table), _linked(call, table), table.searched)
    matched = [(row_id, get) for row_id, get in index.entries(table, since=_oldest(search, table)) if test(row_id, get)]
    ordered = in_order(search, matched, _kinds(call, table))
    return _page(call, table, search, ordered)


def _page(call: Call, table: Table, search: Search, ordered: list[tuple[str, Getter]]) -> Answer:
    org, faults, after, total = call.portal.org, call.portal.faults, search.after, len(ordered)
    if after and faults.fire("cursor_restart"):
        after = 0
    ids = [row_id for row_id, _ in ordered[after : after + search.limit]]
    if ids and faults.fire("search_empty"):
        ids = []
    found = (org.find(table.name, row_id) for row_id in ids)
    rows = [row for row in found if row is not None and row.deleted is None]
    org.agent_read(rows)
    if total and faults.fire("search_total"):
        total += faults.rng.choice((-1, 1, 3))
    results = [shown(org, table, row, search.properties) for row in rows]
    body: dict[str, object] = {"total": total, "results": results}
    if after + search.limit < len(ordered):
        body["paging"] = {"next": {"after": str(after + search.limit)}}
    return Answer(status=200, body=body)


def _kinds(call: Call, table: Table) -> Callable[[str], str]:
    fields = call.portal.org.definition(table.name).fields

    def kind(name: str) -> str:
        found = fields.get(name)
        return "string" if found is None else found.kind

    return kind


def _linked(call: Call, table: Table) -> Callable[[str, str, str], bool]:
    """Whether a row is associated with another; the links are not kept in the lagging index."""
    portal, cache = call.portal, dict[tuple[str, str], frozenset[str]]()

    def linked(row_id: str, spelling: str, other_id: str) -> bool:
        if (spelling, other_id) not in cache:
            other = portal.row(portal.table(spelling), other_id)
            links = portal.org.associations.of(other.key, table.name) if other is not None else []
            cache[spelling, other_id] = frozenset(target.id for target, _ in links)
        return row_id in cache[spelling, other_id]

    return linked


def _check_properties(call: Call, table: Table, search: Search) -> None:
    known = call.portal.org.definition(table.name).fields
    named = [each.name for group in search.groups for each in group if "." not in each.name]
    for name in (*named, *([search.sort] if search.sort else [])):
        if name not in known:
            raise bad_request(f"There was a problem with the request. Property {name} does not exist")


def _refuse_early_ceiling(call: Call, search: Search) -> None:
    """Under the fault the ceiling stands where a small org meets it."""
    if search.after >= _FAULT_CEILING and call.portal.faults.fire("search_ceiling"):
        raise bad_request(f"Paging through search results is limited to {CEILING} results")


def _oldest(search: Search, table: Table) -> int | None:
    """A moment before which no match can have been stamped, so that old rows need not be looked at."""
    bounds = []
    for group in search.groups:
        lower = [
            measure("datetime", each.values[0])
            for each in group
            if each.name == table.modified and each.operator in ("GT", "GTE", "EQ", "BETWEEN")
        ]
        known = [value for value in lower if isinstance(value, float)]
        if not known:
            return None
        bounds.append(int(max(known)))
    return min(bounds, default=None)
