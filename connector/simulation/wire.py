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

    def send(self, request: HttpRequest) -> HttpResponse:
        self.calls += 1
        self._world.sleep(self._chance.uniform(0.01, 0.25))
        self._meanwhile(request)
        self._crashes.at_call(request.method, "before")
        answer = self._inner.send(request)
        self._crashes.at_call(request.method, "after")
        return answer
