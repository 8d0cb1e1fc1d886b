"""A few lines of client for tests that speak to the Salesforce face in process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode

from adapters.sandbox import Faults, OrgClock, SalesforceOrg, WireRequest, WireResponse, build_salesforce

BASE = "/services/data/v62.0"
START = datetime(2026, 11, 21, 9, 0, 0, tzinfo=UTC)


@dataclass(slots=True)
class Client:
    """An integration client with a token that stands in every call."""

    crm: SalesforceOrg
    clock: OrgClock
    faults: Faults
    token: str = field(default="")

    def call(
        self, method: str, path: str, *, body: object = None, headers: Mapping[str, str] | None = None, **params: str
    ) -> WireResponse:
        where, _, query = path.partition("?")
        return self.crm.face.respond(
            WireRequest(
                method=method,
                path=where if where.startswith("/services") else BASE + where,
                query=query or urlencode(params),
                headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
                body=b"" if body is None else json.dumps(body).encode(),
            )
        )

    def json(self, method: str, path: str, *, body: object = None, **params: str) -> Any:
        response = self.call(method, path, body=body, **params)
        assert response.status < 300, response.body
        return json.loads(response.body) if response.body else None

    def query(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        return list(self.json("GET", "/queryAll" if deleted else "/query", q=soql)["records"])

    def create(self, object_name: str, **values: object) -> str:
        return str(self.json("POST", f"/sobjects/{object_name}", body=values)["id"])

    def later(self, seconds: float = 10) -> None:
        self.clock.advance(timedelta(seconds=seconds))


def error_of(response: WireResponse) -> tuple[int, str]:
    """Status and first error code of a refusal."""
    return response.status, json.loads(response.body)[0]["errorCode"]


def new_client(**options: Any) -> Client:
    clock = OrgClock(START)
    faults = Faults(Random(7))
    crm = build_salesforce(clock=clock, faults=faults, **options)
    return Client(crm=crm, clock=clock, faults=faults, token=crm.access_token())
