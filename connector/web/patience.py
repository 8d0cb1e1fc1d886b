"""HTTP as the page and the public door speak it: whoever begins a request ends it in its time, or is cut off."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class Punctual(H11Protocol):
    """One connection. So many may be open at once, and lines on which nothing ends would soon shut everybody out.

    A byte now and then does not help: the time runs from the opening, or from the first byte of a further request.
    """

    PATIENCE: ClassVar[float] = 20.0  # seconds; the server itself waits for ever

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.PATIENCE, transport.abort)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._take_time()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.PATIENCE, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._take_time()
        super().connection_lost(exc)

    def _take_time(self) -> None:
        """The request is there: the answer takes as long as it takes."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
