"""Crashes at chosen moments: around a commit, or around a call to a CRM. Nothing of the road can catch one."""

from __future__ import annotations

import random
from collections import Counter
from typing import NoReturn

from connector.store import CommitPoint


class SimulatedCrash(BaseException):
    """The process dies here. Not an Exception: the road's own edges must not be able to handle it."""


class Crashes:
    """Decides at every commit and call whether the process dies there, and counts where it did."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._at_commit = self._at_call = 0.0
        self.places: Counter[str] = Counter()
        self.commits: Counter[str] = Counter()

    @property
    def total(self) -> int:
        return self.places.total()

    def at_commit(self, name: str, point: CommitPoint) -> None:
        if point is CommitPoint.AFTER:
            self.commits[name] += 1
        if self._happens(self._at_commit):
            self._crash(f"{point} {name}")

    def at_call(self, method: str, side: str) -> None:
        if self._happens(self._at_call):
            self._crash(f"{side} a read" if method == "GET" else f"{side} a call")

    def begin(self, *, at_commit: float, at_call: float) -> None:
        self._at_commit, self._at_call = at_commit, at_call

    def stop(self) -> None:
        """No crash happens any more."""
        self._at_commit = self._at_call = 0.0

    def _happens(self, probability: float) -> bool:
        return probability > 0 and self._chance.random() < probability

    def _crash(self, place: str) -> NoReturn:
        self.places[place] += 1
        raise SimulatedCrash(place)
