"""What leaves the machine, counted where it leaves: to which host, for what, how much. Never what it said."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import Protocol
from urllib.parse import urlsplit

from connector.adapter.transport import HttpRequest, HttpResponse, NoAnswerError, Purpose, Transport
from connector.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One day's traffic to one host. `on_behalf` is the connection, channel, lookup or tier that caused it.

    Bytes are those of bodies. Sessions that are not HTTP count as requests, their bytes are not known.
    """

    day: date
    host: str
    purpose: Purpose
    on_behalf: str
    requests: int
    sent: int = 0
    received: int = 0


class Meter(Protocol):
    """Where departures are counted. MUST be cheap and safe between threads: it stands in every call."""

    def count(self, departure: Departure) -> None: ...


class Tally:
    """Departures added up in memory until somebody takes them to the ledger."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[tuple[date, str, Purpose, str], tuple[int, int, int]] = {}

    def count(self, departure: Departure) -> None:
        key = (departure.day, departure.host, departure.purpose, departure.on_behalf)
        with self._lock:
            requests, sent, received = self._sums.get(key, (0, 0, 0))
            self._sums[key] = (
                requests + departure.requests, sent + departure.sent, received + departure.received
            )

    def take(self) -> Sequence[Departure]:
        """What was counted since the last time; the sums begin anew."""
        with self._lock:
            sums, self._sums = self._sums, {}
        return [
            Departure(
                day=day, host=host, purpose=purpose, on_behalf=on_behalf, requests=requests, sent=sent, received=received
            )
            for (day, host, purpose, on_behalf), (requests, sent, received) in sums.items()
        ]


class Metered:
    """A transport whose requests are counted, also those that got no answer; what never left is not."""

    def __init__(self, inner: Transport, meter: Meter, clock: Clock, *, on_behalf: str) -> None:
        self._inner = inner
        self._meter = meter
        self._clock = clock
        self._on_behalf = on_behalf

    def send(self, request: HttpRequest) -> HttpResponse:
        try:
            answer = self._inner.send(request)
        except NoAnswerError:
            self._count(request, 0)
            raise
        self._count(request, len(answer.body))
        return answer

    def _count(self, request: HttpRequest, received: int) -> None:
        parts = urlsplit(request.url)
        self._meter.count(
            Departure(
                day=self._clock.now().astimezone(UTC).date(), host=parts.hostname or "", purpose=request.purpose,
                on_behalf=self._on_behalf, requests=1, sent=len(request.body), received=received,
            )
        )


def session_counter(meter: Meter, clock: Clock, purpose: Purpose, on_behalf: str) -> Callable[[str], None]:
    """Counts a session of another protocol than HTTP by its host."""

    def opened(host: str) -> None:
        day = clock.now().astimezone(UTC).date()
        meter.count(Departure(day=day, host=host.lower().rstrip("."), purpose=purpose, on_behalf=on_behalf, requests=1))

    return opened
