"""What speaks for and against the blend's answer: the columns from which doubt and novelty are learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connector.decision.learners.blend import Blend
from connector.decision.learners.committee import Opinions

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Per row: the answer, its probability, and columns that say how it came about."""

    probabilities: NDArray[np.float64]
    answers: NDArray[np.intp]
    columns: NDArray[np.float64]

    @property
    def top(self) -> NDArray[np.float64]:
        return self.probabilities[np.arange(len(self.answers)), self.answers]


def weigh(opinions: Opinions, blend: Blend) -> Evidence:
    probabilities = blend.probabilities(opinions.scores)
    answers = probabilities.argmax(axis=1)
    columns = [*_certainty(probabilities), *_agreement(opinions, answers), *_nearness(opinions, answers)]
    return Evidence(probabilities=probabilities, answers=answers, columns=np.column_stack(columns))


def _certainty(probabilities: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """How far the best value stands above the second, and above all."""
    clipped = np.clip(probabilities, 1e-9, 1.0 - 1e-9)
    best = np.sort(np.partition(clipped, -2, axis=1)[:, -2:], axis=1) if clipped.shape[1] > 1 else clipped
    top, second = best[:, -1], best[:, 0]
    spread = -(clipped * np.log(clipped)).sum(axis=1)
    return [np.log(top / (1.0 - top)), np.log(top / second), spread]


def _agreement(opinions: Opinions, answers: NDArray[np.intp]) -> list[NDArray[np.float64]]:
    """How many members say the same, and how clearly each prefers it."""
    rows = np.arange(len(answers))
    margins, agree = [], np.zeros(len(answers))
    for scores in opinions.scores:
        ours = scores[rows, answers]
        others = scores.copy()
        others[rows, answers] = -np.inf
        rival = others.max(axis=1) if scores.shape[1] > 1 else ours
        margins.append((ours - rival).astype(float))
        agree += ours >= rival
    return [agree / max(len(opinions.scores), 1), *margins, *(scores.max(axis=1) for scores in opinions.scores)]


def _nearness(opinions: Opinions, answers: NDArray[np.intp]) -> list[NDArray[np.float64]]:
    """How like the taught texts it is, and whether the likest ones carry the answer."""
    same = opinions.who == answers[:, None]
    voted = (opinions.near * same).sum(axis=1) / np.maximum(opinions.near.sum(axis=1), 1e-9)
    nearest = opinions.near[:, 0]
    own = np.where(same, opinions.near, 0.0).max(axis=1)
    other = np.where(same, 0.0, opinions.near).max(axis=1)
    return [
        nearest.astype(float), opinions.near.mean(axis=1).astype(float), voted, (own - other).astype(float),
        opinions.known, np.log1p(opinions.words),
    ]
