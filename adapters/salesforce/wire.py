"""The library's door to our transport: a `requests` adapter that opens no socket of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from connector.adapter import HttpResponse


class Wire(threading.local, BaseAdapter):
    """Hands the library's calls to `exchange` and its answers back; `last` is this thread's newest answer."""

    def __init__(self, exchange: Callable[[PreparedRequest], HttpResponse]) -> None:
        super().__init__()
        self._exchange = exchange
        self.last: HttpResponse | None = None

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        answer = self._exchange(request)
        self.last = answer
        response = Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response.url = request.url or ""
        response.request = request
        response.encoding = "utf-8"
        response._content = answer.body
        return response

    def close(self) -> None:
        """Nothing is held open here; the transport owns its connections."""
