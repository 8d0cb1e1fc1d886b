"""The org's own time: held still and moved by hand, or following a source with an offset."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970 of an aware time."""
    since = at - _EPOCH  # its own whole numbers: to divide it by a timedelta takes ten times as long
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000


def from_milliseconds(stamp: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=stamp)


class OrgClock:
    """What time it is inside the CRM; stamps are integer milliseconds."""

    def __init__(self, start: datetime, *, source: Callable[[], datetime] | None = None) -> None:
        self._source = source
        self._anchor = milliseconds(start)
        if source is not None:
            self._anchor -= milliseconds(source())

    @classmethod
    def following(cls, source: Callable[[], datetime]) -> OrgClock:
        """A clock that agrees with `source` until it is moved."""
        return cls(source(), source=source)

    def stamp(self) -> int:
        """Now, in milliseconds since 1970."""
        if self._source is None:
            return self._anchor
        return self._anchor + milliseconds(self._source())

    def now(self) -> datetime:
        return from_milliseconds(self.stamp())

    def advance(self, by: timedelta) -> None:
        self._anchor += by // _MILLISECOND

    def jump(self, to: datetime) -> None:
        """Move the org's time to `to`, forwards or backwards."""
        self._anchor += milliseconds(to) - self.stamp()
