"""Tokens, versions, describe, limits, replication windows and bulk queries."""

from __future__ import annotations

import base64
import csv
import io
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from adapters.sandbox import ConnectedApp, WireRequest, WireResponse
from adapters.sandbox.schema import FieldDefinition
from tests.unit.adapters.sandbox.salesforce.wire_client import BASE, START, Client, error_of, new_client

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def token_call(client: Client, headers: dict[str, str] | None = None, **form: str) -> WireResponse:
    request = WireRequest(
        method="POST",
        path="/services/oauth2/token",
        headers={"Host": "127.0.0.1:9", **(headers or {})},
        body=urlencode(form).encode(),
    )
    return client.crm.face.respond(request)


def claims(**changed: object) -> dict[str, object]:
    expires = str(int((START + timedelta(minutes=3)).timestamp()))
    good = {"iss": "sandbox-client", "sub": "integration@example.com", "aud": "https://login.salesforce.com"}
    return {**good, "exp": expires, **changed}


def unsigned(**changed: object) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256"}, claims(**changed))]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "sig"])


def test_client_credentials_give_a_token_that_speaks_for_the_integration_user(client: Client) -> None:
    basic = base64.b64encode(b"sandbox-client:sandbox-secret").decode()
    reply = json.loads(token_call(client, {"Authorization": f"Basic {basic}"}, grant_type="client_credentials").body)
    assert reply["instance_url"] == "http://127.0.0.1:9"
    client.token = reply["access_token"]
    row_id = client.create("Account", Name="A")
    assert client.json("GET", f"/sobjects/Account/{row_id}")["CreatedById"] == client.crm.agent.user


def test_a_jwt_is_taken_when_its_claims_are_right(client: Client) -> None:
    reply = token_call(client, grant_type=JWT, assertion=unsigned())
    client.token = json.loads(reply.body)["access_token"]
    assert client.call("GET", "/limits").status == 200


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"iss": "other"}, "invalid_client_id"),
        ({"aud": "https://elsewhere.example"}, "invalid_grant"),
        ({"sub": "nobody@example.com"}, "invalid_grant"),
        ({"exp": "1"}, "invalid_grant"),
    ],
)
def test_a_jwt_with_a_wrong_claim_is_refused(client: Client, changed: dict[str, object], error: str) -> None:
    reply = token_call(client, grant_type=JWT, assertion=unsigned(**changed))
    assert (reply.status, json.loads(reply.body)["error"]) == (400, error)


def test_a_signature_is_verified_when_the_app_has_a_key() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from jwt import encode

    keys = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
    pem = keys[0].public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    client = new_client(app=ConnectedApp(public_key=pem.decode()))
    good, bad = (encode(claims(), key, algorithm="RS256") for key in keys)
    assert token_call(client, grant_type=JWT, assertion=good).status == 200
    assert token_call(client, grant_type=JWT, assertion=bad).status == 400


def test_other_grants_and_wrong_secrets_are_refused(client: Client) -> None:
    assert json.loads(token_call(client, grant_type="password").body) == {
        "error": "unsupported_grant_type",
        "error_description": "grant type not supported",
    }
    wrong = token_call(client, grant_type="client_credentials", client_id="sandbox-client", client_secret="x")
    assert json.loads(wrong.body)["error"] == "invalid_client"


def test_an_unknown_or_expired_token_is_a_401(client: Client) -> None:
    client.later(3 * 3600)
    response = client.call("GET", "/limits")
    assert error_of(response) == (401, "INVALID_SESSION_ID")
    assert response.headers["WWW-Authenticate"] == "Token"
    assert "Sforce-Limit-Info" not in response.headers


