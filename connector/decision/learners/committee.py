"""A committee: all members taught the same rows, and what they say of others, before anyone weighs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connector.decision.learners.customs import Customs, learn_customs, learn_meaning
from connector.decision.learners.effort import MemberName
from connector.decision.learners.members import Member, Neighbours, Networks, fit_member
from connector.decision.learners.text_features import TextMatrix

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinions:
    """What the members say: `scores` is member × row × value; the rest is how near a row is to the known."""

    scores: NDArray[np.float32]
    near: NDArray[np.float32]  # similarity of the nearest taught texts, nearest first
    who: NDArray[np.intp]  # their values
    known: NDArray[np.float64]  # share of its word sequences that were taught
    words: NDArray[np.float64]
    customs: NDArray[np.float32]  # custom × row × value

    def __len__(self) -> int:
        return len(self.near)


@dataclass(frozen=True, slots=True)
class Committee:
    """Members taught the same rows."""

    members: tuple[Member, ...]
    neighbours: Neighbours
    customs: Customs

    def opinions(self, rows: TextMatrix) -> Opinions:
        near, who = self.neighbours.nearest(rows)
        scores = [
            member.votes(near, who) if isinstance(member, Neighbours) else member.scores(rows)
            for member in self.members
        ]
        known = rows.known / np.maximum(rows.words, 1.0)
        return Opinions(
            scores=np.stack(scores), near=near, who=who, known=known, words=rows.words, customs=self.customs.planes(rows)
        )


def teach(
    names: Sequence[MemberName], rows: TextMatrix, labels: NDArray[np.intp], values: int, *, seed: int
) -> Committee:
    neighbours = Neighbours(rows.weights, labels, values)
    members = tuple(
        neighbours if name is MemberName.NEIGHBOURS else fit_member(name, rows, labels, values, seed=seed)
        for name in names
    )
    networks = next((member for member in members if isinstance(member, Networks)), None)
    meaning = None if networks is None else learn_meaning(networks, rows, labels, values)
    return Committee(members, neighbours, learn_customs(rows, labels, values, meaning=meaning))


def joined(parts: Sequence[Opinions]) -> Opinions:
    """Several opinions as one; fewer neighbours than elsewhere are filled up with strangers."""
    width = max(part.near.shape[1] for part in parts)
    return Opinions(
        scores=np.concatenate([part.scores for part in parts], axis=1),
        near=np.vstack([_widened(part.near, width, 0.0) for part in parts]),
        who=np.vstack([_widened(part.who, width, -1) for part in parts]),
        known=np.concatenate([part.known for part in parts]),
        words=np.concatenate([part.words for part in parts]),
        customs=np.concatenate([part.customs for part in parts], axis=1),
    )


def _widened(rows: NDArray[np.generic], width: int, fill: float) -> NDArray[np.generic]:
    return np.pad(rows, ((0, 0), (0, width - rows.shape[1])), constant_values=fill)
