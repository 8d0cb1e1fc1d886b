"""The way from a simulated daemon to an org: time passes on it, people act in the middle of it, crashes happen on it."""

from __future__ import annotations

import random
from collections.abc import Callable

from adapters.conformance.bridge import FaceTransport
from connector.adapter import HttpRequest, HttpResponse
from connector.clock import HeldClock
from connector.simulation.crash import Crashes

Meanwhile = Callable[[HttpRequest], None]
"""What people do in the moment before a call reaches the CRM."""


class SimulatedWire:
    """A transport over a face in this process."""

    def __init__(
        self, inner: FaceTransport, world: HeldClock, chance: random.Random, crashes: Crashes, meanwhile: Meanwhile
    ) -> None:
        self._inner = inner
        self._world = world
        self._chance = chance
        self._crashes = crashes
        self._meanwhile = meanwhile
        self.calls = 0
        self.before_write: Callable[[], None] | None = None

    def send(self, request: HttpRequest) -> HttpResponse:
        self.calls += 1
        self._world.sleep(self._chance.uniform(0.01, 0.25))
        self._meanwhile(request)
        if self.before_write is not None and writes(request):
            self.before_write()
        self._crashes.at_call(request.method, "before")
        answer = self._inner.send(request)
        self._crashes.at_call(request.method, "after")
        return answer


def writes(request: HttpRequest) -> bool:
    """Whether this call is a write of records."""
    if "/services/data/" in request.url:
        return request.method == "PATCH" or "/composite" in request.url
    return request.method == "PATCH" or request.url.endswith(("/batch/update", "/batch/create"))
