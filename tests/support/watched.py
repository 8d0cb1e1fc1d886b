"""A way to the CRM that keeps what was sent, and lets a test act just before a call arrives or spoil its answer."""

from __future__ import annotations

from collections.abc import Callable

from connector.adapter import HttpRequest, HttpResponse, Transport


class WatchedTransport:
    """Passes calls on to `inner`; `seen` keeps them, `before` may change the world, `after` may spoil the answer."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.before: Callable[[HttpRequest], None] | None = None
        self.after: Callable[[HttpRequest, HttpResponse], HttpResponse] | None = None
        self.seen: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        self.seen.append(request)
        if self.before is not None:
            self.before(request)
        response = self._inner.send(request)
        return response if self.after is None else self.after(request, response)
