"""The one door out: HTTP requests as values, and the transport every client library is made to use.

Nothing in the product opens a socket to a CRM, a model or a channel except a Transport, so hosts can be pinned,
calls counted, and simulations run in process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from connector.errors import OutcomeUnknownError, UnavailableError


class Purpose(StrEnum):
    """Why something leaves the machine; the egress ledger counts by it."""

    CRM = "crm"
    MODEL = "model"
    EMBEDDING = "embedding"
    CHANNEL = "channel"
    LOOKUP = "lookup"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request. `url` is absolute; `connect` and `read` are time-outs in seconds."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    connect: float = 5.0
    read: float = 60.0
    purpose: Purpose = Purpose.CRM


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """One answer. Header names are compared without case through `header`."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None


def unechoed(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """The answer without our own credential: error pages and proxies repeat what they were sent, and errors are logged."""
    credential = request.headers.get("Authorization", "").rpartition(" ")[2].encode()
    if not credential or credential not in answer.body:
        return answer
    return replace(answer, body=answer.body.replace(credential, b"[hidden]"))


class NotSentError(UnavailableError):
    """The connection could not be made: the other side certainly saw nothing."""


class NoAnswerError(OutcomeUnknownError):
    """The request may have arrived, and no whole answer came back."""


class Transport(Protocol):
    """MUST refuse hosts outside its list, MUST NOT follow redirects, MUST apply the time-outs, MUST NOT retry.

    Raises NotSentError when nothing can have arrived, NoAnswerError when it may have.
    """

    def send(self, request: HttpRequest) -> HttpResponse: ...
