"""A learner of one field: the route learner over its values, whatever their type, and the least it must be taught."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from connector.decision.learner import Learner, NotLearned, Prediction
from connector.errors import StateError
from connector.journal import canonical
from connector.record import FieldValue, decode_value, encode_value

if TYPE_CHECKING:
    from connector.decision.learners import Effort, RouteLearner

# Below this no calibration means anything; what a learner says above it still has to earn its autonomy.
NEEDED = 20


@dataclass(frozen=True, slots=True)
class FieldLearner:
    """Predicts values of one field. It is taught their JSON form, so that a yes is not the word yes."""

    route: RouteLearner

    @property
    def version(self) -> str:
        return self.route.version

    def predict(self, texts: Sequence[str]) -> Sequence[Prediction]:
        return [_typed(prediction) for prediction in self.route.predict(texts)]


def fit_field(
    texts: Sequence[str], values: Sequence[FieldValue], *, seed: int, effort: Effort | None = None
) -> FieldLearner | NotLearned:
    """Learn a field from texts and the values people gave them; examples without a text or a value do not count."""
    pairs = [(text, value) for text, value in zip(texts, values, strict=True) if text.strip() and value is not None]
    if len(pairs) < NEEDED:
        return NotLearned(examples=len(pairs), needed=NEEDED)
    from connector.decision.learners import NothingToLearn, fit

    taught = fit if effort is None else partial(fit, effort=effort)
    learned = taught([text for text, _ in pairs], [_word(value) for _, value in pairs], seed=seed)
    if isinstance(learned, NothingToLearn):
        return NotLearned(examples=len(pairs), needed=NEEDED, why=_said(learned))
    return FieldLearner(learned)


class FieldLearnerFormat:
    """Field learners as files."""

    def save(self, learner: Learner, path: Path) -> str:
        if not isinstance(learner, FieldLearner):
            raise StateError(f"{type(learner).__name__} is not a learner this shelf can keep")
        return learner.route.save(path)

    def load(self, path: Path, sha256: str) -> Learner:
        from connector.decision.learners import load

        return FieldLearner(load(path, sha256=sha256))


def _word(value: FieldValue) -> str:
    return canonical(encode_value(value))


def _value(word: FieldValue) -> FieldValue:
    return decode_value(json.loads(str(word)))


def _typed(prediction: Prediction) -> Prediction:
    others = tuple(_value(word) for word in prediction.alternatives)
    return replace(prediction, value=_value(prediction.value), alternatives=others)


def _said(nothing: object) -> str:
    return f"nothing to learn: {nothing}"
