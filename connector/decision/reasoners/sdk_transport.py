"""The anthropic client's HTTP goes through our transport: same pinned hosts, time-outs and ledger as everything else.

Imported only when a model is used: httpx2 is slow to load.
"""

from __future__ import annotations

import httpx2

from connector.adapter import HttpRequest, Purpose, Transport

# Our transport has undone the encoding and framing already; told of them, httpx2 would try again.
_ABOUT_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection"})


class SdkTransport(httpx2.BaseTransport):
    """Hands each request of an httpx2 client to our transport. Errors come out as our own."""

    def __init__(self, transport: Transport, *, connect: float, read: float) -> None:
        self._transport = transport
        self._connect = connect
        self._read = read

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _ABOUT_THE_WIRE}
        answer = self._transport.send(
            HttpRequest(
                method=request.method, url=str(request.url), headers=headers | {"accept-encoding": "identity"},
                body=request.read(), connect=self._connect, read=self._read, purpose=Purpose.MODEL,
            )
        )
        kept = [(name, value) for name, value in answer.headers if name.lower() not in _ABOUT_THE_WIRE]
        return httpx2.Response(answer.status, headers=kept, content=answer.body, request=request)
