"""The library's door to our transport: a `requests` adapter that opens no socket of its own."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from requests import PreparedRequest, Request, Response, Session
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from connector.adapter import HttpResponse

_PLAIN = re.compile(r"https://[a-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+/?")


class LibrarySession(Session):
    """The library's session without what is of no use over our own transport: cookies, proxies, a .netrc, other credentials.

    A .netrc entry would even replace our Authorization header. Looking for all of it costs more than the call.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def prepare_request(self, request: Request) -> PreparedRequest:
        prepared = PreparedRequest()
        prepared.prepare_method((request.method or "GET").upper())
        _write_url(prepared, str(request.url), request.params)
        headers = CaseInsensitiveDict(self.headers)
        headers.update(request.headers or {})
        prepared.prepare_headers({name: value for name, value in headers.items() if value is not None})
        prepared.prepare_body(request.data, request.files, request.json)
        prepared.prepare_cookies(self.cookies)  # none are kept
        return prepared

    def merge_environment_settings(
        self, url: object, proxies: object, stream: object, verify: object, cert: object
    ) -> Any:
        return {"proxies": {}, "stream": False, "verify": True, "cert": None}  # the transport has its own


def _write_url(prepared: PreparedRequest, url: str, params: Any) -> None:
    """An address of plain words needs nothing but its query; whatever else there is, `requests` itself makes sense of."""
    if not isinstance(params, dict) or not _PLAIN.fullmatch(url):
        prepared.prepare_url(url, params)
        return
    query = urlencode({name: value for name, value in params.items() if value is not None}, doseq=True)
    prepared.url = f"{url}?{query}" if query else url


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