def test_the_version_list_needs_no_token_and_old_versions_are_gone(client: Client) -> None:
    client.token = ""
    versions = json.loads(client.call("GET", "/services/data").body)
    assert versions[0] == {"label": "Summer '14", "url": "/services/data/v31.0", "version": "31.0"}
    assert {"label": "Summer '26", "url": "/services/data/v67.0", "version": "67.0"} in versions
    client.token = client.crm.access_token()
    assert client.call("GET", "/services/data/v31.0/limits").status == 200
    assert client.call("GET", "/services/data/v30.0/limits").status == 404


def test_describe_tells_types_options_and_references(client: Client) -> None:
    described = client.json("GET", "/sobjects/Case/describe")
    fields = {field["name"]: field for field in described["fields"]}
    assert [option["value"] for option in fields["Priority"]["picklistValues"]] == ["High", "Medium", "Low"]
    assert fields["Priority"]["restrictedPicklist"] is True
    assert fields["OwnerId"]["referenceTo"] == ["Group", "User"]
    assert fields["OwnerId"]["polymorphicForeignKey"] is True
    assert (fields["SystemModstamp"]["updateable"], fields["Subject"]["updateable"]) == (False, True)
    assert {kind["name"] for kind in described["recordTypeInfos"]} == {"Master", "Customer Support", "Internal Request"}
    marker = {field["name"]: field for field in client.json("GET", "/sobjects/Task/describe")["fields"]}
    assert (marker["Connector_Marker__c"]["externalId"], marker["Connector_Marker__c"]["custom"]) == (True, True)


def test_describe_is_304_until_the_metadata_changes(client: Client) -> None:
    stamp = client.call("GET", "/sobjects/Case/describe").headers["Last-Modified"]
    since = {"If-Modified-Since": stamp}
    assert client.call("GET", "/sobjects/Case/describe", headers=since).status == 304
    client.later()
    client.crm.org.set_options("Case", "Type", ["Lost card", "Pin"])
    changed = client.call("GET", "/sobjects/Case/describe", headers=since)
    options = next(f for f in json.loads(changed.body)["fields"] if f["name"] == "Type")["picklistValues"]
    assert [option["value"] for option in options] == ["Lost card", "Pin"]


def test_a_hidden_field_is_as_if_it_were_not_there(client: Client) -> None:
    case = client.create("Case", Subject="a", Reason="Other")
    field = client.crm.org.schema.objects["Case"].fields["Reason"]
    client.crm.org.add_field(
        "Case", FieldDefinition(name="Reason", kind="picklist", options=field.options, hidden=True)
    )
    names = {each["name"] for each in client.json("GET", "/sobjects/Case/describe")["fields"]}
    assert "Reason" not in names
    assert "Reason" not in client.json("GET", f"/sobjects/Case/{case}")
    assert error_of(client.call("GET", "/query", q="SELECT Reason FROM Case")) == (400, "INVALID_FIELD")
    refused = client.call("PATCH", f"/sobjects/Case/{case}", body={"Reason": "Feedback"})
    assert error_of(refused) == (400, "INVALID_FIELD")


def test_limits_are_told_in_every_answer_and_enforced_when_asked() -> None:
    client = new_client(daily_calls=3, enforce_limits=True)
    told = [client.call("GET", "/limits").headers["Sforce-Limit-Info"] for _ in range(3)]
    assert told == ["api-usage=1/3", "api-usage=2/3", "api-usage=3/3"]
    assert error_of(client.call("GET", "/limits")) == (403, "REQUEST_LIMIT_EXCEEDED")
    client.later(24 * 3600)
    client.token = client.crm.access_token()
    assert client.call("GET", "/limits").status == 200


def test_record_count_counts_live_rows(client: Client) -> None:
    client.create("Account", Name="A")
    counts = client.json("GET", "/limits/recordCount", sObjects="Account,Case")
    assert counts == {"sObjects": [{"count": 1, "name": "Account"}, {"count": 0, "name": "Case"}]}


