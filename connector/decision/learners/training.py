"""How a route learner is taught: members on all rows; their blend, doubt and novelty on rows held back from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connector.decision.learners.blend import Blend, learn_blend
from connector.decision.learners.committee import Committee, Opinions, joined, teach
from connector.decision.learners.doubt import Judge, learn_judge
from connector.decision.learners.effort import Recipe, affordable
from connector.decision.learners.evidence import Evidence, weigh
from connector.decision.learners.examples import Examples, folds
from connector.decision.learners.text_features import TextFeatures, TextMatrix, learn_features
from connector.decision.learners.track_record import TrackRecord, keep_record

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SCORES = 12_000_000  # held-back rows × values × members kept in memory at once
FEWEST_HELD_BACK = 1_000
HIDING_NEEDS = 4  # values
NOVEL_SHARE = 0.05  # of texts with a known value may be called novel


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """Everything a fit yields."""

    features: TextFeatures
    committee: Committee
    blend: Blend
    record: TrackRecord
    doubt: Judge | None
    novelty: Judge | None
    novel_from: float
    held_back: int

    def confidence(self, evidence: Evidence) -> NDArray[np.float64]:
        """The chance that each answer is right; never surer than so many held-back rows can make anyone."""
        chances = self.doubt.chances(self.record.columns(evidence)) if self.doubt else evidence.top
        return (chances * self.held_back + 0.5) / (self.held_back + 1.0)


def train(examples: Examples, recipe: Recipe, *, seed: int) -> Taught:
    features, rows = learn_features(examples.texts, reach=examples.reach)
    lesson = _Lesson(
        rows=rows, labels=examples.labels, values=len(examples.values), seed=seed,
        recipe=affordable(recipe, columns=features.columns, values=len(examples.values)),
    )
    fold = folds(examples, recipe.folds, seed=seed)
    blend, evidence, right = _held_back(lesson, fold)
    record, columns = keep_record(evidence, right)
    novelty = _novelty(lesson, fold, blend)
    scores = novelty_scores(evidence, novelty)
    return Taught(
        features=features, committee=lesson.teach(np.arange(len(rows))), blend=blend,
        record=record, doubt=learn_judge(columns, right), novelty=novelty,
        novel_from=float(np.quantile(scores, 1.0 - NOVEL_SHARE)) if len(scores) else 1.0,
        held_back=len(right),
    )


def novelty_scores(evidence: Evidence, novelty: Judge | None) -> NDArray[np.float64]:
    """The detector's, or where none could be learned, how far the best value is from certain."""
    return 1.0 - evidence.top if novelty is None else novelty.chances(evidence.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lesson:
    """The rows and labels of one fit."""

    rows: TextMatrix
    labels: NDArray[np.intp]
    values: int
    recipe: Recipe
    seed: int

    def teach(self, chosen: NDArray[np.intp]) -> Committee:
        return teach(self.recipe.members, self.rows.take(chosen), self.labels[chosen], self.values, seed=self.seed)

    def ask(self, taught: NDArray[np.intp], asked: NDArray[np.intp]) -> Opinions:
        """What a committee taught some rows says of others."""
        limit = max(MOST_SCORES // (self.values * len(self.recipe.members) * self.recipe.folds), FEWEST_HELD_BACK)
        asked = asked[:limit]
        return self.teach(taught).opinions(self.rows.take(asked).seen_from(self.rows.take(taught)))


def _held_back(lesson: _Lesson, fold: NDArray[np.intp]) -> tuple[Blend, Evidence, NDArray[np.bool_]]:
    parts, truths = [], []
    for turn in range(lesson.recipe.folds):
        taught, asked = np.flatnonzero(fold != turn), np.flatnonzero(fold == turn)
        if not len(taught) or not len(asked):
            continue
        part = lesson.ask(taught, asked)
        parts.append(part)
        truths.append(lesson.labels[asked][: len(part)])
    opinions, labels = joined(parts), np.concatenate(truths)
    blend = learn_blend(opinions.scores, labels)
    evidence = weigh(opinions, blend)
    return blend, evidence, evidence.answers == labels


def _novelty(lesson: _Lesson, fold: NDArray[np.intp], blend: Blend) -> Judge | None:
    """Hide a part of the values at a time: a detector learns to tell their texts from those of values it was taught."""
    parts = min(lesson.recipe.hidden_parts, lesson.values)
    if parts < 2 or lesson.values < HIDING_NEEDS:
        return None
    part_of = np.random.default_rng(lesson.seed).permutation(lesson.values) % parts
    columns, hidden = [], []
    for turn in range(parts):
        unknown = part_of[lesson.labels] == turn
        held_back = fold == turn % lesson.recipe.folds
        taught, asked = np.flatnonzero(~unknown & ~held_back), np.flatnonzero(unknown | held_back)
        if not len(taught) or not len(asked):
            continue
        asked = np.random.default_rng(lesson.seed + turn).permutation(asked)
        opinions = lesson.ask(taught, asked)
        columns.append(weigh(opinions, blend).columns)
        hidden.append(unknown[asked][: len(opinions)])
    return learn_judge(np.vstack(columns), np.concatenate(hidden)) if columns else None
