"""What HubSpot's answers mean: the body as JSON, the server's own time, and what to do about a refusal."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache
from typing import Any

from connector.adapter import Allowed, HttpResponse, NoAnswerError
from connector.adapter.retry import Operation
from connector.errors import (
    AccessDeniedError,
    ConnectorError,
    CredentialsError,
    InvalidResponseError,
    LockedRowError,
    RateLimitedError,
    RecordGoneError,
    RejectedError,
    UnavailableError,
)

_LOCKED = timedelta(seconds=2)  # a locked record: wait at least two seconds (HubSpot error guide)
_BURST = timedelta(seconds=10)
_SECOND = timedelta(seconds=1)
_LONGEST_WINDOW = timedelta(minutes=1)
_PROBLEMS = re.compile(r"Property values were not valid: (\[.*\])\s*\Z", re.DOTALL)
_COUNT = re.compile(r"[0-9]{1,9}")
_NAMED = re.compile(r'[Pp]roperty "?([A-Za-z0-9_]+)"? does not exist')


@dataclass(frozen=True)
class Answer:
    """One answer that HubSpot meant as success. `partial` is a 207: some inputs of a batch failed."""

    response: HttpResponse

    @property
    def partial(self) -> bool:
        return self.response.status == 207

    def json(self) -> Mapping[str, Any]:
        """The body; raises InvalidResponseError when it is HTML, cut off or not an object."""
        body = self._body
        if body is None:
            raise InvalidResponseError(f"HubSpot answered {self.response.status} without a JSON object")
        return body

    @cached_property
    def _body(self) -> Mapping[str, Any] | None:
        return parse_object(self.response.body)

    def results(self) -> list[Mapping[str, Any]]:
        """The `results` list that every list, batch and search answer carries."""
        results = self.json().get("results")
        if not isinstance(results, list) or not all(isinstance(row, dict) for row in results):
            raise InvalidResponseError("HubSpot answered without the list of results it promises")
        return results

    def check_whole(self) -> None:
        """Raise InvalidResponseError when a batch read left out anything but what does not exist."""
        errors = (self.json().get("errors") or []) if self.partial else []
        if any(str(each.get("category")) != "OBJECT_NOT_FOUND" for each in errors if isinstance(each, dict)):
            raise InvalidResponseError("HubSpot left records out of a batch read although they may exist")

    def next_after(self) -> str | None:
        """The opaque position of the next page, None on the last one."""
        following = (self.json().get("paging") or {}).get("next") or {}
        after = following.get("after")
        return None if after is None else str(after)

    def server_time(self) -> datetime | None:
        """The Date header: whole seconds, never later than the moment the answer was made."""
        return server_time(self.response)


def server_time(response: HttpResponse) -> datetime | None:
    text = response.header("Date")
    return None if text is None else _instant(text)


@lru_cache(maxsize=16)  # the answers of one second say the same
def _instant(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None


def parse_object(body: bytes) -> Mapping[str, Any] | None:
    """A JSON object, or nothing: the 404 of a GET by id is HTML in ISO 8859-1, not JSON (recorded)."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def failure(response: HttpResponse, operation: Operation) -> ConnectorError:
    """The error a refused call is raised as; every field of HubSpot's error body is optional."""
    body = parse_object(response.body) or {}
    message = str(body.get("message") or f"HubSpot answered {response.status}")
    match response.status:
        case 401:
            return CredentialsError("HubSpot does not accept the access token")
        case 403:
            return AccessDeniedError(message)
        case 404:
            return RecordGoneError("HubSpot does not find the record or object")
        case 423:
            return LockedRowError("HubSpot holds the record locked", retry_after=retry_after(response) or _LOCKED)
        case 429:
            return _limited(response, body, message)
        case 477:
            return UnavailableError("HubSpot is moving this account", retry_after=retry_after(response))
        case status if status >= 500:
            return _broken(status, operation)
        case status:
            return rejected(body, message, default=str(body.get("category") or status))


def _broken(status: int, operation: Operation) -> ConnectorError:
    if operation is Operation.READ:
        return UnavailableError(f"HubSpot answered {status}")
    # A gateway gives up while the write behind it may still be applied.
    return NoAnswerError(f"HubSpot answered {status} to a write")


def _limited(response: HttpResponse, body: Mapping[str, Any], message: str) -> RateLimitedError:
    # Two shapes: searches carry neither policyName nor Retry-After (recorded), other calls name their policy.
    policy = str(body.get("policyName") or "").upper()
    said = message.lower()
    if policy == "DAILY" or "daily limit" in said:
        return RateLimitedError("HubSpot's daily limit is reached", daily=True)
    secondly = policy == "SECONDLY" or "your secondly limit" in said
    # An answer that says what is left is asked again sooner: the lane then knows what others use.
    known = allowed_calls(response)
    wait = retry_after(response) or (_SECOND if secondly else known.window / 4 if known else _BURST)
    return RateLimitedError("HubSpot's rate limit is reached", retry_after=wait)


def retry_after(response: HttpResponse) -> timedelta | None:
    text = response.header("Retry-After")
    return timedelta(seconds=int(text)) if text is not None and text.isdigit() else None


def allowed_calls(response: HttpResponse) -> Allowed | None:
    """What an answer says of the ten-second limit. Searches never do (recorded), and every header is optional."""
    told = [response.header(f"X-HubSpot-RateLimit-{name}") or "" for name in ("Max", "Remaining", "Interval-Milliseconds")]
    if not all(_COUNT.fullmatch(each) for each in told):
        return None
    calls, left, width = (int(each) for each in told)
    if not calls or not timedelta(0) < (window := timedelta(milliseconds=width)) <= _LONGEST_WINDOW:
        return None
    return Allowed(calls=calls, left=left, window=window)


def rejected(body: Mapping[str, Any], message: str, *, default: str) -> RejectedError:
    """A refusal of values; the failed properties stand as JSON inside the message, or under `errors`."""
    problems = _problems(body, message)
    names = tuple(dict.fromkeys(name for name, _, _ in problems if name))
    if not names and (named := _NAMED.search(message)):
        names = (named.group(1),)
    code = next((code for _, code, _ in problems if code), default)
    reason = "; ".join(text for _, _, text in problems if text) or message
    return RejectedError(reason, code=code, fields=names)


def _problems(body: Mapping[str, Any], message: str) -> list[tuple[str, str, str]]:
    listed = body.get("errors") or body.get("validationResults") or []
    if found := _PROBLEMS.search(message):
        try:
            listed = json.loads(found.group(1))
        except (ValueError, RecursionError):
            listed = []
    return [
        (name, str(each.get("error") or each.get("code") or ""), str(each.get("message") or ""))
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict)
        for name in _named_in(each)
    ]


def _named_in(problem: Mapping[str, Any]) -> list[str]:
    if problem.get("name"):
        return [str(problem["name"])]
    context = problem.get("context")
    named = (context.get("properties") or context.get("propertyName")) if isinstance(context, dict) else None
    return [str(name) for name in named] if isinstance(named, list) and named else [""]
