"""The members of a score: a straight line and boosted splits, each taught newer rows louder than older ones if asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from connector.decision.learners.score_table import TableRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAINTEST = 0.02  # rows that would count less than this are left out
SUREST = 6.0  # log-odds no member goes beyond
FEWEST_OF_A_KIND = 5


class Way(StrEnum):
    """How a member looks at a table."""

    STRAIGHT = "straight"
    BENT = "bent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One member to be: its way, and after how many rows a row counts half; None counts all alike."""

    way: Way
    half_life: int | None = None


@dataclass(frozen=True, slots=True)
class Fitted:
    """A taught member; without a model it says the usual log-odds of every row."""

    part: Part
    usual: float
    model: Any

    def odds(self, rows: TableRows) -> NDArray[np.float64]:
        if self.model is None or not len(rows):
            return np.full(len(rows), self.usual, dtype=np.float64)
        match self.part.way:
            case Way.STRAIGHT:
                raw = self.model.decision_function(rows.straight)
            case Way.BENT:
                raw = self.model.decision_function(rows.bent)
        return np.asarray(np.clip(raw, -SUREST, SUREST), dtype=np.float64)


def fit_member(part: Part, rows: TableRows, happened: NDArray[np.bool_], *, seed: int) -> Fitted:
    """Teach one member; the last row is the newest."""
    loudness = loudness_of(len(happened), part.half_life)
    start = int(np.argmax(loudness >= FAINTEST)) if len(loudness) else 0
    heard, hits, loud = rows.take(slice(start, None)), happened[start:], loudness[start:]
    usual = log_odds((float(loud @ hits) + 0.5) / (float(loud.sum()) + 1.0))
    if min(int(hits.sum()), int((~hits).sum())) < FEWEST_OF_A_KIND or not heard.bent.shape[1]:
        return Fitted(part, usual, None)
    match part.way:
        case Way.STRAIGHT:
            model = _straight().fit(heard.straight, hits, sample_weight=loud)
        case Way.BENT:
            model = _bent(heard, seed).fit(heard.bent, hits, sample_weight=loud)
    return Fitted(part, usual, model)


def loudness_of(count: int, half_life: int | None) -> NDArray[np.float64]:
    if half_life is None:
        return np.ones(count)
    return np.asarray(0.5 ** (np.arange(count - 1, -1, -1) / half_life), dtype=float)


def log_odds(share: float) -> float:
    return float(np.clip(np.log(share / (1.0 - share)), -SUREST, SUREST))


def _straight() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=0.3, max_iter=300, tol=1e-3)


def _bent(rows: TableRows, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.08, max_leaf_nodes=8, min_samples_leaf=max(10, min(40, len(rows) // 25)),
        l2_regularization=1.0, categorical_features=list(rows.level_columns), early_stopping=False, random_state=seed,
    )
