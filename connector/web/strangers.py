"""What the log says of what anybody can send: requests that are no HTTP, deliveries that prove nothing. Not every one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect

from connector.adapter import Log
from connector.clock import Clock

_SERVER, _LOOP = "uvicorn.error", "asyncio"
_EVERY_SECONDS = 60.0


class OnceAMinute:
    """Counts what anybody can cause, and lets one line a minute be written of it, the first one at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times = 0
        self._quiet_until = float("-inf")

    def count(self) -> int | None:
        """It happened; how often since the last line where it is time for one, else None."""
        with self._lock:
            self._times += 1
            now = self._clock.monotonic()
            if now < self._quiet_until:
                return None
            times, self._times, self._quiet_until = self._times, 0, now + _EVERY_SECONDS
            return times


class Strangers(logging.Filter):
    """Takes such lines out of the server's log and counts them. Every other line passes, with its traceback."""

    def __init__(self, log: Log, clock: Clock) -> None:
        super().__init__()
        self._log, self._seldom = log, OnceAMinute(clock)

    def filter(self, record: logging.LogRecord) -> bool:
        about = _malformed(record)
        if about is None:
            return True
        if (lines := self._seldom.count()) is not None:
            self._log.warning("malformed_requests", lines=lines, last=about)
        return False


@contextmanager
def kept_quiet(log: Log, clock: Clock) -> Iterator[None]:
    """Keep what strangers send from filling the log while a server runs."""
    strangers = Strangers(log, clock)
    loggers = [logging.getLogger(name) for name in (_SERVER, _LOOP)]
    for logger in loggers:
        logger.addFilter(strangers)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(strangers)


def _malformed(record: logging.LogRecord) -> str | None:
    """What the line is about, without a word of what was sent; None where the sender is not to blame.

    The server warns of nothing but requests. After a broken body h11 refuses whatever is still answered, and the
    refusal comes up as an error: in the application, or as a fatal one of the event loop.
    """
    import h11

    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, h11.ProtocolError | ClientDisconnect):
        return type(error).__name__
    return record.getMessage() if record.name == _SERVER and record.levelno == logging.WARNING else None
