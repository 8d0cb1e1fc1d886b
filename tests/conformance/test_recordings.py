"""Answers that real orgs once gave, read by the adapters: they stay outside the repository, named by CRM_RECORDINGS."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from adapters.hubspot.answers import failure
from adapters.hubspot.client import HubSpotClient
from adapters.hubspot.schema import LiveObject, build
from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.failures import failure as salesforce_failure
from connector.adapter import (
    ConnectionName,
    Environment,
    FieldKind,
    FieldName,
    HttpRequest,
    HttpResponse,
    ObjectType,
    RateBudget,
    Token,
)
from connector.adapter.retry import Operation
from connector.clock import HeldClock
from connector.errors import ConnectorError, RateLimitedError
from tests.conformance.kept import KeptSecrets, KeptToken, Quiet

FOLDER = os.environ.get("CRM_RECORDINGS")
pytestmark = pytest.mark.skipif(not FOLDER, reason="CRM_RECORDINGS names no folder with recorded answers")
NOW = datetime(2026, 9, 1, tzinfo=UTC)
INSTANCE = "https://orgname.my.salesforce.com"
HUBSPOT = ("contact", "companies")
DESCRIBED = {
    "Account": ObjectType.ACCOUNT,
    "Case": ObjectType.TICKET,
    "Contact": ObjectType.CONTACT,
    "Event": ObjectType.MEETING,
    "Lead": ObjectType.LEAD,
    "Opportunity": ObjectType.OPPORTUNITY,
}


class Replay:
    """Gives one recorded answer to whatever is asked next."""

    def __init__(self) -> None:
        self.next: HttpResponse | None = None
        self.seen: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        self.seen.append(request)
        assert self.next is not None
        return self.next


def environment(replay: Replay, token: Token, **settings: object) -> Environment:
    clock = HeldClock(NOW)
    tokens = KeptToken()
    tokens.swap(None, token)
    return Environment(
        connection=ConnectionName("crm"),
        settings=settings,
        clock=clock,
        random=random.Random(1),
        transport=replay,
        secrets=KeptSecrets(access_token="recorded", client_secret="recorded"),
        tokens=tokens,
        budget=RateBudget(clock, {}),
        log=Quiet(),
    )


def hubspot_interactions(name: str) -> list[Mapping[str, Any]]:
    path = Path(str(FOLDER)) / "hubspot" / f"export-objects_export-records-{name}.json"
    found: list[Mapping[str, Any]] = json.loads(path.read_text())
    return found


def hubspot_contact() -> LiveObject:
    path = Path(str(FOLDER)) / "hubspot" / "export-objects_destination-mapping-options.json"
    [schema, *_] = [each["response"] for each in json.loads(path.read_text()) if each["path"].endswith("/CONTACT")]
    return build(ObjectType.CONTACT, tuple(schema["properties"]), (), {})


def answered(interaction: Mapping[str, Any]) -> HttpResponse:
    body = b"" if interaction["response"] in (None, "") else json.dumps(interaction["response"]).encode()
    return HttpResponse(status=interaction["status"], headers=tuple(interaction["headers"].items()), body=body)


@pytest.mark.parametrize("name", HUBSPOT)
def test_recorded_hubspot_answers_pass_through_the_client(name: str) -> None:
    replay = Replay()
    client = HubSpotClient(environment(replay, Token(access="recorded"), system="hubspot", api_version="v3"))
    counted: Counter[str] = Counter()
    for interaction in hubspot_interactions(name):
        replay.next = answered(interaction)
        object, call = _object_and_call(interaction["path"])
        if interaction["status"] == 429:
            error = failure(replay.next, Operation.READ)
            assert isinstance(error, RateLimitedError)
            assert (error.retry_after, error.daily) == (timedelta(seconds=1), False)
            counted["limited"] += 1
            continue
        body = interaction["reqBody"]
        match call:
            case "search":
                answer = client.search(object, body)
            case "batch/create":
                answer = client.batch_create(object, body["inputs"])
            case "batch/update":
                answer = client.batch_update(object, body["inputs"])
            case _:
                continue
        counted[call] += len(answer.results())
        assert not answer.partial
        assert answer.server_time() is not None
        assert json.loads(replay.seen[-1].body) == body
        assert urlsplit(replay.seen[-1].url).path == interaction["path"]
    assert counted["limited"] == 22
    assert counted["search"] > 100
    assert counted["batch/create"] >= 100


def test_recorded_contacts_are_read_by_the_recorded_schema() -> None:
    live = hubspot_contact()
    kinds: Counter[type] = Counter()
    for row in rows("contact"):
        for native, text in row["properties"].items():
            field = next((each for each in live.fields.values() if each.schema.native == native), None)
            if field is None:
                continue
            value = field.read(text)
            if field.schema.kind is FieldKind.DATE and text:
                assert type(value) is date
            if field.schema.kind is FieldKind.NUMBER and text:
                assert isinstance(value, Decimal)
            kinds[type(value)] += 1
    assert {str, Decimal, datetime, type(None)} <= set(kinds)


def test_the_recorded_schema_says_what_may_be_written() -> None:
    fields = hubspot_contact().fields
    assert len(fields) > 250
    assert not fields[FieldName("lastmodifieddate")].schema.updateable
    assert fields[FieldName("owner")].schema.kind is FieldKind.USER
    assert fields[FieldName("email")].schema.updateable
    assert {"NEW", "OPEN"} <= {option.native for option in fields[FieldName("hs_lead_status")].schema.options}


def test_updated_at_moved_by_itself_in_the_recordings_and_is_no_guard() -> None:
    created: dict[str, str] = {}
    moved = set()
    for interaction in hubspot_interactions("contact"):
        for row in (interaction["response"] or {}).get("results", ()) if interaction["status"] < 300 else ():
            if interaction["path"].endswith("batch/create"):
                created[row["id"]] = row["updatedAt"]
            elif row["id"] in created and row["updatedAt"] > created[row["id"]]:
                moved.add(row["id"])
    assert len(moved) > 50


def salesforce_interactions() -> Iterator[Mapping[str, Any]]:
    for path in sorted((Path(str(FOLDER)) / "salesforce").glob("*.yaml")):
        recorded = YAML(typ="safe").load(path.read_text())
        yield from recorded.get("interactions") or ()


def replayed(interaction: Mapping[str, Any]) -> HttpResponse:
    response = interaction["response"]
    text = response["body"]["string"]
    headers = [("Content-Type", "application/json"), ("Date", format_datetime(NOW, usegmt=True))]
    body = text if isinstance(text, bytes) else str(text).encode()
    return HttpResponse(status=response["status"]["code"], headers=tuple(headers), body=body)


def salesforce(replay: Replay) -> Environment:
    token = Token(access="recorded", instance_url=INSTANCE, generation=1)
    return environment(replay, token, system="salesforce", auth="client_credentials", client_id="recorded")


def test_recorded_salesforce_describes_become_schemas() -> None:
    seen = set()
    for interaction in salesforce_interactions():
        path = urlsplit(interaction["request"]["uri"]).path
        native = path.split("/")[-2] if path.endswith("/describe") else ""
        if native not in DESCRIBED:
            continue
        replay = Replay()
        replay.next = replayed(interaction)
        schema = SalesforceAdapter(salesforce(replay)).records.schema(DESCRIBED[native])
        assert schema.native == native
        assert len(schema.fields) > 20
        seen.add(native)
    assert seen == set(DESCRIBED)


def test_recorded_salesforce_queries_and_composites_pass_through_the_client() -> None:
    counted: Counter[str] = Counter()
    for interaction in salesforce_interactions():
        path = urlsplit(interaction["request"]["uri"]).path
        replay = Replay()
        replay.next = replayed(interaction)
        client = SalesforceClient(salesforce(replay))
        if path.endswith("/query/") and "/tooling/" not in path:
            body = client.query("SELECT Id FROM Account").body
            assert len(body["records"]) <= body["totalSize"]
            counted["query"] += 1
        elif path.endswith("/composite") and interaction["response"]["status"]["code"] == 200:
            body = client.composite([], Operation.READ).body
            for part in body["compositeResponse"]:
                counted[str(part["httpStatusCode"])] += 1
                if part["httpStatusCode"] >= 400:
                    assert isinstance(salesforce_failure(part["httpStatusCode"], part["body"]), ConnectorError)
    assert counted["query"] > 40
    assert counted["200"] + counted["201"] > 5
    assert counted["404"] + counted["400"] > 0


def rows(name: str) -> Iterator[Mapping[str, Any]]:
    for interaction in hubspot_interactions(name):
        if interaction["status"] < 300 and interaction["response"]:
            yield from interaction["response"]["results"]


def _object_and_call(path: str) -> tuple[str, str]:
    object, _, call = path.rpartition("/objects/")[2].partition("/")
    return object, call
