"""Whether a text belongs to no known value: learned from values hidden in turn, and from strangers where some are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connector.decision.learners.blend import Blend
from connector.decision.learners.committee import Opinions
from connector.decision.learners.doubt import Judge, learn_judge, log_odds
from connector.decision.learners.evidence import Evidence, weigh
from connector.decision.learners.lesson import Lesson, Turn
from connector.decision.learners.strangeness import strangeness_columns
from connector.decision.learners.strangers import Acquaintance, learn_acquaintance, learn_likeness
from connector.decision.learners.text_features import TextMatrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

HIDING_NEEDS = 4  # values
NOVEL_SHARE = 0.05  # of texts with a known value may be called novel


@dataclass(frozen=True, slots=True, kw_only=True)
class Novelty:
    """A detector of new values, what known strangers taught, and the score from which a text is called novel."""

    detector: Judge | None
    acquaintance: Acquaintance | None
    novel_from: float

    def scores(self, rows: TextMatrix, opinions: Opinions, evidence: Evidence) -> NDArray[np.float64]:
        """Between 0 and 1, rising with the chance that a text belongs to no known value."""
        odds = suspicion(self.detector, opinions, evidence)
        if self.acquaintance is not None:
            columns = self.acquaintance.likeness.columns(rows, evidence, opinions.near[:, 0], odds)
            odds = self.acquaintance.odds(columns)
        return _chances(odds)


def suspicion(detector: Judge | None, opinions: Opinions, evidence: Evidence) -> NDArray[np.float64]:
    """The detector's log-odds, or where none could be learned, how far the best value is from certain."""
    if detector is None:
        return log_odds(1.0 - evidence.top)
    return log_odds(detector.chances(strangeness_columns(opinions, evidence)))


def learn_novelty(lesson: Lesson, fold: NDArray[np.intp], turns: Sequence[Turn], blend: Blend) -> Novelty:
    """`turns` are those in which every row was held back once: what is usual of known texts is read from them."""
    detector = _detector(lesson, fold, blend)
    columns, strange = _met(lesson, turns, blend, detector)
    acquaintance = None
    if len(lesson.strangers):
        likeness = learn_likeness(lesson.rows, lesson.strangers, seed=lesson.seed)
        acquaintance = learn_acquaintance(likeness, columns, strange)
    scores = _chances(columns[:, 0] if acquaintance is None else acquaintance.odds(columns))[~strange]
    limit = float(np.quantile(scores, 1.0 - NOVEL_SHARE)) if len(scores) else 1.0
    return Novelty(detector=detector, acquaintance=acquaintance, novel_from=limit)


def _detector(lesson: Lesson, fold: NDArray[np.intp], blend: Blend) -> Judge | None:
    """Hide a part of the values at a time: a detector learns to tell their texts from those of values it was taught."""
    parts = min(lesson.recipe.hidden_parts, lesson.values)
    if parts < 2 or lesson.values < HIDING_NEEDS:
        return None
    part_of = np.random.default_rng(lesson.seed).permutation(lesson.values) % parts
    columns, hidden = [], []
    for part in range(parts):
        unknown = part_of[lesson.labels] == part
        held_back = fold == part % lesson.recipe.folds
        taught, asked = np.flatnonzero(~unknown & ~held_back), np.flatnonzero(unknown | held_back)
        if not len(taught) or not len(asked):
            continue
        turn = lesson.ask(taught, np.random.default_rng(lesson.seed + part).permutation(asked), np.arange(0))
        columns.append(strangeness_columns(turn.opinions, weigh(turn.opinions, blend)))
        hidden.append(unknown[turn.asked])
    return learn_judge(np.vstack(columns), np.concatenate(hidden)) if columns else None


def _met(
    lesson: Lesson, turns: Sequence[Turn], blend: Blend, detector: Judge | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Known rows and strangers as committees saw them that were taught neither: columns, and which are strange.

    The first column is the detector's log-odds; where strangers are known, those of likeness to others of them follow.
    """
    columns, strange = [], []
    for turn in turns:
        others = np.setdiff1d(np.arange(len(lesson.strangers)), turn.met)
        likeness = None
        if len(others):
            likeness = learn_likeness(lesson.rows.take(turn.taught), lesson.strangers.take(others), seed=lesson.seed)
        asked = [(lesson.rows.take(turn.asked), turn.opinions)]
        if turn.said_of_strangers is not None:
            asked.append((lesson.strangers.take(turn.met), turn.said_of_strangers))
        for rows, opinions in asked:
            evidence = weigh(opinions, blend)
            odds = suspicion(detector, opinions, evidence)
            alike = () if likeness is None else (likeness.columns(rows, evidence, opinions.near[:, 0], odds)[:, 1:],)
            columns.append(np.column_stack([odds, *alike]))
        strange.append(np.arange(len(turn.asked) + len(turn.met)) >= len(turn.asked))
    return np.vstack(columns), np.concatenate(strange)


def _chances(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import expit

    return np.asarray(expit(odds), dtype=float)
