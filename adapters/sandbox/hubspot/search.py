"""The search body as a value: what HubSpot accepts and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import bad_request, objects_in

CEILING = 10_000
MAX_PAGE = 200
MAX_GROUPS = 5
MAX_FILTERS = 6
MAX_FILTERS_TOTAL = 18
MAX_QUERY = 3_000
PSEUDO = "associations."
_ONE = frozenset({"EQ", "NEQ", "LT", "LTE", "GT", "GTE", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"})
_MANY = frozenset({"IN", "NOT_IN"})
_NONE = frozenset({"HAS_PROPERTY", "NOT_HAS_PROPERTY"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One condition on one property, or on the pseudo-property `associations.<type>`."""

    name: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A validated search: groups are alternatives, filters in a group hold together."""

    groups: tuple[tuple[Filter, ...], ...]
    sort: str | None
    descending: bool
    query: str
    properties: tuple[str, ...]
    limit: int
    after: int


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _parse_filter(given: Mapping[str, object]) -> Filter:
    name, operator = given.get("propertyName"), given.get("operator")
    if not isinstance(name, str):
        raise bad_request("Invalid input JSON: a filter needs a propertyName")
    if not isinstance(operator, str) or operator not in _ONE | _MANY | _NONE | {"BETWEEN"}:
        raise bad_request(f"Invalid operator {operator} for property {name}")
    if operator in _NONE:
        return Filter(name=name, operator=operator, values=())
    many = given.get("values")
    if operator in _MANY:
        wanted = [_text(value) for value in many] if isinstance(many, list) else []
    else:
        keys = ("value", "highValue") if operator == "BETWEEN" else ("value",)
        wanted = [_text(given[key]) for key in keys if given.get(key) is not None]
        if len(wanted) != len(keys):
            wanted = []
    if not wanted:
        raise bad_request(f"operator {operator} requires a value for property {name}")
    return Filter(name=name, operator=operator, values=tuple(wanted))


def _parse_groups(body: Mapping[str, object]) -> tuple[tuple[Filter, ...], ...]:
    alternatives = objects_in(body.get("filterGroups"), "filterGroups")
    lists = [objects_in(group.get("filters"), "filters") for group in alternatives]
    if body.get("filters"):  # a bare list of filters counts as one group (recorded)
        lists.append(objects_in(body["filters"], "filters"))
    groups = tuple(tuple(_parse_filter(each) for each in filters) for filters in lists)
    if len(groups) > MAX_GROUPS:
        raise bad_request(f"filterGroups: at most {MAX_GROUPS} groups are allowed")
    if any(len(group) > MAX_FILTERS for group in groups):
        raise bad_request(f"filterGroups: at most {MAX_FILTERS} filters are allowed in a group")
    if sum(len(group) for group in groups) > MAX_FILTERS_TOTAL:
        raise bad_request(f"filterGroups: at most {MAX_FILTERS_TOTAL} filters are allowed in total")
    return groups


def _parse_sort(raw: object) -> tuple[str | None, bool]:
    if not raw:
        return None, False
    if not isinstance(raw, list) or len(raw) > 1:
        raise bad_request("sorts: only one sort is allowed")
    match raw[0]:
        case str(name):  # the Python client types sorts as text; `-name` means descending
            return name.removeprefix("-"), name.startswith("-")
        case {"propertyName": str(name), **rest}:
            return name, rest.get("direction") == "DESCENDING"
        case _:
            raise bad_request("sorts: a sort needs a propertyName")


def _parse_number(raw: object, name: str, default: int) -> int:
    if raw is None or raw == "":
        return default
    text = _text(raw)
    if not (text.isascii() and text.isdigit()):
        raise bad_request(f"{name} must be a whole number, not {text}")
    return int(text)


def parse_search(body: Mapping[str, object]) -> Search:
    """Read a search body, refusing what HubSpot refuses (facts §4)."""
    limit = _parse_number(body.get("limit"), "limit", 10)
    after = _parse_number(body.get("after"), "after", 0)
    query = body.get("query") or ""
    if not isinstance(query, str) or len(query) > MAX_QUERY:
        raise bad_request(f"query: at most {MAX_QUERY} characters are allowed")
    if not 0 < limit <= MAX_PAGE:
        raise bad_request(f"limit must be between 1 and {MAX_PAGE}")
    if after + limit > CEILING:
        raise bad_request(f"Paging through search results is limited to {CEILING} results")
    names = body.get("properties") or []
    sort, descending = _parse_sort(body.get("sorts"))
    return Search(
        groups=_parse_groups(body),
        sort=sort,
        descending=descending,
        query=query.lower().strip(),
        properties=tuple(str(name) for name in names) if isinstance(names, list) else (),
        limit=limit,
        after=after,
    )
