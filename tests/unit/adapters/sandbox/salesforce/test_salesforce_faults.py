"""Every fault of the Salesforce face shows its effect and is counted when it does."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from adapters.sandbox import FAULT_NAMES_SALESFORCE, ConnectionCut, Stall
from tests.unit.adapters.sandbox.salesforce.wire_client import Client, error_of, new_client

SHOWN: dict[str, Callable[[Client], None]] = {}
GUARD = {"If-Unmodified-Since": "Sat, 21 Nov 2026 09:00:00 GMT"}


def shows(name: str) -> Callable[[Callable[[Client], None]], Callable[[Client], None]]:
    def register(check: Callable[[Client], None]) -> Callable[[Client], None]:
        SHOWN[name] = check
        return check

    return register


def case(client: Client) -> str:
    """A case a rep made, ten seconds ago."""
    row = client.crm.org.create("Case", {"Subject": "a", "OwnerId": client.crm.reps[0].user}, actor=client.crm.reps[0])
    client.later()
    return row.id


def subject(client: Client, row_id: str) -> object:
    return client.crm.org.get("Case", row_id).get("Subject")


@shows("reset_before_apply")
def _(client: Client) -> None:
    row_id = case(client)
    client.faults.arm("reset_before_apply")
    with pytest.raises(ConnectionCut) as cut:
        client.call("PATCH", f"/sobjects/Case/{row_id}", body={"Subject": "b"})
    assert (cut.value.applied, subject(client, row_id)) == (False, "a")


@shows("reset_after_apply")
def _(client: Client) -> None:
    row_id = case(client)
    client.faults.arm("reset_after_apply")
    with pytest.raises(ConnectionCut) as cut:
        client.call("PATCH", f"/sobjects/Case/{row_id}", body={"Subject": "b"})
    assert (cut.value.applied, subject(client, row_id)) == (True, "b")


@shows("timeout_before_apply")
def _(client: Client) -> None:
    row_id = case(client)
    client.faults.arm("timeout_before_apply")
    with pytest.raises(Stall):
        client.call("PATCH", f"/sobjects/Case/{row_id}", body={"Subject": "b"})
    assert subject(client, row_id) == "a"


@shows("timeout_after_apply")
def _(client: Client) -> None:
    row_id = case(client)
    client.faults.arm("timeout_after_apply")
    with pytest.raises(Stall):
        client.call("PATCH", f"/sobjects/Case/{row_id}", body={"Subject": "b"})
    assert subject(client, row_id) == "b"


@shows("slow_drip")
def _(client: Client) -> None:
    client.faults.arm("slow_drip")
    assert client.call("GET", "/limits").drip_seconds > 0


@shows("truncated_json")
def _(client: Client) -> None:
    client.faults.arm("truncated_json")
    response = client.call("GET", "/limits")
    assert response.cut_after is not None
    assert 0 < response.cut_after < len(response.body)


def refused_once(name: str, status: int, code: str) -> None:
    def check(client: Client) -> None:
        row_id = case(client)
        client.faults.arm(name)
        assert error_of(client.call("PATCH", f"/sobjects/Case/{row_id}", body={"Subject": "b"})) == (status, code)
        assert subject(client, row_id) == "a"
        assert client.call("PATCH", f"/sobjects/Case/{row_id}", body={"Subject": "b"}).status in (204, 401)

    SHOWN[name] = check


for _name, _status, _code in (
    ("http_401", 401, "INVALID_SESSION_ID"),
    ("http_403", 403, "INSUFFICIENT_ACCESS"),
    ("http_404", 404, "NOT_FOUND"),
    ("http_409", 409, "CONFLICT"),
    ("http_412", 412, "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE_CHECK"),
    ("http_429", 429, "TOO_MANY_REQUESTS"),
    ("http_500", 500, "UNKNOWN_EXCEPTION"),
    ("http_503", 503, "SERVER_UNAVAILABLE"),
    ("request_limit_daily", 403, "REQUEST_LIMIT_EXCEEDED"),
    ("request_limit_concurrent", 403, "REQUEST_LIMIT_EXCEEDED"),
    ("lock_row_400", 400, "UNABLE_TO_LOCK_ROW"),
    ("lock_row_500", 500, "UNABLE_TO_LOCK_ROW"),
    ("duplicates_detected", 400, "DUPLICATES_DETECTED"),
):
    refused_once(_name, _status, _code)


@shows("http_502")
def _(client: Client) -> None:
    client.faults.arm("http_502")
    response = client.call("GET", "/limits")
    assert (response.status, response.body[:9]) == (502, b"<!DOCTYPE")


@shows("html_body")
def _(client: Client) -> None:
    client.faults.arm("html_body")
    response = client.call("GET", "/limits")
    assert (response.status, response.headers["Content-Type"][:9]) == (200, "text/html")


@shows("session_expired_mid_write")
def _(client: Client) -> None:
    row_id = case(client)
    client.faults.arm("session_expired_mid_write")
    for _attempt in range(2):
        response = client.call("PATCH", f"/sobjects/Case/{row_id}", body={"Subject": "b"}, headers=GUARD)
        assert error_of(response) == (401, "INVALID_SESSION_ID")
    client.token = client.crm.access_token()
    assert client.call("PATCH", f"/sobjects/Case/{row_id}", body={"Subject": "b"}, headers=GUARD).status == 204


@shows("refuse_unguarded_patch")
def _(client: Client) -> None:
    row_id = case(client)
    client.faults.arm("refuse_unguarded_patch")
    assert client.call("PATCH", f"/sobjects/Case/{row_id}", body={"Subject": "b"}, headers=GUARD).status == 204
    assert client.faults.counts["refuse_unguarded_patch"] == 0
    assert client.call("PATCH", f"/sobjects/Case/{row_id}", body={"Subject": "c"}).status == 428


@shows("limit_counter_backwards")
def _(client: Client) -> None:
    client.call("GET", "/limits")
    client.call("GET", "/limits")
    client.faults.arm("limit_counter_backwards")
    assert client.call("GET", "/limits").headers["Sforce-Limit-Info"] == "api-usage=1/15000"


@shows("write_between_read_and_patch")
def _(client: Client) -> None:
    row_id = case(client)
    client.faults.arm("write_between_read_and_patch")
    response = client.call("PATCH", f"/sobjects/Case/{row_id}", body={"Subject": "b"}, headers=GUARD)
    assert response.status == 412
    assert str(subject(client, row_id)).startswith("Edited by hand")
    assert client.crm.org.log.entries()[-2].actor == "rep"


@shows("stamp_bump_after_patch")
def _(client: Client) -> None:
    row_id = case(client)
    revision = client.crm.org.get("Case", row_id).revision
    client.faults.arm("stamp_bump_after_patch")
    client.call("PATCH", f"/sobjects/Case/{row_id}", body={"Subject": "b"})
    assert client.crm.org.get("Case", row_id).revision == revision + 2


@shows("trigger_rewrites_field")
def _(client: Client) -> None:
    row_id = case(client)
    client.faults.arm("trigger_rewrites_field")
    client.call("PATCH", f"/sobjects/Case/{row_id}", body={"Priority": "High"})
    assert client.crm.org.get("Case", row_id).get("Priority") in ("Medium", "Low")
    assert [line.actor for line in client.crm.org.log.entries() if line.field == "Priority"][-2:] == [
        "agent",
        "automation",
    ]


@shows("assignment_rule_owner_change")
def _(client: Client) -> None:
    row_id = case(client)
    client.faults.arm("assignment_rule_owner_change")
    path, owner = f"/sobjects/Case/{row_id}", client.crm.reps[0].user
    client.call("PATCH", path, body={"Subject": "b"}, headers={"Sforce-Auto-Assign": "FALSE"})
    assert client.crm.org.get("Case", row_id).get("OwnerId") == owner
    client.call("PATCH", path, body={"Subject": "c"})
    assert client.crm.org.get("Case", row_id).get("OwnerId") != owner


@shows("collections_item_without_id")
def _(client: Client) -> None:
    client.faults.arm("collections_item_without_id")
    records = [{"attributes": {"type": "Account"}, "Name": "A"}]
    assert "id" not in client.json("POST", "/composite/sobjects", body={"records": records})[0]
    assert client.query("SELECT Id FROM Account") == []


@shows("ambiguous_external_id_300")
def _(client: Client) -> None:
    row_id = client.create("Task", Subject="a", Connector_Marker__c="m")
    client.faults.arm("ambiguous_external_id_300")
    response = client.call("PATCH", "/sobjects/Task/Connector_Marker__c/m", body={"Subject": "b"})
    assert response.status == 300
    assert json.loads(response.body)[0].endswith(row_id)


@shows("same_second_ties")
def _(client: Client) -> None:
    for _number in range(3):
        case(client)
    client.faults.arm("same_second_ties")
    stamps = {row["SystemModstamp"] for row in client.query("SELECT SystemModstamp FROM Case")}
    assert stamps == {"2026-11-21T09:00:30.000+0000"}


@shows("wide_row_short_pages")
def _(client: Client) -> None:
    ids = [case(client) for _ in range(4)]
    client.faults.arm("wide_row_short_pages")
    first = client.json("GET", "/query", q="SELECT Id FROM Case ORDER BY Id")
    rest = client.json("GET", first["nextRecordsUrl"])
    assert (len(first["records"]), first["done"], first["totalSize"]) == (2, False, 4)
    assert [row["Id"] for row in first["records"] + rest["records"]] == ids


def two_pages(client: Client) -> str:
    client.crm.face.state.page_size = 1
    case(client), case(client)
    return str(client.json("GET", "/query", q="SELECT Id FROM Case ORDER BY Id")["nextRecordsUrl"])


@shows("expired_locator")
def _(client: Client) -> None:
    url = two_pages(client)
    client.faults.arm("expired_locator")
    assert error_of(client.call("GET", url)) == (400, "INVALID_QUERY_LOCATOR")


@shows("duplicated_page")
def _(client: Client) -> None:
    url = two_pages(client)
    client.faults.arm("duplicated_page")
    again = client.json("GET", url)
    last = client.json("GET", again["nextRecordsUrl"])
    assert again["records"] != last["records"]
    assert (again["done"], last["done"]) == (False, True)


@shows("late_commit")
def _(client: Client) -> None:
    row_id = case(client)
    client.faults.arm("late_commit")
    client.crm.org.update("Case", row_id, {"Subject": "late"}, actor=client.crm.reps[0])
    history = f"SELECT NewValue FROM CaseHistory WHERE CaseId = '{row_id}'"
    assert client.query("SELECT Subject FROM Case")[0]["Subject"] == "a"
    assert client.query(history) == []
    client.later(60)
    assert [row["NewValue"] for row in client.query(history)] == ["late"]
    late = client.query("SELECT Subject, SystemModstamp FROM Case WHERE SystemModstamp >= 2026-11-21T09:00:10Z")[0]
    assert (late["Subject"], late["SystemModstamp"]) == ("late", "2026-11-21T09:00:10.000+0000")


@shows("stamp_only_bump")
def _(client: Client) -> None:
    row_id = case(client)
    client.faults.arm("stamp_only_bump")
    row = client.json("GET", f"/sobjects/Case/{row_id}")
    assert (row["SystemModstamp"], row["LastModifiedDate"]) == (
        "2026-11-21T09:00:10.000+0000",
        "2026-11-21T09:00:00.000+0000",
    )


@shows("delete_undelete")
def _(client: Client) -> None:
    row_id = case(client)
    client.faults.arm("delete_undelete")
    assert client.json("GET", f"/sobjects/Case/{row_id}")["IsDeleted"] is False
    changed = [line.after for line in client.crm.org.log.entries() if line.field == "deleted"]
    assert changed == [True, False]


@shows("merge")
def _(client: Client) -> None:
    for name in ("A", "B"):
        client.create("Lead", LastName=name, Company="C")
    client.faults.arm("merge")
    rows = client.query("SELECT Id, MasterRecordId, IsDeleted FROM Lead ORDER BY IsDeleted", deleted=True)
    assert (rows[1]["IsDeleted"], rows[1]["MasterRecordId"]) == (True, rows[0]["Id"])


@shows("describe_field_removed")
def _(client: Client) -> None:
    _drifts(client, "describe_field_removed")


@shows("field_hidden")
def _(client: Client) -> None:
    _drifts(client, "field_hidden")


@shows("describe_option_deactivated")
def _(client: Client) -> None:
    _drifts(client, "describe_option_deactivated")


def described(client: Client) -> str:
    names = ("Case", "Lead", "Contact", "Account", "Opportunity")
    return json.dumps([client.json("GET", f"/sobjects/{name}/describe") for name in names])


def _drifts(client: Client, name: str) -> None:
    before = described(client)
    client.faults.arm(name)
    client.call("GET", "/limits")
    drifted = described(client)
    client.faults.heal()
    healed = described(client)
    assert drifted != before
    if name != "describe_field_removed":  # a field that comes back stands last
        assert healed == before
    assert len(healed) == len(before)


@pytest.mark.parametrize("name", sorted(FAULT_NAMES_SALESFORCE))
def test_a_fault_has_the_effect_its_name_says(name: str) -> None:
    client = new_client()
    SHOWN[name](client)
    assert client.faults.counts[name] == 1


def test_no_fault_happens_unless_it_is_switched_on(client: Client) -> None:
    row_id = case(client)
    for _ in range(50):
        assert client.call("GET", f"/sobjects/Case/{row_id}").status == 200
    assert not client.faults.counts


def test_the_same_seed_shows_the_same_faults() -> None:
    def run() -> list[int]:
        client = new_client()
        client.faults.set("http_503", 0.3)
        return [client.call("GET", "/limits").status for _ in range(40)]

    assert run() == run()
    assert set(run()) == {200, 503}
