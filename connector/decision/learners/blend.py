"""One probability per value out of many scores: a log-linear blend, weighed on rows no member was taught."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAUTION = 1.0  # weights are drawn towards silence as strongly as this many rows could draw them


@dataclass(frozen=True, slots=True)
class Blend:
    """How loud each member's scores count; never negative, so that no member is trusted to be wrong."""

    weights: NDArray[np.float64]

    def probabilities(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        from scipy.special import softmax

        return np.asarray(softmax(np.tensordot(self.weights, scores, axes=1), axis=1), dtype=float)


def learn_blend(scores: NDArray[np.float32], labels: NDArray[np.intp]) -> Blend:
    """The weights that make the right values likeliest; evenly loud members where there is nothing to learn from."""
    from scipy.optimize import minimize

    members = len(scores)
    loudness = np.array([float(score.std()) or 1.0 for score in scores])
    if not len(labels):
        return Blend(1.0 / loudness / members)
    scaled = (scores / loudness[:, None, None]).astype(np.float32)
    best = minimize(
        _loss, np.full(members, 1.0), args=(scaled, labels, CAUTION / len(labels)), jac=True, method="L-BFGS-B",
        bounds=[(0.0, None)] * members,
    )
    return Blend(np.maximum(best.x, 1e-6) / loudness)


def _loss(
    weights: NDArray[np.float64], scores: NDArray[np.float32], labels: NDArray[np.intp], caution: float
) -> tuple[float, NDArray[np.float64]]:
    """Mean negative log-likelihood of the right values with a little caution, and its slope."""
    from scipy.special import log_softmax

    rows = np.arange(len(labels))
    likely = log_softmax(np.tensordot(weights, scores, axes=1), axis=1)
    expected = np.einsum("ij,mij->m", np.exp(likely), scores, dtype=float)
    slope = (expected - scores[:, rows, labels].sum(axis=1, dtype=float)) / len(labels)
    loss = -float(likely[rows, labels].mean()) + caution * float(weights @ weights)
    return loss, slope + 2.0 * caution * weights
