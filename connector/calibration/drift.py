"""Has the world moved? Observed minus expected events, in standard deviations of what chance alone would do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# At 3 standard deviations ordinary weeks raise the alarm; about 8 named the real jumps only (bank marketing, batches).
ALARM = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far observation and expectation lie apart. `deviations` is positive where more happened than expected."""

    observed: float
    expected: float
    deviations: float
    rows: int

    def is_alarming(self, alarm: float = ALARM) -> bool:
        return abs(self.deviations) >= alarm


def drift_of_probabilities(probabilities: Sequence[float], happened: Sequence[bool]) -> Drift:
    """Against what each row's own probability promised."""
    if len(probabilities) != len(happened):
        raise ValueError(f"{len(probabilities)} probabilities for {len(happened)} outcomes")
    expected = math.fsum(probabilities)
    variance = math.fsum(share * (1.0 - share) for share in probabilities)
    return _drift(sum(map(bool, happened)), expected, variance, len(probabilities))


def drift_of_counts(observed: int, rows: int, *, was: int, of: int) -> Drift:
    """Of a share against the share it had before (`was` of `of` rows): both sides' sampling noise counts."""
    if not rows or not of:
        return Drift(observed=observed, expected=0.0, deviations=0.0, rows=rows)
    pooled = (observed + was) / (rows + of)
    variance = pooled * (1.0 - pooled) * rows * (1.0 + rows / of)
    return _drift(observed, rows * was / of, variance, rows)


def _drift(observed: float, expected: float, variance: float, rows: int) -> Drift:
    gap = observed - expected
    if variance <= 0.0:
        deviations = 0.0 if abs(gap) < 1e-9 else math.copysign(math.inf, gap)
    else:
        deviations = gap / math.sqrt(variance)
    return Drift(observed=observed, expected=expected, deviations=deviations, rows=rows)
