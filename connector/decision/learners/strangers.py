"""Texts that people said belong to no value: what they teach about others, beside what hidden values taught.

Strangers like the known ones are found by likeness to them; those of another kind only as far as the detector sees them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from connector.decision.learners.doubt import Judge, learn_judge, log_odds
from connector.decision.learners.evidence import Evidence
from connector.decision.learners.text_features import TextMatrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAREST = 3


@dataclass(frozen=True, slots=True)
class Likeness:
    """What tells strangers from taught texts: a margin between the two, and the strangers themselves."""

    strangers: Any  # scipy.sparse.csr_matrix, unit rows
    weights: NDArray[np.float32]
    offset: float

    def columns(
        self, rows: TextMatrix, evidence: Evidence, near: NDArray[np.float32], odds: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """`near` is how like the nearest taught text is; `odds` are the detector's."""
        alike = _nearest(rows.weights, self.strangers)
        margin = rows.weights @ self.weights + self.offset
        first = alike[:, 0]
        return np.column_stack([odds, evidence.columns[:, 0], first, alike.mean(axis=1), first - near, margin]).astype(float)


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """A text is strange where either says so: the detector, or its likeness to strangers."""

    likeness: Likeness
    detector: Judge
    liking: Judge

    def odds(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        alone, alike = self.detector.chances(columns[:, :1]), self.liking.chances(columns)
        return np.asarray(np.logaddexp(log_odds(alone), log_odds(alike)), dtype=float)


def learn_likeness(taught: TextMatrix, strangers: TextMatrix, *, seed: int) -> Likeness:
    import warnings

    from scipy.sparse import vstack
    from sklearn.svm import LinearSVC

    strange = np.repeat([False, True], [len(taught), len(strangers)])
    model = LinearSVC(C=1.0, class_weight="balanced", tol=1e-3, max_iter=500, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it stops after its rounds, converged or not: that is meant
        model.fit(vstack([taught.weights, strangers.weights], format="csr"), strange)
    return Likeness(strangers.weights, model.coef_[0].astype(np.float32), float(model.intercept_[0]))


def learn_acquaintance(
    likeness: Likeness, columns: NDArray[np.float64], strange: NDArray[np.bool_]
) -> Acquaintance | None:
    """None where strangers are too few to learn from. `columns` were seen by committees taught none of these rows."""
    detector, liking = learn_judge(columns[:, :1], strange), learn_judge(columns, strange)
    return None if detector is None or liking is None else Acquaintance(likeness, detector, liking)


def _nearest(rows: Any, strangers: Any) -> NDArray[np.float32]:
    """Similarity of the nearest strangers, nearest first; filled up with nothing alike."""
    parts = [np.zeros((0, NEAREST), dtype=np.float32)]
    for start in range(0, rows.shape[0], 256):
        alike = -np.sort(-(rows[start : start + 256] @ strangers.T).toarray(), axis=1)[:, :NEAREST]
        parts.append(np.pad(alike, ((0, 0), (0, NEAREST - alike.shape[1]))))
    return np.vstack(parts)
