"""One probability out of the members' log-odds: weights learned on rows that came after those the members were taught."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAUTION = 20.0  # weights are drawn towards equal ones as strongly as this many rows could draw them


@dataclass(frozen=True, slots=True)
class OddsBlend:
    """How much each member's distance from `usual` counts; never negative. `shift` lifts or lowers all rows alike."""

    weights: NDArray[np.float64]
    usual: float
    shift: float

    def chances(self, odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """`odds` is member × row."""
        from scipy.special import expit

        return np.asarray(expit(self.usual + self.shift + self.weights @ (odds - self.usual)), dtype=float)


def even_blend(members: int, usual: float) -> OddsBlend:
    return OddsBlend(np.full(members, 1.0 / members), usual, 0.0)


def learn_odds_blend(
    odds: NDArray[np.float64], happened: NDArray[np.bool_], loudness: NDArray[np.float64], *, usual: float,
    shifts: NDArray[np.intp] | None = None,
) -> OddsBlend:
    """The weights that make what happened likeliest.

    `shifts` numbers stretches of rows of which each may lie higher or lower as a whole; the blend then keeps no shift
    of its own. Without it, one shift for all is learned and kept.
    """
    from scipy.optimize import minimize

    members = len(odds)
    if not odds.shape[1]:
        return even_blend(members, usual)
    stretches = np.zeros(odds.shape[1], dtype=np.intp) if shifts is None else shifts
    count = int(stretches.max()) + 1
    start = np.concatenate([np.full(members, 1.0 / members), np.zeros(count)])
    scale = max(float(loudness.sum()), 1.0)
    best = minimize(
        _loss, start, args=(odds - usual, happened.astype(float), loudness / scale, stretches, usual, CAUTION / scale),
        jac=True, method="L-BFGS-B", bounds=[(0.0, 1.5)] * members + [(-4.0, 4.0)] * count,
    )
    shift = float(best.x[members]) if shifts is None else 0.0
    return OddsBlend(best.x[:members].copy(), usual, shift)


def _loss(
    known: NDArray[np.float64], away: NDArray[np.float64], happened: NDArray[np.float64],
    loudness: NDArray[np.float64], stretches: NDArray[np.intp], usual: float, caution: float,
) -> tuple[float, NDArray[np.float64]]:
    """Mean negative log-likelihood, drawn towards equal weights and no shift, and its slope."""
    from scipy.special import expit

    members = len(away)
    weights, shifts = known[:members], known[members:]
    odds = usual + weights @ away + shifts[stretches]
    miss = loudness * (expit(odds) - happened)
    drawn = np.concatenate([weights - 1.0 / members, 0.1 * shifts])
    loss = float(loudness @ (np.logaddexp(0.0, odds) - happened * odds)) + 0.5 * caution * float(drawn @ drawn)
    slope = np.concatenate([away @ miss, np.bincount(stretches, weights=miss, minlength=len(shifts))])
    pull = np.concatenate([weights - 1.0 / members, 0.01 * shifts])
    return loss, slope + caution * pull
