"""Records the cassettes from the sandboxes over loopback: `python -m tests.conformance.cassettes` makes them anew.

Clock, randomness and ids are held still, so that a new recording differs only where the protocol does.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

import urllib3
import vcr

from adapters.hubspot.adapter import connect
from adapters.salesforce.adapter import SalesforceAdapter
from adapters.sandbox.server import serve
from connector.adapter import (
    Adapter,
    Environment,
    FieldName,
    GuardedWrite,
    HttpRequest,
    HttpResponse,
    MarkedCreate,
    ObjectType,
    RateBudget,
    Record,
    RecordRef,
)
from connector.clock import HeldClock
from connector.errors import ConnectorError
from tests.conformance.hubspot_world import HubSpotWorld
from tests.conformance.kept import KeptSecrets, KeptToken, Quiet
from tests.conformance.salesforce_world import SalesforceWorld
from tests.conformance.sandbox_world import SandboxWorld

FOLDER = Path(__file__).parents[2] / "cassettes"
SCRUBBED = "scrubbed"
_KEPT_HEADERS = {"content-type", "date", "retry-after", "location", "sforce-limit-info", "last-modified"}
_SECRETS = {"access_token", "refresh_token", "client_secret", "assertion", "signature"}
TITLE, SUBJECT, BODY = FieldName("title"), FieldName("subject"), FieldName("body")
CONTACT, NOTE = ObjectType.CONTACT, ObjectType.NOTE

Outcomes: TypeAlias = dict[str, str]


class PlainTransport:
    """A bare urllib3 transport: the product's own pins its connections so firmly that vcrpy cannot stand between."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager(retries=False)

    def send(self, request: HttpRequest) -> HttpResponse:
        answer = self._pool.request(
            request.method, request.url, body=request.body or None, headers=dict(request.headers), redirect=False
        )
        return HttpResponse(status=answer.status, headers=tuple(answer.headers.items()), body=answer.data)


def recorder(mode: str) -> vcr.VCR:
    """Strict in both directions: bodies are matched, and nothing secret or moving is written down."""
    return vcr.VCR(
        record_mode=mode,
        match_on=["method", "path", "query", "body"],
        filter_headers=["authorization", "user-agent"],
        decode_compressed_response=True,
        before_record_request=_scrub_request,
        before_record_response=_scrub_response,
    )


def _scrub_request(request: Any) -> Any:
    parts = urlsplit(request.uri)
    request.uri = parts._replace(netloc="127.0.0.1").geturl()
    request.headers = {name: value for name, value in request.headers.items() if name.lower() == "content-type"}
    body = request.body.decode() if isinstance(request.body, bytes) else request.body
    if body and "=" in body and not body.startswith("{"):
        form = [(name, SCRUBBED if name in _SECRETS else value) for name, value in parse_qsl(body)]
        request.body = urlencode(form)
    return request


def _scrub_response(response: dict[str, Any]) -> dict[str, Any]:
    headers = response["headers"].items()
    response["headers"] = {
        name: value
        for name, value in headers
        if name.lower() in _KEPT_HEADERS or name.lower().startswith("x-hubspot-ratelimit")
    }
    text = response["body"]["string"]
    try:
        body = json.loads(text)
    except ValueError:
        return response
    if isinstance(body, dict) and _SECRETS & set(body):
        kept = {name: SCRUBBED if name in _SECRETS else value for name, value in body.items()}
        response["body"]["string"] = json.dumps(kept).encode()
    return response


def environment(world: SandboxWorld, url: str, clock: HeldClock) -> Environment:
    """The world's own connection, pointed at a loopback address."""
    held = {name: value for name, value in world.environment.settings.items() if not name.endswith("_url")}
    return Environment(
        connection=world.connection,
        settings={**held, "base_url": url, "login_url": url, "instance_url": url},
        clock=clock,
        random=random.Random(3),
        transport=PlainTransport(),
        secrets=KeptSecrets(access_token="pat-eu1-sandbox", client_secret="sandbox-secret"),
        tokens=KeptToken(),
        budget=RateBudget(clock, {}),
        log=Quiet(),
    )


def story(adapter: Adapter, contact: RecordRef, absent: RecordRef, wait: Callable[[float], None]) -> Outcomes:
    """One of everything: a read, a miss, a guarded write, a stale one, a note, its take-back, a poll, the people."""
    outcomes: Outcomes = {}
    cursor, _ = adapter.changes.cursor_now(CONTACT)
    found = adapter.records.read([contact, absent], [TITLE])
    live = found[contact]
    assert isinstance(live, Record)
    outcomes["title"] = str(live.fields[TITLE])
    outcomes["absent"] = type(found[absent]).__name__
    outcomes["users"] = str(len(adapter.records.users()))
    [written] = adapter.writes.update([GuardedWrite(intent="a", values={TITLE: "CEO"}, live=live)])
    [stale] = adapter.writes.update([GuardedWrite(intent="b", values={TITLE: "Chair"}, live=live)])
    outcomes["write"], outcomes["stale write"] = type(written).__name__, type(stale).__name__
    note = MarkedCreate(
        intent="c", marker="cassette0001", object=NOTE, values={BODY: "They asked & waited"}, parents=(contact,)
    )
    [created] = adapter.writes.create([note])
    outcomes["create"] = type(created).__name__
    ref = getattr(created, "ref", None)
    outcomes["take back"] = type(adapter.writes.delete_created(ref)).__name__ if ref is not None else "nothing"
    wait(30)
    page = adapter.changes.poll(CONTACT, cursor, [TITLE])
    outcomes["polled"] = ", ".join(str(record.fields[TITLE]) for record in page.records)
    try:
        adapter.records.schema(ObjectType.ACTIVITY)
    except ConnectorError as error:
        outcomes["unknown object"] = type(error).__name__
    return outcomes


def hubspot(url: str, world: HubSpotWorld, clock: HeldClock) -> Adapter:
    return connect(environment(world, url, clock))


def salesforce(url: str, world: SalesforceWorld, clock: HeldClock) -> Adapter:
    return SalesforceAdapter(environment(world, url, clock))


MAKERS: Mapping[str, tuple[type[SandboxWorld], Callable[..., Adapter]]] = {
    "hubspot": (HubSpotWorld, hubspot),
    "salesforce": (SalesforceWorld, salesforce),
}


def told(world: SandboxWorld, adapter: Adapter, contact: RecordRef) -> Outcomes:
    return story(adapter, contact, world.absent(CONTACT), lambda seconds: world.advance(timedelta(seconds=seconds)))


def prepared(world: SandboxWorld) -> RecordRef:
    """The record the story is about, old enough to be written to."""
    contact = world.create(CONTACT, {"last_name": "Ray", "title": "CFO"})
    world.advance(timedelta(minutes=10))
    return contact


def record(name: str) -> Outcomes:
    """Make one cassette anew from the sandbox."""
    kind, connected = MAKERS[name]
    path = FOLDER / f"{name}.yaml"
    path.unlink(missing_ok=True)
    world = kind()
    contact = prepared(world)
    with serve(world.gate) as url, recorder("all").use_cassette(str(path)):
        return told(world, connected(url, world, world.clock), contact)


def replay(name: str) -> Outcomes:
    """The same story with nothing but the cassette to answer."""
    kind, connected = MAKERS[name]
    world = kind()
    contact = prepared(world)
    with recorder("none").use_cassette(str(FOLDER / f"{name}.yaml")) as cassette:
        outcomes = told(world, connected("http://127.0.0.1", world, world.clock), contact)
        assert cassette.all_played, "the adapter no longer asks everything that was recorded"
    return outcomes


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in MAKERS:
        record(each)
