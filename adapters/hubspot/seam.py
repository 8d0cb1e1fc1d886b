"""The place where the official client library is made to use our transport, and ours alone.

The library's own pool, retries and exceptions are out of play: it has no time-outs, retries by method instead of by
meaning, and decodes error bodies as UTF-8 although the real 404 page is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from urllib.parse import urlencode, urlsplit

from adapters.hubspot.paths import rewrite
from connector.adapter import HttpRequest, HttpResponse

Send = Callable[[HttpRequest], HttpResponse]


def open_library(base_url: str, version: str, send: Send, *, user_agent: str) -> Any:
    """The library's client for one portal; every api object it makes sends through `send`."""
    from hubspot import Client
    from urllib3.util.retry import Retry

    def make_api(package: ModuleType, name: str, config: Mapping[str, Any]) -> Any:
        configuration = package.Configuration()
        configuration.host, configuration.access_token = config["host"], config["access_token"]
        configuration.retries = config["retry"]
        client = package.ApiClient(configuration=configuration)
        client.user_agent = user_agent
        client.rest_client.pool_manager = TransportPool(send, version)
        return getattr(package, name)(api_client=client)

    # `host` feeds the generated clients and `base_url` the escape hatch `api_request`: always both.
    return Client.create(
        access_token="held by the token keeper", host=base_url, base_url=base_url, retry=Retry(0), api_factory=make_api
    )


# With its own decoding off the library returns our reply as it is: it would drop unknown fields, read the history's
# times with a slow parser, and not tell a 207 from a 200.
RAW: Mapping[str, Any] = {"_preload_content": False}


class RefusedCallError(Exception):
    """Carries a refusal out of the library before it can wrap it in one of its unrelated exception classes."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(f"HTTP {response.status}")
        self.response = response


@dataclass(frozen=True, slots=True)
class Reply:
    """As much of a urllib3 response as the library asks for."""

    response: HttpResponse

    @property
    def status(self) -> int:
        return self.response.status


class TransportPool:
    """Stands where the library keeps its urllib3 pool."""

    def __init__(self, send: Send, version: str) -> None:
        self._send = send
        self._version = version

    def request(
        self,
        method: str,
        url: str,
        *,
        body: str | None = None,
        fields: Sequence[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> Reply:
        parts = urlsplit(url)
        query = "&".join(part for part in (parts.query, urlencode(fields or ())) if part)
        address = f"{parts.scheme}://{parts.netloc}{rewrite(parts.path, self._version)}"
        response = self._send(
            HttpRequest(
                method=method,
                url=f"{address}?{query}" if query else address,
                headers=dict(headers or {}),
                body=(body or "").encode(),
            )
        )
        if not 200 <= response.status <= 299:
            raise RefusedCallError(response)
        return Reply(response)
