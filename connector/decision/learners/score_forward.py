"""Forward validation: teach on what came before, ask about what came after, in row order, as life will."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connector.calibration import AreaEstimate, Drift, area_under_curve, drift_of_probabilities
from connector.decision.learners.score_members import Part, fit_member
from connector.decision.learners.score_table import TableRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCKS = 5
NO_SIGNAL = 0.55  # the area a ranking must surely exceed to be worth showing
QUANTILE_95 = 1.6448536269514722
DRIFT_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """What members said of rows later than those they were taught. `odds` is member × row; `block` numbers the turns."""

    odds: NDArray[np.float64]
    happened: NDArray[np.bool_]
    block: NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """How well later rows are ranked: the mean area over the blocks and its one-sided 95 % lower bound."""

    area: float
    low: float

    @property
    def shown(self) -> bool:
        return self.low > NO_SIGNAL


def look_forward(
    parts: Sequence[Part], rows: TableRows, happened: NDArray[np.bool_], *, seed: int, blocks: int = BLOCKS
) -> Forward:
    """Each block but the first, as seen by members that were taught all blocks before it."""
    edges = np.linspace(0, len(happened), blocks + 1).astype(int)
    said, block = [], []
    for turn in range(1, blocks):
        start, end = int(edges[turn]), int(edges[turn + 1])
        members = [fit_member(part, rows.take(slice(0, start)), happened[:start], seed=seed) for part in parts]
        asked = rows.take(slice(start, end))
        said.append(np.stack([member.odds(asked) for member in members]))
        block.append(np.full(end - start, turn - 1, dtype=np.intp))
    return Forward(odds=np.hstack(said), happened=happened[int(edges[1]) :], block=np.concatenate(block))


def signal_of(scores: NDArray[np.float64], forward: Forward) -> Signal | None:
    """Of scores nobody fitted to these rows; None where no block holds both outcomes. Blocks are ranked on their own."""
    estimates = [estimate for turn in np.unique(forward.block) if (estimate := _area(scores, forward, int(turn)))]
    if not estimates:
        return None
    area = sum(estimate.area for estimate in estimates) / len(estimates)
    error = math.sqrt(sum(estimate.error**2 for estimate in estimates)) / len(estimates)
    return Signal(area=area, low=area - QUANTILE_95 * error)


def _area(scores: NDArray[np.float64], forward: Forward, turn: int) -> AreaEstimate | None:
    mine = forward.block == turn
    return area_under_curve(scores[mine].tolist(), forward.happened[mine].tolist())


def newest_drift(chances: NDArray[np.float64], forward: Forward) -> Drift | None:
    """The stretch of the newest block whose outcomes lie furthest from what was expected of them."""
    mine = np.flatnonzero(forward.block == forward.block.max()) if len(forward.block) else np.empty(0, dtype=np.intp)
    stretches = np.array_split(mine, max(len(mine) // DRIFT_ROWS, 1)) if len(mine) else []
    drifts = [
        drift_of_probabilities(chances[rows].tolist(), forward.happened[rows].tolist()) for rows in stretches
    ]
    return max(drifts, key=lambda drift: abs(drift.deviations), default=None)
