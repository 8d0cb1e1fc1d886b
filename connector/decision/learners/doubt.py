"""A small learned judge over evidence columns: is this answer right, or is this text of no known value?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_OF_A_KIND = 15


@dataclass(frozen=True, slots=True)
class Judge:
    """A logistic rule over standardised columns."""

    middle: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    offset: float

    def chances(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.special import expit

        standard = np.clip((columns - self.middle) / self.scale, -8.0, 8.0)
        return np.asarray(expit(standard @ self.weights + self.offset), dtype=float)


def learn_judge(columns: NDArray[np.float64], happened: NDArray[np.bool_], *, caution: float = 1.0) -> Judge | None:
    """None where one of the two outcomes is too rare to learn from."""
    from sklearn.linear_model import LogisticRegression

    if min(int(happened.sum()), int((~happened).sum())) < FEWEST_OF_A_KIND:
        return None
    middle, scale = columns.mean(axis=0), columns.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    standard = np.clip((columns - middle) / scale, -8.0, 8.0)
    model = LogisticRegression(C=1.0 / caution, max_iter=1_000).fit(standard, happened)
    return Judge(middle, scale, model.coef_[0].astype(float), float(model.intercept_[0]))
