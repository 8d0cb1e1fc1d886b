"""Every defect reproduced on simple-salesforce 1.12.10 stays shut: through us it cannot happen."""

from __future__ import annotations

import json

import pytest

from adapters.salesforce.client import SalesforceClient
from connector.adapter import (
    FieldName,
    GuardedWrite,
    HttpRequest,
    HttpResponse,
    ObjectType,
    Record,
    RecordRef,
    Version,
    Written,
)
from connector.errors import ConnectorError, CredentialsError, RejectedError, UnsafeReferenceError
from tests.unit.adapters.salesforce.scripted import (
    ACCOUNT,
    CASE,
    NOW,
    ORIGIN,
    ScriptedOrg,
    adapter,
    answer,
    description,
    environment,
    field,
    path,
    refusal,
    rows,
)

EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def _case(record_id: str = CASE) -> Record:
    ref = RecordRef("crm", ObjectType.TICKET, record_id)
    old = NOW.replace(hour=9)
    return Record(
        ref=ref, version=Version("2026-03-01T09:00:00Z"), fields={FieldName("subject"): "Old"}, created_at=old,
        modified_at=old, read_at=NOW,
    )  # fmt: skip


def _written(request: HttpRequest) -> HttpResponse:
    row = {"Id": CASE, "Subject": "New", "SystemModstamp": "2026-03-01T12:00:00.000+0000"}
    return answer(
        {
            "compositeResponse": [
                {"httpStatusCode": 204, "body": None, "referenceId": "write0", "httpHeaders": {}},
                {"httpStatusCode": 200, "body": row, "referenceId": "read0", "httpHeaders": {}},
            ]
        }
    )


def test_a_session_that_ends_mid_write_repeats_the_write_with_every_guard_header() -> None:
    def script(request: HttpRequest) -> HttpResponse | None:
        if path(request).endswith("/describe"):
            return description(field("Subject"))
        if path(request).endswith("/composite"):
            fresh = request.headers["Authorization"] == "Bearer token-2"
            return _written(request) if fresh else answer(EXPIRED, 401)
        return None

    org = ScriptedOrg(script)
    [result] = adapter(org).writes.update([GuardedWrite(intent="i", values={FieldName("subject"): "New"}, live=_case())])
    assert isinstance(result, Written)
    first, second = [request for request in org.requests if path(request).endswith("/composite")]
    assert first.body == second.body
    assert {**first.headers, "Authorization": ""} == {**second.headers, "Authorization": ""}
    assert second.headers["Sforce-Call-Options"] == "client=crm-connector"
    [patch, _] = json.loads(second.body)["compositeRequest"]
    assert patch["httpHeaders"]["If-Unmodified-Since"] == "Sun, 01 Mar 2026 09:00:00 GMT"
    assert patch["httpHeaders"]["Sforce-Auto-Assign"] == "FALSE"


@pytest.mark.parametrize("body", [EXPIRED, EXPIRED[0], "<html>no</html>"])
def test_a_lasting_401_ends_in_an_error_after_one_login_more(body: object) -> None:
    org = ScriptedOrg(lambda request: None if path(request).endswith("/token") else answer(body, 401))
    client = SalesforceClient(environment(org))
    for _ in range(10):
        with pytest.raises(CredentialsError):
            client.query("SELECT Id FROM Account")
    assert org.logins <= 2
    assert len(org.requests) < 20


@pytest.mark.parametrize(
    "record_id",
    ["http://evil.example/x", "//evil.example/x", "../Account/001000000000001AAA", "/services/data/x", "500'", "",
     "50000000000000", "500000000000001AAA/x", "500000000000001AA\n"],
)  # fmt: skip
def test_an_id_that_is_a_path_or_a_host_never_leaves_this_machine(record_id: str) -> None:
    def script(request: HttpRequest) -> HttpResponse | None:
        if path(request).endswith("/describe"):
            return description(field("Subject"))
        return rows() if "query" in path(request) else None

    org = ScriptedOrg(script)
    connected = adapter(org)
    write = GuardedWrite(intent="i", values={FieldName("subject"): "New"}, live=_case(record_id))
    [result] = connected.writes.update([write])
    assert getattr(result, "code", "") == "UNSAFE_REFERENCE"
    with pytest.raises(UnsafeReferenceError):
        connected.records.read([write.ref], [])
    with pytest.raises(UnsafeReferenceError):
        connected.writes.delete_created(RecordRef("crm", ObjectType.TASK, record_id))
    assert all(request.url.startswith((ORIGIN, "https://login.salesforce.com/")) for request in org.requests)
    assert all(request.method == "GET" or path(request).endswith("/token") for request in org.requests)


def test_every_call_carries_time_outs() -> None:
    org = ScriptedOrg(lambda request: rows() if "query" in path(request) else None)
    SalesforceClient(environment(org)).query("SELECT Id FROM Account")
    assert org.data_calls()
    assert all(request.connect > 0 and request.read > 0 for request in org.requests)


def test_the_library_never_signs_in_by_itself() -> None:
    org = ScriptedOrg(lambda request: None if path(request).endswith("/token") else answer(EXPIRED, 401))
    client = SalesforceClient(environment(org))
    with pytest.raises(CredentialsError):
        client.query("SELECT Id FROM Account")
    assert client._connected()._salesforce_login_partial is None


def test_a_library_error_does_not_carry_the_body_of_the_answer() -> None:
    secret = "jane.doe@customer.example"
    org = ScriptedOrg(lambda request: answer(f"<p>{secret}</p>".encode(), 418) if "query" in path(request) else None)
    with pytest.raises(ConnectorError) as caught:
        SalesforceClient(environment(org)).query("SELECT Id FROM Account")
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_api_version_is_always_ours() -> None:
    org = ScriptedOrg(lambda request: rows() if "query" in path(request) else None)
    SalesforceClient(environment(org, api_version="66.0")).query("SELECT Id FROM Account")
    assert "/services/data/v66.0/query" in org.data_calls()[0].url


def test_money_arrives_as_it_was_written_and_not_as_a_float() -> None:
    body = b'{"totalSize":1,"done":true,"records":[{"Id":"x","Amount":12345678901234.57}]}'
    org = ScriptedOrg(lambda request: answer(body) if "query" in path(request) else None)
    answered = SalesforceClient(environment(org)).query("SELECT Id FROM Opportunity")
    assert str(answered.body["records"][0]["Amount"]) == "12345678901234.57"


def test_a_misspelt_object_is_refused_before_the_library_makes_a_path_of_it() -> None:
    org = ScriptedOrg(lambda request: None)
    with pytest.raises(UnsafeReferenceError):
        SalesforceClient(environment(org)).deleted("Account/../User", NOW, NOW)
    assert org.data_calls() == []


def test_deleting_an_id_of_another_object_is_left_to_salesforce_to_refuse() -> None:
    org = ScriptedOrg(lambda request: refusal(400, "INVALID_ID_FIELD") if "/Task/" in path(request) else None)
    with pytest.raises(RejectedError):
        SalesforceClient(environment(org)).delete("Task", ACCOUNT)
