"""How the offline tier's learners are fitted, and turned into bytes and back for the shelf."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from connector.decision.learner import Cells, Learner, NotLearned, OutcomeLearner
from connector.decision.learners import Effort, NothingToLearn, RouteLearner, fit
from connector.decision.learners.score import FEWEST_SETTLED, NothingToScore, ScoreLearner, fit_score
from connector.decision.learners.storage import read_verified
from connector.errors import StateError
from connector.record import FieldValue

NEEDED = 40
"""Fewer different examples than this teach too little to be worth a person's look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRoutes:
    """Fits a route learner. The seed is fixed: the same history gives the same learner, which keeps what it earned."""

    effort: Effort
    seed: int = 20

    def __call__(self, texts: Sequence[str], values: Sequence[FieldValue]) -> Learner | NotLearned:
        """Options and owners are text; a value of another kind teaches nothing."""
        named = [value if isinstance(value, str) else None for value in values]
        taught = sum(bool(text.strip()) and value is not None for text, value in zip(texts, named, strict=True))
        if taught < NEEDED:
            return NotLearned(examples=taught, needed=NEEDED)
        learned = fit(texts, named, seed=self.seed, effort=self.effort)
        if isinstance(learned, NothingToLearn):
            return NotLearned(examples=learned.examples, needed=max(NEEDED, learned.examples + 1))
        return learned


@dataclass(frozen=True, slots=True, kw_only=True)
class FitScores:
    """Fits a score from how records ended; the seed is fixed as that of routes is."""

    seed: int = 20

    def __call__(self, cells: Cells, outcomes: Sequence[bool | None]) -> OutcomeLearner | NotLearned:
        learned = fit_score(cells, outcomes, seed=self.seed)
        if isinstance(learned, NothingToScore):
            return NotLearned(examples=learned.settled, needed=FEWEST_SETTLED, why=learned.why)
        return learned


class RouteFormat:
    """Learners as bytes, through files of their own: those are written and read with their digest checked."""

    def store(self, learner: Learner | OutcomeLearner) -> bytes:
        if not isinstance(learner, RouteLearner | ScoreLearner):
            raise StateError("only learners of this product can be kept on the shelf")
        with TemporaryDirectory(prefix="crm-connector-") as folder:
            path = Path(folder) / "learner"
            learner.save(path)
            return path.read_bytes()

    def restore(self, content: bytes, version: str) -> Learner | OutcomeLearner:
        with TemporaryDirectory(prefix="crm-connector-") as folder:
            path = Path(folder) / "learner"
            path.touch(mode=0o600)
            path.write_bytes(content)
            learner = read_verified(path, sha256=hashlib.sha256(content).hexdigest())
            if not isinstance(learner, RouteLearner | ScoreLearner):
                raise StateError("the file does not hold a learner of this product")
            return replace(learner, version=version)