def test_updated_and_deleted_rows_are_listed_for_a_window(client: Client) -> None:
    kept, gone = client.create("Contact", LastName="K"), client.create("Contact", LastName="G")
    client.call("DELETE", f"/sobjects/Contact/{gone}")
    client.later(300)
    window = {"start": "2026-11-21T09:00:00+00:00", "end": "2026-11-21T09:05:00Z"}
    assert client.json("GET", "/sobjects/Contact/updated", **window) == {
        "ids": [kept],
        "latestDateCovered": "2026-11-21T09:05:00.000+0000",
    }
    deleted = client.json("GET", "/sobjects/Contact/deleted", **window)
    assert [row["id"] for row in deleted["deletedRecords"]] == [gone]


@pytest.mark.parametrize("start", ["2026-11-21T09:04:30Z", "2026-09-01T00:00:00Z", "2026-11-22T00:00:00Z"])
def test_a_window_too_short_too_old_or_backwards_is_refused(client: Client, start: str) -> None:
    client.later(300)
    response = client.call("GET", "/sobjects/Contact/updated", start=start, end="2026-11-21T09:05:00Z")
    assert error_of(response) == (400, "INVALID_REPLICATION_DATE")


def test_an_open_write_holds_back_what_is_covered(client: Client) -> None:
    client.faults.arm("late_commit")
    client.crm.org.create("Contact", {"LastName": "Late"}, actor=client.crm.reps[0])
    client.crm.org.clock.advance(timedelta(milliseconds=1))
    window = {"start": "2026-11-21T08:00:00Z", "end": "2026-11-21T09:30:00Z"}
    covered = client.json("GET", "/sobjects/Contact/updated", **window)["latestDateCovered"]
    assert covered == "2026-11-21T09:00:00.000+0000"
    assert client.query("SELECT Id FROM Contact") == []


def test_a_bulk_query_gives_every_row_once_and_ends_with_the_word_null(client: Client) -> None:
    for number in range(5):
        client.create("Account", Name=f'A{number}, "quoted"')
    job = client.json(
        "POST", "/jobs/query", body={"operation": "query", "query": "SELECT Name, Id FROM Account ORDER BY Id"}
    )
    early = client.call("GET", f"/jobs/query/{job['id']}/results")
    assert error_of(early) == (412, "JOB_NOT_COMPLETE")
    done = client.json("GET", f"/jobs/query/{job['id']}")
    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 5)
    rows, locator = [], ""
    while locator != "null":
        page = client.call(
            "GET", f"/jobs/query/{job['id']}/results", maxRecords="2", **({"locator": locator} if locator else {})
        )
        rows += list(csv.DictReader(io.StringIO(page.body.decode())))
        locator = page.headers["Sforce-Locator"]
    assert [row["Name"] for row in rows] == [f'A{number}, "quoted"' for number in range(5)]
    other = client.call("GET", f"/services/data/v60.0/jobs/query/{job['id']}/results")
    assert other.status == 409


def test_an_unknown_resource_is_a_404_and_a_wrong_method_a_405(client: Client) -> None:
    assert error_of(client.call("GET", "/nothing")) == (404, "NOT_FOUND")
    assert error_of(client.call("GET", "/sobjects/Nothing/describe")) == (404, "NOT_FOUND")
    row_id = client.create("Account", Name="A")
    assert error_of(client.call("PUT", f"{BASE}/sobjects/Account/{row_id}")) == (405, "METHOD_NOT_ALLOWED")


def test_layouts_tell_which_options_a_record_type_offers(client: Client) -> None:
    mappings = {
        one["developerName"]: {each["picklistName"]: each["picklistValues"] for each in one["picklistsForRecordType"]}
        for one in client.json("GET", "/sobjects/Case/describe/layouts")["recordTypeMappings"]
    }
    assert set(mappings) == {"Customer_Support", "Internal_Request", "Master"}
    offered = {kind: {value["value"] for value in picklists["Priority"]} for kind, picklists in mappings.items()}
    assert offered["Internal_Request"] < offered["Customer_Support"] == offered["Master"]
