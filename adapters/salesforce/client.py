"""The one place that talks HTTP to Salesforce: simple-salesforce in direct mode, its session wired to our transport.

The library formats URLs, queries and bodies and reads answers; it gets no credentials, so it can neither sign in again
nor repeat a write without its guard headers (both observed in simple-salesforce 1.12.10).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest
from simple_salesforce.api import Salesforce
from simple_salesforce.bulk2 import Operation as BulkOperation
from simple_salesforce.exceptions import SalesforceError

from adapters.salesforce.failures import failure
from adapters.salesforce.login import token_from, token_request
from adapters.salesforce.soql import after_id, safe_id, safe_name, select
from adapters.salesforce.wire import LibrarySession, Wire
from connector.adapter import Environment, HttpRequest, HttpResponse, NotSentError, Token
from connector.adapter.retry import Operation, Retries
from connector.adapter.tokens import TokenKeeper
from connector.errors import (
    ConnectorError,
    InvalidResponseError,
    OutcomeUnknownError,
    PermanentError,
    RateLimitedError,
    RetryableError,
    SettingsError,
    UnavailableError,
    UnsafeReferenceError,
)

DEFAULT_VERSION = "62.0"
LANE = "api"
PAGE = 2000  # the most rows Salesforce gives in one answer
_UNWANTED = {"X-PrettyPrint"}  # the library always asks for indented answers


class ResourceMissingError(PermanentError):
    """A resource that not every org has, such as an object's description, is not there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Salesforce answered, and its own time when it did."""

    body: Any
    at: datetime


@dataclass(frozen=True, slots=True)
class BulkPage:
    """One page of a bulk query's result: CSV text, the rows it claims to hold, where to read on."""

    text: str
    rows: int
    locator: str
    at: datetime


