"""A Salesforce that says exactly what a test wants it to say, and remembers what it was asked."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from adapters.salesforce.adapter import SalesforceAdapter
from connector.adapter import ConnectionName, Environment, HttpRequest, HttpResponse, RateBudget, Token
from connector.clock import HeldClock
from connector.errors import SettingsError

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ORIGIN = "https://org.my.salesforce.com"
ACCOUNT, OTHER_ACCOUNT = "001000000000001AAA", "001000000000002AAA"
CASE, TASK, US, REP = "500000000000001AAA", "00T000000000001AAA", "005000000000001AAA", "005000000000009AAA"
SETTINGS: Mapping[str, Any] = {"system": "salesforce", "client_id": "app", "auth": "client_credentials"}

Script = Callable[[HttpRequest], HttpResponse | Exception | None]


def answer(body: object, status: int = 200, at: datetime = NOW, **headers: str) -> HttpResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"Date": format_datetime(at, usegmt=True), "Content-Type": "application/json;charset=UTF-8"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status=status, headers=tuple(named.items()), body=content)


def refusal(status: int, code: str, message: str = "no", **extra: object) -> HttpResponse:
    return answer([{"errorCode": code, "message": message, **extra}], status)


def rows(*records: Mapping[str, Any], done: bool = True, at: datetime = NOW) -> HttpResponse:
    return answer({"totalSize": len(records), "done": done, "records": list(records)}, at=at)


def field(name: str, kind: str = "string", **traits: object) -> dict[str, object]:
    plain = {"name": name, "type": kind, "label": name, "nillable": True, "createable": True, "updateable": True}
    return {**plain, **traits}


SYSTEM = (
    field("Id", "id", createable=False, updateable=False),
    field("IsDeleted", "boolean", createable=False, updateable=False),
    field("MasterRecordId", "reference", referenceTo=["Account"], createable=False, updateable=False),
    field("CreatedDate", "datetime", createable=False, updateable=False),
    field("LastModifiedDate", "datetime", createable=False, updateable=False),
    field("LastModifiedById", "reference", referenceTo=["User"], createable=False, updateable=False),
    field("SystemModstamp", "datetime", createable=False, updateable=False),
)


def description(*fields: Mapping[str, object], **traits: object) -> HttpResponse:
    return answer({"fields": [*SYSTEM, *fields], "childRelationships": [], "replicateable": True, **traits})


class Secret:
    def __init__(self, **values: str) -> None:
        self._values = values or {"client_secret": "s"}

    def get(self, name: str) -> str:
        if name not in self._values:
            raise SettingsError([f"{name}: missing"])
        return self._values[name]

    def find(self, name: str) -> str | None:
        return self._values.get(name)


class Shelf:
    def __init__(self, token: Token | None = None) -> None:
        self.token = token

    def current(self) -> Token | None:
        return self.token

    def swap(self, old: Token | None, new: Token) -> bool:
        if self.token != old:
            return False
        self.token = new
        return True


class Quiet:
    def info(self, event: str, **fields: Any) -> None:
        """Nothing is kept."""

    warning = info


class ScriptedOrg:
    """A transport that answers from a script; sign-ins are answered by themselves unless the script does."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[HttpRequest] = []
        self.logins = 0

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        said = self.script(request)
        if isinstance(said, Exception):
            raise said
        if said is None and path(request) == "/services/oauth2/token":
            self.logins += 1
            token = {"access_token": f"token-{self.logins}", "instance_url": ORIGIN, "token_type": "Bearer"}
            return answer({**token, "id": f"https://login.salesforce.com/id/00D000000000001AAA/{US}"})
        if said is None:
            raise AssertionError(f"unexpected call: {request.method} {unquote(request.url)}")
        return said

    def data_calls(self) -> list[HttpRequest]:
        return [request for request in self.requests if path(request) != "/services/oauth2/token"]


def environment(org: ScriptedOrg, *, clock: HeldClock | None = None, **settings: Any) -> Environment:
    held = clock or HeldClock(NOW)
    return Environment(
        connection=ConnectionName("crm"), settings={**SETTINGS, **settings}, clock=held, random=random.Random(3),
        transport=org, secrets=Secret(), tokens=Shelf(), budget=RateBudget(held, {}), log=Quiet(),
    )  # fmt: skip


def adapter(org: ScriptedOrg, **settings: Any) -> SalesforceAdapter:
    return SalesforceAdapter(environment(org, **settings))


def path(request: HttpRequest) -> str:
    return urlsplit(request.url).path


def soql(request: HttpRequest) -> str:
    return parse_qs(urlsplit(request.url).query).get("q", [""])[0]
