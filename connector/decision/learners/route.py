"""The route learner: which value (a queue, a category, a priority) a text calls for, and how sure that is.

It learns from the examples it is given and from nothing else. The libraries it stands on are loaded when it is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from connector.decision.learners.effort import Effort, recipe_for
from connector.decision.learners.prediction import NothingToLearn, RoutePrediction
from connector.decision.learners.storage import read_verified, write_private
from connector.errors import StateError

if TYPE_CHECKING:
    from connector.decision.learners.examples import Examples
    from connector.decision.learners.training import Taught

BATCH = 256
ALTERNATIVES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLearner:
    """A fitted route learner. `version` names the examples, the recipe, the seed and the libraries behind it."""

    values: tuple[str, ...]
    version: str
    examples: int
    usual: str
    taught: Taught

    def predict(self, texts: Sequence[str]) -> list[RoutePrediction]:
        """One prediction per text, in order. A blank text calls for nothing: novel, with no confidence."""
        predictions: list[RoutePrediction] = []
        with one_thread():
            for start in range(0, len(texts), BATCH):
                predictions.extend(self._batch(texts[start : start + BATCH]))
        return predictions

    def save(self, path: Path) -> str:
        """Write to a file that only the owner can read. Keep the returned sha256: `load` asks for it."""
        return write_private(self, path)

    def _batch(self, texts: Sequence[str]) -> Iterator[RoutePrediction]:
        from connector.decision.learners.evidence import weigh

        taught = self.taught
        rows = taught.features.rows(texts)
        opinions = taught.committee.opinions(rows)
        evidence = weigh(opinions, taught.blend)
        novelty = taught.novelty.scores(rows, opinions, evidence)
        confidence = taught.confidence(evidence)
        ranked = (-evidence.probabilities).argsort(axis=1, kind="stable")[:, : ALTERNATIVES + 1]
        for row, text in enumerate(texts):
            if not text[: taught.features.reach].strip():
                yield self._blank()
                continue
            best, *others = (self.values[place] for place in ranked[row])
            yield RoutePrediction(
                value=best, alternatives=tuple(others), probability=float(evidence.top[row]),
                confidence=float(confidence[row]), novelty=float(novelty[row]),
                novel=bool(novelty[row] >= taught.novelty.novel_from),
            )

    def _blank(self) -> RoutePrediction:
        return RoutePrediction(value=self.usual, probability=0.0, confidence=0.0, novelty=1.0, novel=True)


def fit(
    texts: Sequence[str], values: Sequence[str | None], *, seed: int, effort: Effort = Effort.FULL,
    strangers: Sequence[str] = (),
) -> RouteLearner | NothingToLearn:
    """Learn from texts and the values people gave them; rows without a text or a value are left out.

    `strangers` are texts that people said belong to no value: they teach what is novel, and nothing else.
    """
    from collections import Counter

    from connector.decision.learners.examples import gather
    from connector.decision.learners.training import train

    recipe = recipe_for(effort)
    examples = gather(texts, values, recipe=recipe, seed=seed, strangers=strangers)
    alike = not examples.groups.any()
    if len(examples.values) < 2 or alike:
        return NothingToLearn(examples=len(examples), values=examples.values, alike=alike and len(examples.values) > 1)
    with one_thread():
        taught = train(examples, recipe, seed=seed)
    named = [examples.values[label] for label in examples.labels]
    return RouteLearner(
        values=examples.values, version=_version(examples, named, repr((recipe, seed))), examples=len(examples),
        usual=Counter(named).most_common(1)[0][0], taught=taught,
    )


def one_thread() -> AbstractContextManager[object]:
    """Numerical libraries on one core: the same sums on every machine, and no fight with the road for the others.

    The limit reaches only libraries that are loaded when it is set, so those that members stand on are loaded first.
    """
    import sklearn.linear_model
    import sklearn.neural_network
    import sklearn.svm  # noqa: F401
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits


def load(path: Path, *, sha256: str) -> RouteLearner:
    """Read a saved learner back. The file MUST have the digest that `save` returned: it is checked before use."""
    learner = read_verified(path, sha256=sha256)
    if not isinstance(learner, RouteLearner):
        raise StateError(f"{path.name} does not hold a route learner")
    return learner


def _version(examples: Examples, values: Sequence[str], how: str) -> str:
    import numpy
    import sklearn

    digest = hashlib.sha256(f"{how} {numpy.__version__} {sklearn.__version__}".encode())
    taught = chain.from_iterable(zip(examples.texts, values, strict=True))
    for part in (*taught, *examples.strangers):
        content = part.encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:16]
