"""From which confidence on a promise is kept: a walk from strict to loose that stops at the first failed bound.

Searching the best of many thresholds breaks the promise far too often; a walk in a fixed order, each step tested at
95 % and none after a failure, keeps it (fixed-sequence testing). The grid is set before any verdict is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.calibration.bounds import CONFIDENCE, fewest_trials, lower_bound

COLD_BELOW = 20  # examples per value
COLD_CONFIDENCE = 0.99  # of the bound on a cold learner's precision: it has little else to its credit


def confidence_for(*, examples: int, values: int) -> float:
    """How sure a bound must be for a learner that was taught so many examples of so many values."""
    return COLD_CONFIDENCE if examples < COLD_BELOW * values else CONFIDENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One proposal a person judged: how sure it was, and whether it was right."""

    confidence: float
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdGrid:
    """Where the walk may stand: shares of the judged rows, the surest first.

    It begins at `first` of the rows (or at `slack` times the fewest rows that could pass, if that is more but still at
    most half of them): the very surest rows alone are so few that one odd verdict would end the walk.
    """

    first: float = 0.3
    step: float = 0.02
    slack: float = 3.0


DEFAULT_GRID = ThresholdGrid()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One place of the walk: of `rows` with at least this confidence, `right` were right."""

    threshold: float
    rows: int
    right: int
    low: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The loosest confidence that kept the promise, and every step that led there (the last may be the failed one)."""

    value: float
    target: float
    steps: tuple[Step, ...]
    judged: int

    @property
    def evidence(self) -> Step:
        return next(step for step in reversed(self.steps) if step.threshold == self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unearned:
    """No threshold kept the promise. `needed` is the fewest judged rows that could; `steps` is where it failed."""

    target: float
    judged: int
    needed: int
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        if self.judged < self.needed:
            return f"{self.judged} judged so far; {self.target:g} takes at least {self.needed}"
        first = self.steps[0]
        return f"of the {first.rows} surest, {first.right} were right: not enough to promise {self.target:g}"


def find_threshold(
    judged: Sequence[Judged], *, target: float, confidence: float = 0.95, grid: ThresholdGrid = DEFAULT_GRID
) -> Threshold | Unearned:
    """Walk the grid. Rows MUST be distinct by content beforehand: the same text judged twice proves nothing twice."""
    needed = fewest_trials(target, confidence=confidence)
    if len(judged) < needed:
        return Unearned(target=target, judged=len(judged), needed=needed)
    kept: Step | None = None
    steps: list[Step] = []
    for step in _places(judged, _row_counts(len(judged), needed, grid), confidence):
        steps.append(step)
        if step.low < target:
            break
        kept = step
    if kept is None:
        return Unearned(target=target, judged=len(judged), needed=needed, steps=tuple(steps))
    return Threshold(value=kept.threshold, target=target, steps=tuple(steps), judged=len(judged))


def _row_counts(judged: int, needed: int, grid: ThresholdGrid) -> list[int]:
    start = max(needed, round(grid.first * judged), min(round(grid.slack * needed), judged // 2))
    stride = max(round(grid.step * judged), 1)
    return [*range(start, judged, stride), judged]


def _places(judged: Sequence[Judged], counts: Sequence[int], confidence: float) -> list[Step]:
    ranked = sorted(judged, key=lambda row: -row.confidence)
    hits = [0]
    for row in ranked:
        hits.append(hits[-1] + row.right)
    places: dict[float, Step] = {}
    for count in counts:
        threshold = ranked[count - 1].confidence
        rows = count
        while rows < len(ranked) and ranked[rows].confidence == threshold:
            rows += 1  # a threshold lets in every row that is just as sure
        low = lower_bound(hits[rows], rows, confidence=confidence)
        places.setdefault(threshold, Step(threshold=threshold, rows=rows, right=hits[rows], low=low))
    return list(places.values())
