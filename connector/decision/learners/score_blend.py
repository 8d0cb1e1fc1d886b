"""One probability out of the members' log-odds: weights learned on rows that came after those the members were taught."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAUTION = 20.0  # weights are drawn towards equal ones as strongly as this many rows could draw them
KINSHIP = 10.0  # rows of one batch err together: so many of them bear witness as one


@dataclass(frozen=True, slots=True)
class OddsBlend:
    """How much each member's distance from `usual` counts; never negative, so that no member is trusted to be wrong."""

    weights: NDArray[np.float64]
    usual: float

    def chances(self, odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """`odds` is member × row."""
        from scipy.special import expit

        return np.asarray(expit(self.usual + self.weights @ (odds - self.usual)), dtype=float)


def even_blend(members: int, usual: float) -> OddsBlend:
    return OddsBlend(np.full(members, 1.0 / members), usual)


def learn_odds_blend(
    odds: NDArray[np.float64], happened: NDArray[np.bool_], stretch: NDArray[np.intp], *, usual: float
) -> OddsBlend:
    """The weights that make what happened likeliest. Each stretch of rows may lie higher or lower as a whole."""
    from scipy.optimize import minimize

    members, count = len(odds), odds.shape[1]
    if not count:
        return even_blend(members, usual)
    stretches = int(stretch.max()) + 1
    start = np.concatenate([np.full(members, 1.0 / members), np.zeros(stretches)])
    best = minimize(
        _loss, start, args=(odds - usual, happened.astype(float), stretch, usual), jac=True, method="L-BFGS-B",
        bounds=[(0.0, 1.5)] * members + [(-4.0, 4.0)] * stretches,
    )
    return OddsBlend(best.x[:members].copy(), usual)


def _loss(
    known: NDArray[np.float64], away: NDArray[np.float64], happened: NDArray[np.float64], stretch: NDArray[np.intp],
    usual: float,
) -> tuple[float, NDArray[np.float64]]:
    """Mean negative log-likelihood, drawn towards equal weights, and its slope."""
    from scipy.special import expit

    members, count = away.shape
    weights, shifts = known[:members], known[members:]
    odds = usual + weights @ away + shifts[stretch]
    miss = (expit(odds) - happened) / count
    drawn = weights - 1.0 / members
    loss = float((np.logaddexp(0.0, odds) - happened * odds).mean()) + 0.5 * CAUTION / count * float(drawn @ drawn)
    slope = np.concatenate([away @ miss, np.bincount(stretch, weights=miss, minlength=len(shifts))])
    slope[:members] += CAUTION / count * drawn
    return loss, slope


def trust(odds: NDArray[np.float64], happened: NDArray[np.bool_], loudness: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each member is believed, given how likely it made what happened since; even without a record."""
    from scipy.special import log_expit, softmax

    likely = np.where(happened, log_expit(odds), log_expit(-odds))
    return np.asarray(softmax((likely * loudness).sum(axis=1) / KINSHIP), dtype=float)
