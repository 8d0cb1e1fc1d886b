"""One fit's rows, and the turns in which part of them is held back from a committee and asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connector.decision.learners.committee import Committee, Opinions, teach
from connector.decision.learners.effort import Recipe
from connector.decision.learners.text_features import TextMatrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SCORES = 12_000_000  # held-back rows × values × members kept in memory at once
FEWEST_HELD_BACK = 1_000


@dataclass(frozen=True, slots=True)
class Turn:
    """What a committee taught some rows says of others, and of the strangers it meets, if any."""

    taught: NDArray[np.intp]
    asked: NDArray[np.intp]
    opinions: Opinions
    met: NDArray[np.intp]
    said_of_strangers: Opinions | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """The rows and labels of one fit, and the texts that belong to no value."""

    rows: TextMatrix
    labels: NDArray[np.intp]
    values: int
    recipe: Recipe
    seed: int
    strangers: TextMatrix

    def teach(self, chosen: NDArray[np.intp]) -> Committee:
        return teach(self.recipe.members, self.rows.take(chosen), self.labels[chosen], self.values, seed=self.seed)

    def ask(self, taught: NDArray[np.intp], asked: NDArray[np.intp], met: NDArray[np.intp]) -> Turn:
        """Teach a committee some rows and ask it of others, as many as memory affords, and of some strangers."""
        asked = asked[: max(MOST_SCORES // (self.values * len(self.recipe.members) * self.recipe.folds), FEWEST_HELD_BACK)]
        committee, known = self.teach(taught), self.rows.take(taught)
        said = committee.opinions(self.strangers.take(met).seen_from(known)) if len(met) else None
        return Turn(taught, asked, committee.opinions(self.rows.take(asked).seen_from(known)), met, said)

    def turns(self, fold: NDArray[np.intp]) -> list[Turn]:
        """Every row is asked once of a committee that was not taught it; so is every stranger."""
        parts = self.recipe.folds
        meets = np.random.default_rng(self.seed).permutation(len(self.strangers)) % parts
        split = [tuple(map(np.flatnonzero, (fold != part, fold == part, meets == part))) for part in range(parts)]
        return [self.ask(taught, asked, met) for taught, asked, met in split if len(taught) and len(asked)]
