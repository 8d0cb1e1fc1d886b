"""What a HubSpot request means before any record is touched: its address, its query, its search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sandbox.hubspot.errors import RefusedError
from adapters.sandbox.hubspot.matching import compile_search, in_order
from adapters.sandbox.hubspot.query import Query
from adapters.sandbox.hubspot.routing import Family, find_route
from adapters.sandbox.hubspot.search import CEILING, parse_search

KINDS = {"score": "number", "created": "datetime", "stage": "enumeration"}


def kind(name):
    return KINDS.get(name, "string")


def found(body, rows):
    search = parse_search(body)
    test = compile_search(search, kind, lambda *_: False, ("name",))
    kept = [(row_id, row.get) for row_id, row in rows.items() if test(row_id, row.get)]
    return [row_id for row_id, _ in in_order(search, kept, kind)]


def only(name, operator, **value):
    return {"filterGroups": [{"filters": [{"propertyName": name, "operator": operator, **value}]}]}


@pytest.mark.parametrize(
    ("method", "numbered", "dated", "call"),
    [
        ("GET", "/crm/v3/objects/contacts/7", "/crm/objects/2026-09/contacts/7", "objects.get"),
        ("PATCH", "/crm/v3/objects/0-1/7", "/crm/objects/2026-09/0-1/7", "objects.update"),
        ("POST", "/crm/v3/objects/deals/search", "/crm/objects/2026-09/deals/search", "objects.search"),
        ("POST", "/crm/v3/objects/deals/batch/read", "/crm/objects/2026-09/deals/batch/read", "objects.batch"),
        (
            "POST",
            "/crm/v4/associations/tasks/contacts/batch/create",
            "/crm/associations/2026-09/tasks/contacts/batch/create",
            "associations.batch",
        ),
        (
            "PUT",
            "/crm/v4/objects/tasks/1/associations/default/contacts/2",
            "/crm/objects/2026-09/tasks/1/associations/default/contacts/2",
            "associations.put_default",
        ),
        ("GET", "/crm/v3/properties/contacts", "/crm/properties/2026-09/contacts", "properties.list"),
        ("GET", "/crm/v3/pipelines/deals", "/crm/pipelines/2026-09/deals", "pipelines.list"),
        ("GET", "/crm/v3/owners/", "/crm/owners/2026-09", "owners.list"),
        ("POST", "/oauth/v1/token", "/oauth/2026-09/token", "oauth.token"),
    ],
)
def test_both_path_families_mean_the_same_call(method, numbered, dated, call):
    old, new = find_route(method, numbered), find_route(method, dated)
    assert old is not None
    assert new is not None
    assert (old.call, new.call) == (call, call)
    assert old.path == new.path
    assert (old.family, new.family) == (Family.NUMBERED, Family.DATED)


def test_the_association_list_is_gone_from_the_dated_family():
    assert find_route("GET", "/crm/v4/objects/contacts/7/associations/deals") is not None
    assert find_route("GET", "/crm/objects/2026-09/contacts/7/associations/deals") is None


@pytest.mark.parametrize("path", ["/crm/v5/objects/contacts", "/crm/objects/2031-01/contacts", "/", "/crm/v3/nothing"])
def test_an_unknown_address_means_nothing(path):
    assert find_route("GET", path) is None


def test_lists_are_read_repeated_or_with_commas():
    assert Query.parse("properties=a&properties=b").names("properties") == ("a", "b")
    assert Query.parse("properties=a,b&properties=b").names("properties") == ("a", "b")


def test_booleans_may_have_a_capital():
    assert Query.parse("archived=True").flag("archived") is True
    assert Query.parse("archived=false").flag("archived") is False
    with pytest.raises(RefusedError):
        Query.parse("archived=perhaps").flag("archived")


ROWS = {
    "1": {"name": "Ada Byron", "score": "9", "created": 1_000, "stage": "lead"},
    "2": {"name": "Grace", "score": "10", "created": 2_000, "stage": "customer"},
    "3": {"name": "", "score": None, "created": 3_000, "stage": None},
}


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (only("score", "GT", value="9"), ["2"]),
        (only("score", "GTE", value=9), ["1", "2"]),
        (only("created", "BETWEEN", value="1000", highValue="2000"), ["1", "2"]),
        (only("created", "LT", value="1970-01-01T00:00:02Z"), ["1"]),
        (only("stage", "IN", values=["lead", "other"]), ["1"]),
        (only("stage", "EQ", value="LEAD"), []),
        (only("name", "EQ", value="ada byron"), ["1"]),
        (only("name", "CONTAINS_TOKEN", value="by*"), ["1"]),
        (only("name", "NOT_CONTAINS_TOKEN", value="grace"), ["1", "3"]),
        (only("stage", "NEQ", value="lead"), ["2", "3"]),
        (only("stage", "NOT_IN", values=["lead"]), ["2", "3"]),
        (only("name", "HAS_PROPERTY"), ["1", "2"]),
        (only("name", "NOT_HAS_PROPERTY"), ["3"]),
        ({"filters": [{"propertyName": "score", "operator": "EQ", "value": "10"}]}, ["2"]),
        ({"query": "gra"}, ["2"]),
        ({"sorts": ["-score"]}, ["2", "1", "3"]),
        ({"sorts": [{"propertyName": "created", "direction": "DESCENDING"}]}, ["3", "2", "1"]),
    ],
)
def test_every_operator_answers_as_documented(body, ids):
    assert found(body, ROWS) == ids


def test_groups_are_alternatives_and_filters_in_a_group_hold_together():
    groups = [
        {
            "filters": [
                {"propertyName": "stage", "operator": "EQ", "value": "lead"},
                {"propertyName": "score", "operator": "EQ", "value": "10"},
            ]
        },
        {"filters": [{"propertyName": "created", "operator": "EQ", "value": "3000"}]},
    ]
    assert found({"filterGroups": groups}, ROWS) == ["3"]


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 0},
        {"limit": 100, "after": str(CEILING - 99)},
        {"sorts": ["a", "b"]},
        {"query": "x" * 3_001},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [{"propertyName": "a", "operator": "HAS_PROPERTY"}] * 7}]},
        {"filterGroups": [{"filters": [{"propertyName": "a", "operator": "HAS_PROPERTY"}] * 5}] * 4},
        only("a", "LIKE", value="x"),
        only("a", "EQ"),
        only("a", "BETWEEN", value="1"),
        {"after": "abc"},
    ],
)
def test_a_search_past_a_limit_is_refused(body):
    with pytest.raises(RefusedError) as refused:
        parse_search(body)
    assert refused.value.status == 400


@given(st.lists(st.integers(-50, 50), min_size=1), st.integers(-50, 50))
def test_a_bound_splits_rows_into_below_and_not_below(scores, bound):
    rows = {str(number): {"score": str(score)} for number, score in enumerate(scores)}
    below = found(only("score", "LT", value=str(bound)), rows)
    rest = found(only("score", "GTE", value=str(bound)), rows)
    assert sorted(below + rest) == sorted(rows)
    assert all(int(rows[row_id]["score"]) < bound for row_id in below)
