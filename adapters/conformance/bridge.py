"""A transport that ends in a sandbox face in the same process: the adapter's own bytes, no socket."""

from __future__ import annotations

from urllib.parse import urlsplit

from adapters.sandbox.wire import ConnectionCut, Face, Stall, WireRequest
from connector.adapter import HttpRequest, HttpResponse, NoAnswerError
from connector.clock import Clock
from connector.errors import UnsafeReferenceError


class FaceTransport:
    """Carries requests for one address to a face; waiting for a silent CRM takes the clock's time, not ours."""

    def __init__(self, face: Face, base_url: str, clock: Clock) -> None:
        self._face = face
        self._base = urlsplit(base_url)
        self._clock = clock

    def send(self, request: HttpRequest) -> HttpResponse:
        parts = urlsplit(request.url)
        if (parts.scheme, parts.netloc) != (self._base.scheme, self._base.netloc):
            raise UnsafeReferenceError(f"{parts.netloc} is not the host of this connection")
        wire = WireRequest(
            method=request.method, path=parts.path, query=parts.query, headers=dict(request.headers), body=request.body
        )
        try:
            answer = self._face.respond(wire)
        except ConnectionCut:
            raise NoAnswerError("the connection was closed without an answer") from None
        except Stall:
            self._clock.sleep(request.read)
            raise NoAnswerError("no answer came in time") from None
        if answer.drip_seconds:
            self._clock.sleep(answer.drip_seconds)
        if answer.cut_after is not None:
            raise NoAnswerError("the answer broke off in the middle")
        return HttpResponse(status=answer.status, headers=tuple(answer.headers.items()), body=answer.body)
