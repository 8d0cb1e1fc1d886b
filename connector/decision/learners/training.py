"""How a route learner is taught: members on all rows; their blend and doubt on rows held back from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connector.decision.learners.blend import Blend, learn_blend
from connector.decision.learners.committee import Committee, Opinions, joined
from connector.decision.learners.doubt import Judge, learn_judge
from connector.decision.learners.effort import Recipe, affordable
from connector.decision.learners.evidence import Evidence, weigh
from connector.decision.learners.examples import Examples, folds
from connector.decision.learners.lesson import Lesson
from connector.decision.learners.novelty import Novelty, learn_novelty
from connector.decision.learners.text_features import TextFeatures, learn_features
from connector.decision.learners.track_record import TrackRecord, keep_record

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """Everything a fit yields."""

    features: TextFeatures
    committee: Committee
    blend: Blend
    record: TrackRecord
    doubt: Judge | None
    novelty: Novelty
    held_back: int

    def confidence(self, evidence: Evidence) -> NDArray[np.float64]:
        """The chance that each answer is right; never surer than so many held-back rows can make anyone."""
        chances = self.doubt.chances(self.record.columns(evidence)) if self.doubt else evidence.top
        return (chances * self.held_back + 0.5) / (self.held_back + 1.0)


def train(examples: Examples, recipe: Recipe, *, seed: int) -> Taught:
    features, rows = learn_features(examples.texts, reach=examples.reach)
    lesson = Lesson(
        rows=rows, labels=examples.labels, values=len(examples.values), seed=seed,
        recipe=affordable(recipe, columns=features.columns, values=len(examples.values)),
        strangers=features.rows(examples.strangers) if examples.strangers else rows.take(np.arange(0)),
    )
    fold = folds(examples, recipe.folds, seed=seed)
    turns = lesson.turns(fold)
    opinions = joined([turn.opinions for turn in turns])
    blend, evidence, right = _weighed(opinions, np.concatenate([lesson.labels[turn.asked] for turn in turns]))
    record, columns = keep_record(evidence, right)
    return Taught(
        features=features, committee=lesson.teach(np.arange(len(rows))), blend=blend, record=record,
        doubt=learn_judge(columns, right), novelty=learn_novelty(lesson, fold, turns, blend), held_back=len(right),
    )


def _weighed(opinions: Opinions, labels: NDArray[np.intp]) -> tuple[Blend, Evidence, NDArray[np.bool_]]:
    blend = learn_blend(opinions.scores, labels)
    evidence = weigh(opinions, blend)
    return blend, evidence, evidence.answers == labels
