"""A HubSpot that says exactly what a test wants it to say, and remembers what it was asked."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from adapters.hubspot.adapter import HubSpotAdapter, connect
from connector.adapter import ConnectionName, Environment, HttpRequest, HttpResponse, ObjectType, RateBudget, RecordRef
from connector.clock import HeldClock
from tests.conformance.kept import KeptSecrets, KeptToken, Quiet

NOW = datetime(2026, 9, 1, 8, 0, 0, tzinfo=UTC)
CRM = ConnectionName("crm")
BASE_URL = "https://api.hubapi.com"
Script = Callable[[HttpRequest], HttpResponse | Exception | None]


def answer(body: object, status: int = 200, at: datetime | None = NOW, **headers: str) -> HttpResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    if at is not None:
        named["Date"] = format_datetime(at, usegmt=True)
    return HttpResponse(status=status, headers=tuple(named.items()), body=content)


def row(record_id: str, properties: Mapping[str, str | None] | None = None, **more: object) -> dict[str, object]:
    stamps = {"createdAt": "2026-08-01T00:00:00Z", "updatedAt": "2026-08-02T00:00:00.123Z", "archived": False}
    return {"id": record_id, "properties": dict(properties or {}), **stamps, **more}


def prop(name: str, type: str = "string", field_type: str = "text", **more: object) -> dict[str, object]:
    return {"name": name, "label": name, "type": type, "fieldType": field_type, "options": [], **more}


def choice(name: str, *options: str, field_type: str = "select") -> dict[str, object]:
    listed = [{"value": each, "label": each, "hidden": False} for each in options]
    return prop(name, "enumeration", field_type, options=listed)


def ref(record_id: str, object: ObjectType = ObjectType.CONTACT) -> RecordRef:
    return RecordRef(CRM, object, record_id)


class Scripted:
    """A transport whose answers come from scripts, first match first; anything unexpected fails the test."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.seen: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        self.seen.append(request)
        for script in self.scripts:
            found = script(request)
            if isinstance(found, Exception):
                raise found
            if found is not None:
                return found
        raise AssertionError(f"nobody expected {request.method} {request.url}")

    def paths(self, part: str = "") -> list[str]:
        return [urlsplit(request.url).path for request in self.seen if part in request.url]

    def bodies(self, part: str) -> list[Any]:
        return [json.loads(request.body) for request in self.seen if part in request.url]


def on(part: str, *answers: HttpResponse | Exception, method: str = "") -> Script:
    """Answer calls whose address holds `part`, one answer after the other; the last one is repeated."""
    left = list(answers)

    def script(request: HttpRequest) -> HttpResponse | Exception | None:
        if part not in request.url or (method and request.method != method):
            return None
        return left.pop(0) if len(left) > 1 else left[0]

    return script


def described(*properties: Mapping[str, object], part: str = "/crm/properties/") -> Script:
    return on(part, answer({"results": list(properties)}))


def connected(
    transport: Scripted, *, clock: HeldClock | None = None, budget: RateBudget | None = None, **settings: object
) -> HubSpotAdapter:
    clock = clock or HeldClock(NOW)
    return connect(
        Environment(
            connection=CRM,
            settings={"system": "hubspot", **settings},
            clock=clock,
            random=random.Random(1),
            transport=transport,
            secrets=KeptSecrets(access_token="pat-test-1", client_secret="secret", refresh_token="refresh-0"),
            tokens=KeptToken(),
            budget=budget or RateBudget(clock, {}),
            log=Quiet(),
        )
    )
