"""Composite and collections: several writes in one call."""

from __future__ import annotations

from typing import Any

from tests.unit.adapters.sandbox.salesforce.wire_client import BASE, Client, error_of


def part(method: str, path: str, name: str, **more: Any) -> dict[str, Any]:
    return {"method": method, "url": BASE + path, "referenceId": name, **more}


def send(client: Client, *parts: dict[str, Any], all_or_none: bool = False) -> list[dict[str, Any]]:
    body = {"allOrNone": all_or_none, "collateSubrequests": False, "compositeRequest": list(parts)}
    return list(client.json("POST", "/composite", body=body)["compositeResponse"])


def test_each_sub_request_has_its_own_guard(client: Client) -> None:
    first, second = client.create("Case", Subject="a"), client.create("Case", Subject="b")
    client.later()
    client.crm.org.update("Case", second, {"Origin": "Web"}, actor=client.crm.reps[0])
    guard = {"If-Unmodified-Since": "Sat, 21 Nov 2026 09:00:00 GMT"}
    results = send(
        client,
        part("PATCH", f"/sobjects/Case/{first}", "p1", httpHeaders=guard, body={"Subject": "x"}),
        part("GET", f"/sobjects/Case/{first}?fields=Subject,SystemModstamp", "g1"),
        part("PATCH", f"/sobjects/Case/{second}", "p2", httpHeaders=guard, body={"Subject": "x"}),
    )
    assert [result["httpStatusCode"] for result in results] == [204, 200, 412]
    assert results[1]["body"]["Subject"] == "x"
    assert results[0]["body"] is None
    assert [row["Subject"] for row in client.query("SELECT Subject FROM Case ORDER BY Id")] == ["x", "b"]


def test_a_later_sub_request_can_refer_to_an_earlier_one(client: Client) -> None:
    results = send(
        client,
        part("POST", "/sobjects/Account", "acc", body={"Name": "Fjord"}),
        part("POST", "/sobjects/Contact", "con", body={"LastName": "Q", "AccountId": "@{acc.id}"}),
        part("GET", "/sobjects/Contact/@{con.id}?fields=AccountId", "back"),
        part("GET", "/sobjects/Contact/@{missing.id}", "lost"),
    )
    assert results[2]["body"]["AccountId"] == results[0]["body"]["id"]
    assert results[3]["httpStatusCode"] == 400


def test_all_or_none_leaves_no_trace_of_what_was_rolled_back(client: Client) -> None:
    row_id = client.create("Case", Subject="a")
    written, past = len(client.crm.org.log), len(client.crm.org.history.of(client.crm.org.get("Case", row_id).key))
    results = send(
        client,
        part("PATCH", f"/sobjects/Case/{row_id}", "p1", body={"Subject": "x"}),
        part("POST", "/sobjects/Task", "t1", body={"Subject": "follow up", "WhatId": row_id}),
        part("PATCH", f"/sobjects/Case/{row_id}", "p2", body={"Nope": "x"}),
        all_or_none=True,
    )
    assert [result["httpStatusCode"] for result in results] == [400, 400, 400]
    codes = [result["body"][0]["errorCode"] for result in results]
    assert codes == ["PROCESSING_HALTED", "PROCESSING_HALTED", "INVALID_FIELD"]
    assert client.query("SELECT Subject FROM Case")[0]["Subject"] == "a"
    assert client.query("SELECT Id FROM Task") == []
    assert next(line.kind for line in client.crm.org.log.since(written)) == "call"
    assert len(client.crm.org.history.of(client.crm.org.get("Case", row_id).key)) == past


def test_a_composite_has_its_limits(client: Client) -> None:
    too_many = [part("GET", "/limits", f"r{number}") for number in range(26)]
    queries = [part("GET", "/query?q=SELECT+Id+FROM+Case", f"r{number}") for number in range(6)]
    twins = [part("GET", "/limits", "same"), part("GET", "/limits", "same")]
    for parts in (too_many, queries, twins, []):
        refused = client.call("POST", "/composite", body={"compositeRequest": parts})
        assert refused.status == 400


def test_a_sub_request_may_not_bring_its_own_credentials(client: Client) -> None:
    results = send(client, part("GET", "/limits", "r", httpHeaders={"Authorization": "Bearer other"}))
    assert results[0]["httpStatusCode"] == 400


def test_five_queries_run_in_one_call(client: Client) -> None:
    client.create("Case", Subject="a")
    before = client.crm.face.state.budget.used
    results = send(client, *[part("GET", "/query?q=SELECT+Id+FROM+Case", f"q{number}") for number in range(5)])
    assert [result["body"]["totalSize"] for result in results] == [1] * 5
    assert client.crm.face.state.budget.used == before + 1


def test_a_collection_saves_each_row_on_its_own(client: Client) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": "A"}, {"attributes": {"type": "Account"}}]
    saved, failed = client.json("POST", "/composite/sobjects", body={"records": records})
    assert saved["success"] is True
    assert failed["success"] is False
    assert "id" not in failed
    assert failed["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"


def test_a_collection_update_applies_no_guard_at_all(client: Client) -> None:
    row_id = client.create("Case", Subject="a")
    client.later()
    client.crm.org.update("Case", row_id, {"Subject": "rep"}, actor=client.crm.reps[0])
    body = {"records": [{"attributes": {"type": "Case"}, "id": row_id, "Subject": "agent"}]}
    guard = {"If-Unmodified-Since": "Sat, 21 Nov 2026 09:00:00 GMT"}
    assert client.call("PATCH", "/composite/sobjects", body=body, headers=guard).status == 200
    assert client.query("SELECT Subject FROM Case")[0]["Subject"] == "agent"


def test_a_collection_can_be_all_or_none(client: Client) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": "A"}, {"attributes": {"type": "Account"}}]
    results = client.json("POST", "/composite/sobjects", body={"allOrNone": True, "records": records})
    assert [result["success"] for result in results] == [False, False]
    assert results[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert client.query("SELECT Id FROM Account") == []


def test_collections_upsert_and_delete(client: Client) -> None:
    records = [{"attributes": {"type": "Task"}, "Connector_Marker__c": "m", "Subject": "a"}]
    path = "/composite/sobjects/Task/Connector_Marker__c"
    first = client.json("PATCH", path, body={"records": records})
    again = client.json("PATCH", path, body={"records": records})
    assert [first[0]["created"], again[0]["created"]] == [True, False]
    gone = client.json("DELETE", "/composite/sobjects", ids=first[0]["id"])
    assert gone[0]["success"] is True
    assert client.query("SELECT Id FROM Task") == []


def test_a_collection_holds_two_hundred_rows_at_most(client: Client) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": "A"}] * 201
    assert error_of(client.call("POST", "/composite/sobjects", body={"records": records}))[0] == 400
