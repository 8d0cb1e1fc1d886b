"""A small learned judge over evidence columns: is this answer right, or is this text of no known value?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_OF_A_KIND = 15
CAUTION = 10.0
FREEDOM = 10.0


@dataclass(frozen=True, slots=True)
class Judge:
    """A logistic rule over standardised columns."""

    middle: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    offset: float

    def chances(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.special import expit

        return np.asarray(expit(_standard(columns, self.middle, self.scale) @ self.weights + self.offset), dtype=float)


def log_odds(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(chances, 1e-6, 1.0 - 1e-6)
    return np.asarray(np.log(clipped / (1.0 - clipped)), dtype=float)


def learn_judge(columns: NDArray[np.float64], happened: NDArray[np.bool_]) -> Judge | None:
    """None where one of the two outcomes is too rare to learn from.

    The first column, how sure the blend is, counts freely; the others only as far as many rows speak for them.
    """
    from sklearn.linear_model import LogisticRegression

    if min(int(happened.sum()), int((~happened).sum())) < FEWEST_OF_A_KIND:
        return None
    middle, scale = columns.mean(axis=0), columns.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    model = LogisticRegression(C=1.0 / CAUTION, max_iter=1_000).fit(_standard(columns, middle, scale), happened)
    return Judge(middle, scale, model.coef_[0].astype(float), float(model.intercept_[0]))


def _standard(
    columns: NDArray[np.float64], middle: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    standard = np.clip((columns - middle) / scale, -8.0, 8.0)
    standard[:, 0] *= FREEDOM  # a larger column needs a smaller weight, so caution hardly holds it back
    return standard
