"""The time a report is about, and the small sums over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles

from connector.clock import micros

_DAY = timedelta(days=1)
MICROS_A_DAY = _DAY // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `since` until before `until`."""

    since: datetime
    until: datetime

    @property
    def days(self) -> tuple[str, ...]:
        count = max((self.until - self.since) // _DAY, 0) + 1
        return tuple((self.since + place * _DAY).date().isoformat() for place in range(count))

    @property
    def parameters(self) -> Mapping[str, int]:
        return {"since": micros(self.since), "until": micros(self.until)}


def share(part: int, whole: int) -> float | None:
    """None where there is nothing to divide by."""
    return part / whole if whole else None


def middle(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def ninth(values: Sequence[float]) -> float | None:
    """The ninth decile."""
    return quantiles(values, n=10, method="inclusive")[-1] if len(values) > 1 else middle(values)
