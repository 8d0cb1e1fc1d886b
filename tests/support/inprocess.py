"""A transport that reaches a sandbox face in process, as a socket would: cut and stalled answers become lost ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from connector.adapter import HttpRequest, HttpResponse, NoAnswerError


class InProcessTransport:
    """Calls `face.respond`; `seen` keeps the requests, `before` may change the world, `after` may spoil the answer."""

    def __init__(self, face: Any) -> None:
        self._face = face
        self.before: Callable[[HttpRequest], None] | None = None
        self.after: Callable[[HttpRequest, HttpResponse], HttpResponse] | None = None
        self.seen: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        from adapters.sandbox.wire import ConnectionCut, Stall, WireRequest

        self.seen.append(request)
        if self.before is not None:
            self.before(request)
        parts = urlsplit(request.url)
        headers = {"Host": parts.netloc, **request.headers}
        wire = WireRequest(method=request.method, path=parts.path, query=parts.query, headers=headers, body=request.body)
        try:
            answer = self._face.respond(wire)
        except (ConnectionCut, Stall) as lost:
            raise NoAnswerError(f"no answer: {lost}") from lost
        if answer.cut_after is not None:
            raise NoAnswerError("the answer was cut off")
        response = HttpResponse(status=answer.status, headers=tuple(answer.headers.items()), body=answer.body)
        return response if self.after is None else self.after(request, response)
