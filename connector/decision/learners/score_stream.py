"""A score that keeps learning: rows come in batches, their labels one batch late, and members are taught again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connector.calibration import Drift, drift_of_probabilities
from connector.decision.learners.route import one_thread
from connector.decision.learners.score import load_members
from connector.decision.learners.score_blend import trust
from connector.decision.learners.score_columns import Cells
from connector.decision.learners.score_members import Fitted, Part, Way, fit_member, loudness_of
from connector.decision.learners.score_table import TableForm, TableRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Nobody knows beforehand how fast a market moves: members forget at different speeds, the latest rows tell whom to trust.
STREAM_PARTS = (
    Part(way=Way.STRAIGHT, half_life=500), Part(way=Way.STRAIGHT, half_life=2_000),
    Part(way=Way.STRAIGHT, half_life=8_000), Part(way=Way.BENT, half_life=4_000),
)
WARM_UP = 4_000  # rows before the first batch on which the members earn their first trust
MEMORY = 1_000  # rows after which a row counts half for the trust in a member
FEWEST_NEW = 200  # labelled rows that came in before members are taught again


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """The chance given to each row when its batch came in, and the drift of every batch whose labels came in since."""

    chances: NDArray[np.float64]
    drifts: tuple[Drift, ...]


def stream_chances(
    form: TableForm, earlier: Cells, outcomes: Sequence[bool | None], later: Cells, arriving: Sequence[bool | None], *,
    batch: int, seed: int,
) -> Streamed:
    """Score `later` rows in batches, beginning with what the `earlier` ones teach. None is a row nobody ever labels."""
    from scipy.sparse import vstack

    load_members()
    before, after = form.rows(earlier, len(outcomes)), form.rows(later, len(arriving))
    rows = TableRows(
        straight=vstack([before.straight, after.straight], format="csr"), bent=np.vstack([before.bent, after.bent]),
        level_columns=before.level_columns,
    )
    labels = [*outcomes, *arriving]
    with one_thread():
        return stream(
            rows, np.array([label is True for label in labels]), np.array([label is not None for label in labels]),
            start=len(outcomes), batch=batch, seed=seed,
        )


def stream(
    rows: TableRows, happened: NDArray[np.bool_], labelled: NDArray[np.bool_], *, start: int, batch: int, seed: int,
    parts: Sequence[Part] = STREAM_PARTS,
) -> Streamed:
    """Score the rows from `start` on, batch by batch. A batch sees no label of its own or of the batch before it."""
    if batch < 1:
        raise ValueError(f"a batch holds at least one row, not {batch}")
    running = _Running(rows, happened, labelled, parts, seed)
    warm = start - min(WARM_UP, start // 3)
    step = max(batch, 500)
    for first in range(warm, start, step):
        running.see(first, min(first + step, start), known=max(first, 1))
    for first in range(start, len(happened), batch):
        running.see(first, min(first + batch, len(happened)), known=max(first - batch, start))
    return Streamed(chances=running.chances[start:], drifts=tuple(_drifts(running, start, batch)))


class _Running:
    """The members as they stand, and what they said of every row before its label was known."""

    def __init__(
        self, rows: TableRows, happened: NDArray[np.bool_], labelled: NDArray[np.bool_], parts: Sequence[Part], seed: int
    ) -> None:
        self.rows, self.happened, self.labelled = rows, happened, labelled
        self._parts, self._seed = parts, seed
        self._members: list[Fitted] = []
        self._taught = 0
        self._odds = np.full((len(parts), len(happened)), np.nan)
        self.chances = np.full(len(happened), np.nan)

    def see(self, first: int, last: int, *, known: int) -> None:
        """Score rows first..last with the labels of the rows before `known`."""
        self._teach(known)
        from scipy.special import expit

        asked = self.rows.take(slice(first, last))
        self._odds[:, first:last] = np.stack([member.odds(asked) for member in self._members])
        self.chances[first:last] = self._trust(known) @ expit(self._odds[:, first:last])

    def _teach(self, known: int) -> None:
        heard = np.flatnonzero(self.labelled[:known])
        if self._members and len(heard) - self._taught < FEWEST_NEW:
            return
        rows, happened = self.rows.take(heard), self.happened[heard]
        self._members = [fit_member(part, rows, happened, seed=self._seed) for part in self._parts]
        self._taught = len(heard)

    def _trust(self, known: int) -> NDArray[np.float64]:
        judged = np.flatnonzero(self.labelled[:known] & ~np.isnan(self._odds[0, :known]))
        return trust(self._odds[:, judged], self.happened[judged], loudness_of(len(judged), MEMORY))


def _drifts(running: _Running, start: int, batch: int) -> list[Drift]:
    """Of every batch but the last: its labels have not come in."""
    drifts = []
    for first in range(start, len(running.happened) - batch, batch):
        rows = np.flatnonzero(running.labelled[first : first + batch]) + first
        drifts.append(drift_of_probabilities(running.chances[rows].tolist(), running.happened[rows].tolist()))
    return drifts
