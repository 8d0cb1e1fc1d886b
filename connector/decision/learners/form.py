"""Route learners as bytes for the shelf, and the fit the road uses."""

from __future__ import annotations

from collections.abc import Sequence

from connector.decision.learner import Learner, NotLearned
from connector.decision.learners.effort import Effort
from connector.decision.learners.prediction import NothingToLearn
from connector.decision.learners.route import RouteLearner, fit
from connector.decision.learners.storage import from_bytes, to_bytes
from connector.errors import StateError
from connector.record import FieldValue

FEWEST = 20  # fewer texts than this teach nothing that a person would act on


class RouteForm:
    """How route learners stand on the shelf: bytes whose hash the shelf checks before they come back here."""

    def store(self, learner: Learner) -> bytes:
        return to_bytes(learner)

    def restore(self, content: bytes, version: str) -> Learner:
        learner = from_bytes(content, version)
        if not isinstance(learner, RouteLearner):
            raise StateError(f"{version} does not hold a route learner")
        return learner


def fit_route(
    texts: Sequence[str], values: Sequence[FieldValue], *, seed: int = 0, effort: Effort = Effort.FULL
) -> Learner | NotLearned:
    """Fit on what people chose; values that are not one word of a list (dates, numbers) are left out."""
    chosen = [value if isinstance(value, str) else None for value in values]
    known = sum(value is not None for value in chosen)
    if known < FEWEST:
        return NotLearned(examples=known, needed=FEWEST)
    learner = fit(texts, chosen, seed=seed, effort=effort)
    if isinstance(learner, NothingToLearn):
        return NotLearned(examples=known, needed=FEWEST)
    return learner
