"""How answers have fared: do rows held back come out right as often as promised where the same value was answered?

Some pairs of values are told apart badly whatever the probability says. Their own record says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connector.decision.learners.evidence import Evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAUTION = 20.0  # rows that came out just as promised, counted into every tally: few rows prove little


@dataclass(frozen=True, slots=True)
class _Tally:
    """Per key that occurred: how many answers came out right beyond what was promised, and out of how many."""

    keys: NDArray[np.intp]
    surplus: NDArray[np.float64]
    rows: NDArray[np.float64]

    def share(self, asked: NDArray[np.intp], own: NDArray[np.float64] | None) -> NDArray[np.float64]:
        """The surplus per row under each asked key; `own` is what the asked rows themselves put in and is left out."""
        place = np.minimum(np.searchsorted(self.keys, asked), len(self.keys) - 1)
        met = self.keys[place] == asked
        surplus, rows = np.where(met, self.surplus[place], 0.0), np.where(met, self.rows[place], 0.0)
        if own is not None:
            surplus, rows = surplus - own, rows - 1.0
        return np.asarray(surplus / (rows + CAUTION), dtype=float)


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Tallies by answer, by answer and runner-up, and by the two of them whichever came first."""

    values: int
    tallies: tuple[_Tally, ...]

    def columns(self, evidence: Evidence, own: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """The columns of evidence with those of the record beside them."""
        keys = _keys(evidence, self.values)
        shares = [tally.share(asked, own) for tally, asked in zip(self.tallies, keys, strict=True)]
        return np.column_stack([evidence.columns, *shares])


def keep_record(evidence: Evidence, right: NDArray[np.bool_]) -> tuple[TrackRecord, NDArray[np.float64]]:
    """The record of rows held back, and their own columns, each row judged by the others alone."""
    values, surplus = evidence.probabilities.shape[1], right - evidence.top
    record = TrackRecord(values, tuple(_tally(keys, surplus) for keys in _keys(evidence, values)))
    return record, record.columns(evidence, own=surplus)


def _tally(keys: NDArray[np.intp], surplus: NDArray[np.float64]) -> _Tally:
    met, place = np.unique(keys, return_inverse=True)
    return _Tally(met, np.bincount(place, weights=surplus).astype(float), np.bincount(place).astype(float))


def _keys(evidence: Evidence, values: int) -> tuple[NDArray[np.intp], ...]:
    first, second = evidence.answers, _runners_up(evidence)
    low, high = np.minimum(first, second), np.maximum(first, second)
    return first, first * values + second, low * values + high


def _runners_up(evidence: Evidence) -> NDArray[np.intp]:
    others = evidence.probabilities.copy()
    others[np.arange(len(others)), evidence.answers] = -1.0
    return np.asarray(others.argmax(axis=1), dtype=np.intp)
