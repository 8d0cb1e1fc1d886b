"""One short limit of a CRM account: how many calls fit now, by what we sent, what the server says and where it refused."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

_FREELY = 4  # one part of a lane's calls in so many may follow each other freely; the others are spread
_STRETCH = 0.1  # how much longer one refusal makes the window
_MOST_STRETCHES = 10
_SHORTEN_AFTER = 60  # windows without a refusal before one stretch is taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """At most `calls` calls in any `window`.

    Where the server says what is left, others' calls are subtracted, and `spare` is the share of the rest kept free.
    `fixed` says that the settings chose `calls`: then the server's word can lower it, and never raises it.
    """

    calls: int
    window: timedelta
    spare: float = 0.05
    fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What an answer says of its lane: `left` of `calls` in any `window`, after this call."""

    calls: int
    left: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class _Share:
    """Our share of a lane by the latest answer, until all it counted has left the window."""

    calls: int
    until: float


@dataclass(slots=True)
class LaneUse:
    """The calls of the latest window and what was learnt of it; times are monotonic seconds."""

    lane: Lane
    closed_until: float = 0.0
    _window: float = 0.0
    _sent: deque[float] = field(default_factory=deque)
    _share: _Share | None = None
    _refused_at: float = 0.0
    _stretches: int = 0

    def __post_init__(self) -> None:
        self._window = self.lane.window.total_seconds()

    def wait(self, now: float) -> float:
        """Seconds until one more call fits; nothing or less when it fits now."""
        self._forget(now)
        room, window, sent = self._room(now), self._stretched(now), self._sent
        wait = self.closed_until - now
        if len(sent) >= room:
            wait = max(wait, sent[len(sent) - room] + window - now)
        if _FREELY * len(sent) >= room:
            # After a burst nobody else would find room, we would learn nothing, and a hint would wait for the window's end.
            wait = max(wait, sent[-1] + self._spacing(room, window) - now)
        return wait

    def take(self, now: float) -> None:
        self._sent.append(now)

    def close(self, until: float, now: float) -> None:
        """The server refused a call. Where it never says what is left, the window is longer for a while."""
        self.closed_until = max(self.closed_until, until)
        self._stretches = min(self._stretches_at(now) + 1, _MOST_STRETCHES)
        self._refused_at = now

    def learn(self, allowed: Allowed, now: float) -> None:
        """What is neither left nor ours is used by others, and is taken to stay so for one window."""
        self._window = allowed.window.total_seconds()
        self._forget(now)
        others = max(0, allowed.calls - allowed.left - len(self._sent))
        ours = int((allowed.calls - others) * (1 - self.lane.spare))
        self._share = _Share(min(ours, self.lane.calls) if self.lane.fixed else ours, now + self._window)
        self._stretches = 0

    def _room(self, now: float) -> int:
        """Calls we may have in one window: never none, because only an answer tells that others have stopped."""
        if self._share is not None and now < self._share.until:
            return max(1, self._share.calls)
        return max(1, self.lane.calls)

    def _spacing(self, room: int, window: float) -> float:
        """The shortest even distance from the last call on at which no later one meets a full window."""
        sent, left = self._sent, room - len(self._sent)
        return max((at + window - sent[-1]) / max(1, left + 1 + place) for place, at in enumerate(sent))

    def _stretches_at(self, now: float) -> int:
        return max(0, self._stretches - int((now - self._refused_at) / (self._window * _SHORTEN_AFTER)))

    def _stretched(self, now: float) -> float:
        return self._window * (1 + _STRETCH * self._stretches_at(now))

    def _forget(self, now: float) -> None:
        oldest = now - self._stretched(now)
        while self._sent and self._sent[0] <= oldest:
            self._sent.popleft()
