"""The Salesforce face: takes a wire request, speaks for the org, answers as the REST API would."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import parse_qsl, unquote

from adapters.sandbox.org import Org
from adapters.sandbox.rows import Actor, RowKey
from adapters.sandbox.salesforce.call import JSON_TYPE, Call, Reply, error_reply
from adapters.sandbox.salesforce.disturbances import disturb
from adapters.sandbox.salesforce.errors import ApiError, not_found
from adapters.sandbox.salesforce.fields import Reader
from adapters.sandbox.salesforce.ids import to_18
from adapters.sandbox.salesforce.limits import ApiBudget
from adapters.sandbox.salesforce.routing import dispatch
from adapters.sandbox.salesforce.stamps import http_date
from adapters.sandbox.salesforce.state import FaceState
from adapters.sandbox.salesforce.token import ConnectedApp, Sessions, TokenRefusedError
from adapters.sandbox.salesforce.versions import version_list
from adapters.sandbox.salesforce.wire_faults import after_apply, before_apply, expired
from adapters.sandbox.wire import ConnectionCut, Stall, WireRequest, WireResponse

TOKEN_PATH = "/services/oauth2/token"
_DATA = re.compile(r"/services/data(?:/v(\d{2,3}\.0)(?:/(.*))?)?/?\Z")
_OLDEST_VERSION = 31.0
_NOBODY = Actor(kind="setup", user="", name="nobody")
_WRITES = frozenset({"POST", "PATCH", "PUT", "DELETE"})
_LONGEST_URL = 16_384
_NO_CACHE = "no-cache,must-revalidate,max-age=0,no-store,private"


class SalesforceFace:
    """A Salesforce org over the wire."""

    def __init__(
        self, org: Org, *, app: ConnectedApp, budget: ApiBudget, rng: Random, instance_url: str | None = None
    ) -> None:
        self.org = org
        self.sessions = Sessions(org, app, rng)
        self.state = FaceState(org=org, reader=Reader(org), budget=budget)
        self._instance_url = instance_url
        self._calls = 0

    def respond(self, request: WireRequest) -> WireResponse:
        """Answer one request; raises ConnectionCut or Stall when a fault says so."""
        with self.org.lock:
            self._calls += 1
            request_id = f"TID:{self._calls:012d}"
            return self._logged(request, request_id)

    def _logged(self, request: WireRequest, request_id: str) -> WireResponse:
        actor = self.sessions.actor_of(_token_of(request)) or _NOBODY
        caller = actor if actor is not _NOBODY else Actor(kind="agent", user="")
        what, record = f"{request.method} {request.path}", self._named_row(request.path)
        status: int | None = None
        try:
            response = self._answer(request, request_id, actor)
            status = response.status
            return after_apply(self.org.faults, response)
        except (ConnectionCut, Stall):
            status = None
            raise
        finally:
            self.org.log_call(caller, what, status=status, record=record, request=request_id)

    def _named_row(self, path: str) -> RowKey | None:
        found = re.search(r"/sobjects/(\w+)/([0-9A-Za-z]{15,18})\Z", path)
        definition = self.state.reader.object(found.group(1)) if found else None
        row_id = to_18(found.group(2)) if found else None
        return RowKey(definition.name, row_id) if definition and row_id else None

    def _answer(self, request: WireRequest, request_id: str, actor: Actor) -> WireResponse:
        headers = self._headers(request_id)
        is_token_call = request.path.rstrip("/") == TOKEN_PATH
        counted = False
        try:
            spoiled = before_apply(self.org.faults, request.method, is_token_call=is_token_call)
            if spoiled is not None:
                return spoiled
            if is_token_call:
                return self._token(request, headers)
            found = self._path(request)
            if found is None:
                return _written(Reply(status=200, body=version_list()), headers)
            actor = self._authorised(request, actor)
            counted = True
            reply = self._call(request, found, request_id, actor)
        except ApiError as error:
            reply = error_reply(error)
        if counted and reply.status in (200, 201, 204, 400):
            headers["Sforce-Limit-Info"] = self._usage()
        return _written(reply, headers)

    def _headers(self, request_id: str) -> dict[str, str]:
        return {
            "Date": http_date(self.org.clock.stamp()),
            "Cache-Control": _NO_CACHE,
            "Content-Type": JSON_TYPE,
            "X-Sfdc-Request-Id": request_id,
        }

    def _path(self, request: WireRequest) -> tuple[str, tuple[str, ...]] | None:
        """Version and resource path; None for the list of versions; raises ApiError."""
        if len(request.path) + len(request.query) > _LONGEST_URL:
            raise ApiError(414, "URI_TOO_LONG", "the URL is longer than 16,384 bytes")
        found = _DATA.match(request.path)
        if found is None or (found.group(1) and float(found.group(1)) < _OLDEST_VERSION):
            raise not_found()
        if found.group(1) is None:
            return None
        rest = (found.group(2) or "").strip("/")
        return found.group(1), tuple(unquote(name) for name in rest.split("/")) if rest else ()

    def _authorised(self, request: WireRequest, actor: Actor) -> Actor:
        if request.method in _WRITES and actor is not _NOBODY and self.org.faults.fire("session_expired_mid_write"):
            self.sessions.expire(_token_of(request))
            raise expired()
        if actor is _NOBODY:
            raise expired()
        return actor

    def _call(self, request: WireRequest, found: tuple[str, tuple[str, ...]], request_id: str, actor: Actor) -> Reply:
        if not self.state.budget.spend(self.org.clock.stamp()):
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        if actor.kind == "agent":
            disturb(self.state)
        call = Call(
            method=request.method,
            version=found[0],
            path=found[1],
            params=dict(parse_qsl(request.query, keep_blank_values=True)),
            headers=request.headers,
            body=_json(request.body),
            actor=actor,
            request=request_id,
        )
        return dispatch(self.state, call)

    def _token(self, request: WireRequest, headers: Mapping[str, str]) -> WireResponse:
        instance = self._instance_url or f"http://{request.headers.get('Host', '127.0.0.1')}"
        try:
            return _written(Reply(status=200, body=self.sessions.grant(request, instance)), headers)
        except TokenRefusedError as error:
            return _written(Reply(status=400, body=error.body), headers)

    def _usage(self) -> str:
        faults, used = self.org.faults, self.state.budget.used
        if used > 1 and faults.fire("limit_counter_backwards"):
            return self.state.budget.header(behind=2)
        return self.state.budget.header()


def _token_of(request: WireRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme in ("Bearer", "OAuth") else ""


def _json(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, UnicodeDecodeError) as error:
        raise ApiError(400, "JSON_PARSER_ERROR", f"The HTTP entity body could not be read: {error}") from None


def _written(reply: Reply, headers: Mapping[str, str]) -> WireResponse:
    body = b"" if reply.status in (204, 304) else reply.content()
    return WireResponse(status=reply.status, headers={**headers, **reply.headers}, body=body)
