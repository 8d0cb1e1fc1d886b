"""The record matcher: which records are probably one and the same, with nothing to learn from but the records.

It proposes for review and never merges. Its thresholds are fixed; where few fields can be compared it asks for more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.decision.learners.match_fields import Level, folded_columns, level_of, same_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROPOSED_FROM = 0.5
# Odds learned on few fields are too sure of themselves: on organisations known by name and phone alone, their 0.99 was
# right in 87 of 100. Below this many fields that help, and that tell records apart, the latter must all agree.
ENOUGH_FIELDS, ENOUGH_TELLING = 4, 3
FEWEST_FIELDS = 2
HELPS, TELLS_APART = 0.15, 0.05  # at most this share of random pairs agree: a first name or a town, a street or a phone
MOST_HOLDERS = 2  # of a number under the strict rule: what more records share is a switchboard


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Two rows that are probably one record, the smaller row number first.

    `chance` is None where the strict rule proposed them: with few fields there is no honest number.
    """

    one: int
    other: int
    chance: float | None


def find_matches(cells: Mapping[str, Sequence[str]]) -> tuple[Match, ...]:
    """The probable duplicates among records given by column, the surest first."""
    from connector.decision.learners.match_odds import learn_odds
    from connector.decision.learners.match_pairs import candidate_pairs
    from connector.decision.learners.route import one_thread

    columns = folded_columns(cells)
    count = len(next(iter(columns.values()), ()))
    if not columns or count < 2:
        return ()
    with one_thread():
        pairs = candidate_pairs(columns, count)
        if not len(pairs):
            return ()  # no two records share anything
        levels = _levels(columns, pairs)
        chances = learn_odds(levels, records=count).chances(levels)
    rule = _Rule.over(columns)
    found = [
        match
        for (one, other), level, chance in zip(pairs.tolist(), levels.tolist(), chances.tolist(), strict=True)
        if (match := rule.match(one, other, level, chance)) is not None
    ]
    return tuple(sorted(found, key=lambda match: (-(match.chance or 0.0), match.one, match.other)))


def _levels(columns: Mapping[str, Sequence[str]], pairs: NDArray[np.intp]) -> NDArray[np.int8]:
    import numpy as np

    rows = pairs.tolist()
    compared = [[level_of(cells[one], cells[other]) for one, other in rows] for cells in columns.values()]
    return np.array(compared, dtype=np.int8).reshape(len(columns), len(rows)).T


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """When a pair is proposed. `helping` and `telling` say of each column how far it can tell records apart."""

    columns: Mapping[str, Sequence[str]]
    helping: tuple[bool, ...]
    telling: tuple[bool, ...]
    holders: Mapping[str, Mapping[str, int]]

    @staticmethod
    def over(columns: Mapping[str, Sequence[str]]) -> _Rule:
        counts = {name: Counter(cell for cell in cells if cell) for name, cells in columns.items()}
        agreement = [_random_agreement(count) for count in counts.values()]
        return _Rule(
            columns=columns, helping=tuple(share < HELPS for share in agreement),
            telling=tuple(share < TELLS_APART for share in agreement), holders=counts,
        )

    def match(self, one: int, other: int, levels: Sequence[int], chance: float) -> Match | None:
        compared = sum(tells and level != Level.MISSING for tells, level in zip(self.telling, levels, strict=True))
        helped = sum(helps and level != Level.MISSING for helps, level in zip(self.helping, levels, strict=True))
        if helped >= ENOUGH_FIELDS and compared >= ENOUGH_TELLING:
            return Match(one=one, other=other, chance=chance) if chance >= PROPOSED_FROM else None
        agree = compared >= FEWEST_FIELDS and all(
            self._agrees(name, one, other, level)
            for name, level, tells in zip(self.columns, levels, self.telling, strict=True)
            if tells and level != Level.MISSING
        )
        return Match(one=one, other=other, chance=None) if agree else None

    def _agrees(self, name: str, one: int, other: int, level: int) -> bool:
        """Strictly: names up to a slip; numbers but for the country's code, and shared by nobody else."""
        mine, theirs = self.columns[name][one], self.columns[name][other]
        if mine.isdigit() and theirs.isdigit():
            return level >= Level.NEAR and max(self.holders[name][mine], self.holders[name][theirs]) <= MOST_HOLDERS
        return same_name(mine, theirs)


def _random_agreement(counts: Counter[str]) -> float:
    """The share of random pairs that hold the same value, a repeat or two of each value forgiven."""
    total = counts.total()
    return sum((count / total) ** 2 for count in counts.values() if count > MOST_HOLDERS) if total else 1.0
