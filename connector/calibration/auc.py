"""Is there signal at all? The area under the ROC curve with DeLong's variance, and the bound below which we abstain.

Method: DeLong, DeLong, Clarke-Pearson, Biometrics 44 (1988); computed by mid-ranks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

NO_SIGNAL = 0.55


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaEstimate:
    """The area, its standard error, and the one-sided lower bound at the confidence that was asked for."""

    area: float
    error: float
    low: float
    positives: int
    negatives: int

    def shows_signal(self, floor: float = NO_SIGNAL) -> bool:
        return self.low > floor


def area_under_curve(
    scores: Sequence[float], happened: Sequence[bool], *, confidence: float = 0.95
) -> AreaEstimate | None:
    """None where one of the two outcomes never happened. Ties count half."""
    import numpy as np
    from scipy.special import ndtri
    from scipy.stats import rankdata

    score, hit = np.asarray(scores, dtype=float), np.asarray(happened, dtype=bool)
    if score.shape != hit.shape:
        raise ValueError(f"{score.size} scores for {hit.size} outcomes")
    positives, negatives = int(hit.sum()), int((~hit).sum())
    if not positives or not negatives:
        return None
    overall = rankdata(score)
    above = (overall[hit] - rankdata(score[hit])) / negatives
    below = 1.0 - (overall[~hit] - rankdata(score[~hit])) / positives
    area = float(above.mean())
    error = math.sqrt(_variance_of_mean(above) + _variance_of_mean(below))
    low = area - float(ndtri(confidence)) * error
    return AreaEstimate(area=area, error=error, low=low, positives=positives, negatives=negatives)


def _variance_of_mean(placements: Sequence[float]) -> float:
    import numpy as np

    # One row of a kind says nothing of its spread: take the widest there is, a coin's.
    return float(np.var(placements, ddof=1)) / len(placements) if len(placements) > 1 else 0.25