class SalesforceClient:
    """Calls one org as this daemon, within the rate budget, retried by what each call does."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._version = _version(environment)
        self._retries = Retries(environment.clock, environment.random)
        self._keeper = TokenKeeper(
            store=environment.tokens, fetch=self._sign_in, transport=environment.transport, clock=environment.clock
        )
        self._wire = Wire(self.exchange)
        self._lock = threading.Lock()
        self._library: Salesforce | None = None
        self._origin = ""
        self._user: str | None = None

    def query(self, soql: str, *, deleted: bool = False) -> Answer:
        """One page of a query; `deleted` also finds rows in the recycle bin and archived activities."""
        try:
            answer = self._call(Operation.READ, lambda library: library.query(soql, include_deleted=deleted))
        except ResourceMissingError as error:
            raise InvalidResponseError(error.message) from error  # queries are everywhere: this was not Salesforce
        if not isinstance(answer.body, dict) or not isinstance(answer.body.get("records"), list):
            raise InvalidResponseError("a query was answered without a list of records")
        if not answer.body["records"] and not answer.body.get("done", True):
            raise InvalidResponseError("a page without rows says that more will follow")
        return answer

    def rows(self, names: Sequence[str], native: str, *where: str, deleted: bool = False) -> list[Mapping[str, Any]]:
        """Every row of a query that is known to be short, page by page in id order; `Id` must be among the names."""
        found: list[Mapping[str, Any]] = []
        while True:
            last = str(found[-1]["Id"]) if found else ""
            body = self.query(select(names, native, *where, after_id(last), order="Id", limit=PAGE), deleted=deleted).body
            found += body["records"]
            if body.get("done", True) and len(body["records"]) < PAGE:
                return found

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """A read of any resource below /services/data/vNN.N/; `path` is built from checked parts."""
        return self._call(Operation.READ, lambda library: library.restful(path, params=dict(params or {})))

    def composite(self, calls: Sequence[Mapping[str, Any]], operation: Operation) -> Answer:
        """Up to 25 independent calls in one, each answered for itself and in order."""
        body = json.dumps({"allOrNone": False, "collateSubrequests": False, "compositeRequest": list(calls)})
        answer = self._call(operation, lambda library: library.restful("composite", method="POST", data=body))
        if not isinstance(answer.body, dict) or not isinstance(answer.body.get("compositeResponse"), list):
            raise InvalidResponseError("a composite call was answered without its list of answers")
        return answer

    def start_action(self, path: str, given: Mapping[str, str]) -> Answer:
        """Run an action for one input. It is not known to be repeatable, so it counts as a create."""
        body = json.dumps({"inputs": [dict(given)]})
        return self._call(Operation.CREATE, lambda library: library.restful(path, method="POST", data=body))

    def delete(self, native: str, record_id: str) -> Answer:
        return self._call(Operation.GUARDED, lambda library: _type(library, native).delete(safe_id(record_id)))

    def deleted(self, native: str, start: datetime, end: datetime) -> Answer:
        """What was deleted between two times, hard deletes included."""
        return self._call(Operation.READ, lambda library: _type(library, native).deleted(start, end))

    def start_bulk_query(self, soql: str) -> str:
        """A Bulk 2.0 query job; repeating the call would leave a second job behind, so it counts as a create."""
        answer = self._call(Operation.CREATE, lambda library: _bulk(library).create_job(BulkOperation.query, query=soql))
        return safe_id(str(answer.body["id"]))

    def bulk_job(self, job: str) -> Mapping[str, Any]:
        answer = self._call(Operation.READ, lambda library: _bulk(library).get_job(safe_id(job), is_query=True))
        return dict(answer.body)

    def bulk_page(self, job: str, locator: str, size: int) -> BulkPage:
        answer = self._call(Operation.READ, lambda library: _bulk(library).get_query_results(safe_id(job), locator, size))
        body = answer.body
        return BulkPage(body["records"], body["number_of_records"], body["locator"], answer.at)

    def user_id(self) -> str:
        """The id of the user we act as."""
        self._user = self._user or self._keeper.token().user
        if self._user is None:
            answer = self._call(Operation.READ, lambda library: library.oauth2("userinfo"))
            self._user = safe_id(str((answer.body or {}).get("user_id")))
        return self._user

    def path(self, rest: str) -> str:
        """The absolute path of a resource, as composite calls name it."""
        return f"/services/data/v{self._version}/{rest}"

    def headers(self) -> dict[str, str]:
        """What every write carries: no assignment rules, and our name, which comes back in change events."""
        # REST runs assignment rules unless told not to (developer.salesforce.com, headers_autoassign).
        return {"Sforce-Auto-Assign": "FALSE", "Sforce-Call-Options": f"client={self._environment.client}"}

    def exchange(self, request: PreparedRequest) -> HttpResponse:
        """One call of the library, sent to the org we are connected to and nowhere else."""
        parts, expected = urlsplit(request.url or ""), urlsplit(self._origin)
        if parts.scheme != "https" or _place(parts.hostname, parts.port) != _place(expected.hostname, expected.port):
            raise UnsafeReferenceError("the library was led to another host")
        target = f"{self._origin}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
        kept = {name: value for name, value in request.headers.items() if name not in _UNWANTED}
        headers = {**kept, **self.headers()}
        self._environment.budget.acquire(LANE)
        answer = self._keeper.send(HttpRequest(method=request.method or "GET", url=target, headers=headers, body=body))
        self._observe(answer)
        return answer

    def _call(self, operation: Operation, work: Callable[[Salesforce], Any]) -> Answer:
        library = self._connected()
        try:
            return self._retries.call(operation, lambda: self._once(library, operation, work))
        except OutcomeUnknownError as error:
            if operation is not Operation.READ:
                raise
            raise UnavailableError(error.message) from error  # a lost answer to a read has no outcome to find out

    def _once(self, library: Salesforce, operation: Operation, work: Callable[[Salesforce], Any]) -> Answer:
        self._wire.last = None
        try:
            body = work(library)
        except SalesforceError as error:
            last = self._wire.last
            found = failure(error.status, _content(error), retry_after=last.header("Retry-After") if last else None)
            if isinstance(found, RateLimitedError) and found.retry_after is not None:
                self._environment.budget.close(LANE, found.retry_after)
            if operation is Operation.READ:
                found = _of_a_read(error.status, found)
            raise found from None  # the library's own text holds the whole body
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InvalidResponseError(f"Salesforce's answer could not be read: {type(error).__name__}") from error
        return Answer(body, self._server_time())

    def _server_time(self) -> datetime:
        last = self._wire.last
        try:
            return _instant((last.header("Date") if last else None) or "")
        except ValueError as error:
            raise InvalidResponseError("Salesforce answered without its time (the Date header)") from error

    def _connected(self) -> Salesforce:
        origin = self._instance()
        with self._lock:
            if self._library is None or origin != self._origin:
                session = LibrarySession()
                session.mount("https://", self._wire)
                self._origin = origin
                # Direct mode: without credentials the library raises on 401 instead of signing in by itself.
                self._library = Salesforce(
                    session_id="kept-elsewhere",
                    instance_url=origin,
                    version=self._version,
                    session=session,
                    parse_float=Decimal,
                    object_pairs_hook=None,
                )
            return self._library

    def _instance(self) -> str:
        named = self._environment.settings.get("instance_url") or self._keeper.token().instance_url
        parts = urlsplit(str(named or ""))
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SettingsError([f"connections.{self._environment.connection}.instance_url: missing"])
        return f"{parts.scheme}://{parts.netloc}"

    def _sign_in(self, old: Token | None) -> Token:
        try:
            token = token_from(self._environment.transport.send(token_request(self._environment)))
        except (RetryableError, OutcomeUnknownError) as error:
            # Without a token the call that needed it was certainly not sent.
            raise NotSentError(f"could not sign in: {error.message}") from error
        self._environment.log.info("signed_in", connection=self._environment.connection)
        return token

    def _observe(self, answer: HttpResponse) -> None:
        usage = Salesforce.parse_api_usage(answer.header("Sforce-Limit-Info") or "").get("api-usage")
        if usage is not None:
            self._environment.budget.observe_daily(used=usage.used, allowed=usage.total)


@lru_cache(maxsize=16)  # the answers of one second say the same
def _instant(text: str) -> datetime:
    return parsedate_to_datetime(text)


def _type(library: Salesforce, native: str) -> Any:
    return getattr(library, safe_name(native))


def _bulk(library: Salesforce) -> Any:
    # The job calls one by one: the library's own query() sleeps by the wall clock and reads all pages at once.
    return library.bulk2.Query._client


def _content(error: SalesforceError) -> Any:
    content = error.content
    if isinstance(content, bytes | str):
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            return None
    return content


def _of_a_read(status: int, found: ConnectorError) -> ConnectorError:
    """Nothing that is read is ever told to be gone, or to conflict: a query just finds no row."""
    if status == 404:
        return ResourceMissingError(found.message)
    return InvalidResponseError(found.message) if status in (409, 412) else found


def _place(host: str | None, port: int | None) -> tuple[str | None, int]:
    return host, port or 443


def _version(environment: Environment) -> str:
    version = str(environment.settings.get("api_version", DEFAULT_VERSION))
    whole, dot, part = version.partition(".")
    if not (whole.isdigit() and dot and part == "0" and int(whole) >= 62):
        name = environment.connection
        raise SettingsError([f"connections.{name}.api_version: {version!r} is not a version such as {DEFAULT_VERSION}"])
    return version
