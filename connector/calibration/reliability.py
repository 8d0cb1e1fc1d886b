"""Does 80 % sure mean right in 80 % of cases? The reliability table and its one-number summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BINS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """The judgements whose confidence lies above `low` and at most at `high`. Means are None where there are none."""

    low: float
    high: float
    count: int
    mean_confidence: float | None
    share_right: float | None


def reliability_table(
    confidences: Sequence[float], right: Sequence[bool], *, bins: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """Equal-width bins over 0..1; a confidence on an edge belongs to the bin below it, 0 to the first."""
    if len(confidences) != len(right):
        raise ValueError(f"{len(confidences)} confidences for {len(right)} judgements")
    counts, sums, hits = [0] * bins, [0.0] * bins, [0] * bins
    for confidence, hit in zip(confidences, right, strict=True):
        place = _place(confidence, bins)
        counts[place] += 1
        sums[place] += confidence
        hits[place] += bool(hit)
    return tuple(
        ReliabilityBin(
            low=place / bins,
            high=(place + 1) / bins,
            count=count,
            mean_confidence=sums[place] / count if count else None,
            share_right=hits[place] / count if count else None,
        )
        for place, count in enumerate(counts)
    )


def expected_calibration_error(
    confidences: Sequence[float], right: Sequence[bool], *, bins: int = BINS
) -> float | None:
    """The mean distance between confidence and share right, bins weighted by their rows; None without rows."""
    if not confidences:
        return None
    gaps = (
        abs(row.mean_confidence - row.share_right) * row.count
        for row in reliability_table(confidences, right, bins=bins)
        if row.mean_confidence is not None and row.share_right is not None
    )
    return sum(gaps) / len(confidences)


def _place(confidence: float, bins: int) -> int:
    if not 0.0 <= confidence <= 1.0:
        raise ValueError(f"a confidence lies between 0 and 1, {confidence} does not")
    place = int(confidence * bins)
    on_edge = place > 0 and confidence <= place / bins
    return min(place - on_edge, bins - 1)
