"""SOQL: what it answers, what it refuses, how it pages."""

from __future__ import annotations

import json
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sandbox.salesforce.errors import ApiError
from adapters.sandbox.salesforce.soql.parser import parse
from tests.unit.adapters.sandbox.salesforce.wire_client import BASE, Client, error_of, new_client


@pytest.fixture
def people(client: Client) -> Client:
    account = client.create("Account", Name="Fjord O'Hara", NumberOfEmployees=40)
    for last, first, email in (("Adams", "Zoe", "z@x.example"), ("Brown", None, None), ("Clark", "Ann", "a@x.example")):
        client.later(60)
        client.create(
            "Contact", LastName=last, FirstName=first, Email=email, AccountId=account if last != "Brown" else None
        )
    return client


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("LastName = 'adams'", ["Adams"]),
        ("LastName != 'Adams'", ["Brown", "Clark"]),
        ("Email = null", ["Brown"]),
        ("Email != 'z@x.example'", ["Brown", "Clark"]),
        ("LastName IN ('Adams', 'Clark')", ["Adams", "Clark"]),
        ("LastName NOT IN ('Adams')", ["Brown", "Clark"]),
        ("LastName LIKE '%r%'", ["Brown", "Clark"]),
        ("LastName LIKE 'ad_ms'", ["Adams"]),
        ("NOT LastName LIKE 'A%'", ["Brown", "Clark"]),
        ("LastName > 'Adams' AND LastName < 'Clark'", ["Brown"]),
        ("(LastName = 'Adams' AND Email != null) OR LastName = 'Brown'", ["Adams", "Brown"]),
        ("Account.Name = 'Fjord O\\'Hara'", ["Adams", "Clark"]),
        ("Account.NumberOfEmployees >= 40", ["Adams", "Clark"]),
        ("HasOptedOutOfEmail = FALSE", ["Adams", "Brown", "Clark"]),
        ("SystemModstamp > 2026-11-21T09:01:00Z", ["Brown", "Clark"]),
        ("SystemModstamp >= 2026-11-21T10:02:00+01:00", ["Brown", "Clark"]),
        ("CreatedDate = 2026-11-21T09:03:00Z", ["Clark"]),
    ],
)
def test_a_condition_selects_the_rows_it_says(people: Client, where: str, expected: list[str]) -> None:
    rows = people.query(f"SELECT LastName FROM Contact WHERE {where} ORDER BY LastName")
    assert [row["LastName"] for row in rows] == expected


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM Contact WHERE LastName = 'a' AND Email = 'b' OR Email = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact GROUP BY Id", "MALFORMED_QUERY"),
        ("SELECT COUNT(Id) FROM Contact", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE CreatedDate = TODAY", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE AccountId IN (SELECT Id FROM Account)", "MALFORMED_QUERY"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id, Id FROM Contact", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = 'open", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = '\\x'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact FOR UPDATE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact LIMIT 1 LIMIT 2", "MALFORMED_QUERY"),
        ("SELECT Account.Owner.Name FROM Contact", "MALFORMED_QUERY"),
        ("DELETE FROM Contact", "MALFORMED_QUERY"),
        ("SELECT Nope FROM Contact", "INVALID_FIELD"),
        ("SELECT Account.Nope FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Nope = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Contact ORDER BY Nope", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE LastName = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE CreatedDate > 2026-01-01", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Nobody", "INVALID_TYPE"),
        ("SELECT Id FROM Contact WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Contact OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_what_is_not_understood_is_refused_and_never_answered_wrongly(client: Client, soql: str, code: str) -> None:
    client.create("Contact", LastName="Adams")
    assert error_of(client.call("GET", "/query", q=soql)) == (400, code)


def test_rows_are_ordered_by_several_fields_with_empty_ones_where_asked(people: Client) -> None:
    first = people.query("SELECT LastName FROM Contact ORDER BY FirstName, LastName")
    last = people.query("SELECT LastName FROM Contact ORDER BY FirstName DESC NULLS LAST")
    assert [row["LastName"] for row in first] == ["Brown", "Clark", "Adams"]
    assert [row["LastName"] for row in last] == ["Adams", "Clark", "Brown"]


def test_parent_fields_are_nested_and_missing_parents_are_null(people: Client) -> None:
    rows = people.query("SELECT LastName, Account.Name, Owner.Name, Owner.Id FROM Contact ORDER BY LastName LIMIT 2")
    assert rows[0]["Account"]["Name"] == "Fjord O'Hara"
    assert rows[0]["Account"]["attributes"]["type"] == "Account"
    assert rows[0]["Owner"]["Id"] == people.crm.agent.user
    assert rows[1]["Account"] is None


def test_count_gives_the_number_alone(people: Client) -> None:
    body = people.json("GET", "/query", q="SELECT count() FROM Contact WHERE Email != null")
    assert body == {"totalSize": 2, "done": True, "records": []}


def test_a_case_is_owned_by_a_user_or_a_queue(client: Client) -> None:
    queue = client.crm.queues["Billing Desk"]
    client.create("Case", Subject="a", OwnerId=queue)
    client.create("Case", Subject="b")
    rows = client.query("SELECT Owner.Name, Owner.Type FROM Case ORDER BY Subject")
    assert [(row["Owner"]["Name"], row["Owner"]["Type"]) for row in rows] == [
        ("Billing Desk", "Group"),
        ("Connector Integration", "User"),
    ]
    assert len(client.query(f"SELECT Id FROM Case WHERE OwnerId = '{queue[:15]}'")) == 1


def test_a_long_result_comes_in_pages_that_together_hold_every_row_once(client: Client) -> None:
    client.crm.face.state.page_size = 200
    ids = [client.create("Account", Name=f"A{number}") for number in range(450)]
    page, seen = client.json("GET", "/query", q="SELECT Id FROM Account ORDER BY Id"), []
    while True:
        seen += [row["Id"] for row in page["records"]]
        if page["done"]:
            break
        page = client.json("GET", page["nextRecordsUrl"])
    assert seen == ids
    assert page["totalSize"] == 450


def test_pages_shrink_once_a_long_text_is_selected(client: Client) -> None:
    setup = client.crm.reps[0]
    for number in range(1001):
        client.crm.org.create("Account", {"Name": f"A{number}"}, actor=setup)
    assert client.json("GET", "/query", q="SELECT Id FROM Account")["done"] is True
    wide = client.json("GET", "/query", q="SELECT Id, Description FROM Account")
    assert (len(wide["records"]), wide["done"]) == (1000, False)


def test_a_locator_expires_after_two_days(client: Client) -> None:
    client.crm.face.state.page_size = 1
    client.create("Account", Name="a"), client.create("Account", Name="b")
    page = client.json("GET", "/query", q="SELECT Id FROM Account")
    client.later(2 * 24 * 3600)
    client.token = client.crm.access_token()
    assert error_of(client.call("GET", page["nextRecordsUrl"])) == (400, "INVALID_QUERY_LOCATOR")


def test_the_library_spelling_with_a_trailing_slash_works(client: Client) -> None:
    assert client.call("GET", "/query/", q="SELECT Id FROM Account").status == 200


def test_field_history_says_who_changed_what_and_when(client: Client) -> None:
    row_id = client.create("Case", Subject="a", Priority="Low")
    client.later()
    client.crm.org.update("Case", row_id, {"Priority": "High"}, actor=client.crm.reps[1])
    rows = client.query(
        f"SELECT Field, OldValue, NewValue, CreatedById, CreatedDate FROM CaseHistory WHERE CaseId = '{row_id}'"
    )
    found = [(row["Field"], row["OldValue"], row["NewValue"], row["CreatedById"], row["CreatedDate"]) for row in rows]
    assert found == [("Priority", "Low", "High", client.crm.reps[1].user, "2026-11-21T09:00:10.000+0000")]


def test_the_order_object_can_be_queried_although_its_name_is_a_word_of_the_language(client: Client) -> None:
    account = client.create("Account", Name="a")
    client.create("Order", AccountId=account, EffectiveDate="2026-11-01")
    assert client.query("SELECT OrderNumber, Account.Name FROM Order ORDER BY Id")[0]["OrderNumber"] == "00000001"


@given(st.text(max_size=60))
def test_any_text_between_quotes_is_a_literal_and_nothing_more(text: str) -> None:
    """Escaping is enough: whatever stands between the quotes can only be a value."""
    quoted = "".join({"'": "\\'", "\\": "\\\\", "\n": "\\n", "\r": "\\r"}.get(letter, letter) for letter in text)
    where = parse(f"SELECT Id FROM Contact WHERE LastName = '{quoted}'").where
    assert where.literal.value == text  # type: ignore[union-attr]


@given(st.text(max_size=80))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with suppress(ApiError):
        assert parse(f"SELECT Id FROM Contact WHERE {text}").where is not None


_TEXTS = st.sampled_from(["a", "B", "c", None])


@given(st.lists(st.tuples(_TEXTS, _TEXTS), max_size=8), st.sampled_from(["a", "b", "x"]))
def test_a_condition_and_its_negation_split_the_rows(pairs: list[tuple[str | None, str | None]], value: str) -> None:
    client = new_client()
    for first, title in pairs:
        client.create("Contact", LastName="L", FirstName=first, Title=title)
    clause = f"(FirstName = '{value}' OR Title LIKE '{value}%')"
    kept, left = (client.query(f"SELECT Id FROM Contact WHERE {word}{clause}") for word in ("", "NOT "))
    assert len(kept) + len(left) == len(pairs)
    assert not {row["Id"] for row in kept} & {row["Id"] for row in left}


def test_the_request_line_may_quote_the_query_either_way(client: Client) -> None:
    client.create("Account", Name="A & B")
    soql = "SELECT Name FROM Account WHERE Name = 'A & B'"
    response = client.call("GET", f"{BASE}/query?q={quote(soql)}")
    assert json.loads(response.body)["totalSize"] == 1
