"""Time and randomness as arguments, so that a test or a simulation can hold them still."""

from __future__ import annotations

import random
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """What the product knows of time. `now` MUST be aware and in UTC."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float:
        """Seconds that never run backwards, for measuring and for time-outs."""
        ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class HeldClock:
    """A clock that moves only when told to; sleeping moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        self._now += by
        self._elapsed += by.total_seconds()

    def jump(self, to: datetime) -> None:
        """Set the wall clock as an operator or NTP would; the monotonic side does not notice."""
        self._now = to


def micros(at: datetime) -> int:
    """Integer microseconds since the epoch: how every table stores an instant."""
    since = at - EPOCH  # its own whole numbers: to divide it by a timedelta takes ten times as long
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_micros(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


def system_random() -> random.Random:
    """Randomness for a real daemon: seeded from the operating system."""
    return random.Random(secrets.randbits(128))


def secret_random() -> random.Random:
    """Randomness for secrets: the operating system's own, which nobody can foretell."""
    return random.SystemRandom()
