"""What a Salesforce error means for us: one error class per next step, keyed on errorCode first and status second."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

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
    UnknownFieldError,
)

_GONE = {"ENTITY_IS_DELETED", "NOT_FOUND"}
_LOCKED = {"UNABLE_TO_LOCK_ROW"}
_UNKNOWN = {"INVALID_FIELD", "INVALID_TYPE", "INVALID_FIELD_FOR_INSERT_UPDATE"}
_DENIED = {"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "INSUFFICIENT_ACCESS", "FUNCTIONALITY_NOT_ENABLED"}
_DAILY = "TotalRequests"
_CONCURRENT_WAIT = timedelta(seconds=20)  # the limit counts calls that run 20 s or longer
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class CrmError:
    """The first entry of Salesforce's error list."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    @classmethod
    def read(cls, content: Any) -> CrmError | None:
        """The error in an answer's body, None when the body is not an error list."""
        first = content[0] if isinstance(content, list) and content else content
        if not isinstance(first, Mapping):
            return None
        code = first.get("errorCode") or first.get("statusCode")
        if not isinstance(code, str):
            return None
        fields = first.get("fields") or ()
        named = tuple(str(name) for name in fields) if isinstance(fields, list | tuple) else ()
        return cls(code, _one_line(str(first.get("message", ""))), named)


def failure(status: int, content: Any, *, retry_after: str | None = None) -> ConnectorError:
    """The error an unsuccessful answer stands for."""
    error = CrmError.read(content)
    if error is None:
        return _without_code(status, retry_after)
    message = f"{error.code}: {error.message}"
    if error.code == "REQUEST_LIMIT_EXCEEDED":
        return _limit(error)
    if error.code in _LOCKED:
        return LockedRowError(message)
    if error.code in _GONE:
        return RecordGoneError(message)
    if error.code in _UNKNOWN:
        return UnknownFieldError(message)
    if error.code in _DENIED:
        return AccessDeniedError(message)
    if error.code == "INVALID_SESSION_ID" or status == 401:
        return CredentialsError(message)
    if status >= 500 or status == 429:
        return _without_code(status, retry_after)
    return RejectedError(message, code=error.code, fields=error.fields)


def _limit(error: CrmError) -> RateLimitedError:
    if _DAILY in error.message:
        return RateLimitedError("the org's API calls of the last 24 hours are used up", daily=True)
    return RateLimitedError("the org runs too many long calls at once", retry_after=_CONCURRENT_WAIT)


def _without_code(status: int, retry_after: str | None) -> ConnectorError:
    wait = timedelta(seconds=int(retry_after)) if retry_after and retry_after.isdigit() else None
    if status == 429:
        return RateLimitedError("too many calls", retry_after=wait)
    if status == 401:
        return CredentialsError("Salesforce does not accept our token")
    if status == 403:
        return AccessDeniedError("Salesforce answered 403")
    if status >= 500:
        return UnavailableError(f"Salesforce answered {status}", retry_after=wait)
    return InvalidResponseError(f"Salesforce answered {status} without an error code")


def _one_line(message: str) -> str:
    """Without the query excerpt that Salesforce puts before some messages, and of bounded length."""
    _, found, rest = message.partition("ERROR at Row:")
    if found:
        message = rest.split("\n", 1)[-1]
    return re.sub(r"\s+", " ", message).strip()[:_LONGEST_REASON]
