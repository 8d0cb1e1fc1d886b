"""Fellegi and Sunter's odds that two records are one, learned without labels: how alike matches and strangers usually are.

Method: Fellegi, Sunter, JASA 64 (1969); parameters by expectation and maximisation as in Winkler (1988).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connector.decision.learners.match_fields import Level

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS = 200
# What matches look like before any are seen: mostly the same, sometimes misspelt, seldom different.
EXPECTED = {Level.SAME: 0.7, Level.NEAR: 0.12, Level.SIMILAR: 0.08, Level.AKIN: 0.04, Level.DIFFERENT: 0.06}
CAUTION = 0.1  # that picture counts as much as this share of as many matches as there could be


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchOdds:
    """Shares of levels among matches and strangers, field × level, and the share of candidate pairs that match."""

    matches: NDArray[np.float64]
    strangers: NDArray[np.float64]
    share: float

    def chances(self, levels: NDArray[np.int8]) -> NDArray[np.float64]:
        """`levels` is pair × field."""
        from scipy.special import expit

        return np.asarray(expit(_log_odds(levels, self.matches, self.strangers, self.share)), dtype=float)


def learn_odds(levels: NDArray[np.int8], *, records: int) -> MatchOdds:
    """From candidate pairs; the records bound how many of the pairs can be matches."""
    prior = np.zeros(len(Level))
    for level, share in EXPECTED.items():
        prior[level] = share
    fields = levels.shape[1]
    matches = np.tile(np.where(prior > 0.0, prior, 1.0), (fields, 1))
    strangers = _shares(levels, np.ones(len(levels)), np.zeros(len(Level)), 0.0)
    share = min(0.5, 0.25 * records / max(len(levels), 1))
    weight = CAUTION * records / 2
    for _ in range(ROUNDS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(_log_odds(levels, matches, strangers, share), -50.0, 50.0)))
        matches = _shares(levels, chance, prior, weight)
        strangers = _shares(levels, 1.0 - chance, np.zeros(len(Level)), 0.0)
        before, share = share, float(np.clip(chance.mean(), 1e-6, min(0.5, records / max(len(levels), 1))))
        if abs(before - share) < 1e-7:
            break
    return MatchOdds(matches=matches, strangers=strangers, share=share)


def _log_odds(
    levels: NDArray[np.int8], matches: NDArray[np.float64], strangers: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    odds = np.full(len(levels), np.log(share / (1.0 - share)))
    for field in range(levels.shape[1]):
        odds += np.log(matches[field] / strangers[field])[levels[:, field]]
    return odds


def _shares(
    levels: NDArray[np.int8], weights: NDArray[np.float64], prior: NDArray[np.float64], strength: float
) -> NDArray[np.float64]:
    """The weighted share of each level per field, among pairs where both cells are filled; missing speaks neither way."""
    shares = np.ones((levels.shape[1], len(Level)))
    for field in range(levels.shape[1]):
        counts = np.bincount(levels[:, field], weights=weights, minlength=len(Level)) + strength * prior + 1e-3
        shares[field, 1:] = counts[1:] / counts[1:].sum()
    return shares
