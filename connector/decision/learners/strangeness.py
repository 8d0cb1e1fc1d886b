"""How strange a text is: what a detector of new values looks at beside the evidence."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from connector.decision.learners.committee import Opinions
from connector.decision.learners.customs import Custom
from connector.decision.learners.evidence import Evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

LADDER = 5  # values after the best whose probability counts


def strangeness_columns(opinions: Opinions, evidence: Evidence) -> NDArray[np.float64]:
    """The evidence, and how far the text keeps to what is usual of its answer."""
    beside = (_among_fellows(opinions, evidence), _coverage(opinions, evidence), _meaning(opinions, evidence))
    return np.column_stack([evidence.columns, *_ladder(evidence), *chain.from_iterable(beside)])


def _ladder(evidence: Evidence) -> list[NDArray[np.float64]]:
    """How likely the values after the best are: strangers leave many half likely."""
    ranked = -np.sort(-np.log(np.clip(evidence.probabilities, 1e-9, 1.0)), axis=1)
    steps = ranked[:, 1 : LADDER + 1]
    return list(np.pad(steps, ((0, 0), (0, LADDER - steps.shape[1])), constant_values=np.log(1e-9)).T)


def _among_fellows(opinions: Opinions, evidence: Evidence) -> list[NDArray[np.float64]]:
    """How near the likest text of the answer is, against what is usual of that value; how mixed the neighbours are."""
    rows, answers, near = np.arange(len(evidence.answers)), evidence.answers, opinions.near
    usual, spread, size = (
        opinions.customs[plane][rows, answers] for plane in (Custom.NEARNESS, Custom.SPREAD, Custom.SIZE)
    )
    same = opinions.who == answers[:, None]
    short = np.where(same, near, 0.0).max(axis=1) - usual
    kinds = 1 + (np.diff(np.sort(opinions.who, axis=1), axis=1) != 0).sum(axis=1)
    columns = [short, short / spread, near[:, 0] - near[:, -1], same.sum(axis=1), kinds, size, usual]
    return [column.astype(float) for column in columns]


def _meaning(opinions: Opinions, evidence: Evidence) -> list[NDArray[np.float64]]:
    """How like the answer's texts it is by main directions: by itself, against the usual, and against other values."""
    rows, answers = np.arange(len(evidence.answers)), evidence.answers
    meant = opinions.customs[Custom.MEANT]
    own, usual = meant[rows, answers], opinions.customs[Custom.MEANT_USUALLY][rows, answers]
    rivals = meant.copy()
    rivals[rows, answers] = -1.0
    return [column.astype(float) for column in (own, own - usual, own - rivals.max(axis=1))]


def _coverage(opinions: Opinions, evidence: Evidence) -> list[NDArray[np.float64]]:
    """How much of the text consists of what texts of the answer use, of the second best, and more than of any other."""
    rows, answers = np.arange(len(evidence.answers)), evidence.answers
    others = evidence.probabilities.copy()
    others[rows, answers] = -1.0
    second = others.argmax(axis=1)
    columns = []
    for plane in (Custom.COVERED, Custom.WORDS_COVERED):
        covered = opinions.customs[plane]
        own = covered[rows, answers]
        rivals = covered.copy()
        rivals[rows, answers] = -1.0
        columns += [own, covered[rows, second], own - rivals.max(axis=1)]
    return [column.astype(float) for column in columns]
