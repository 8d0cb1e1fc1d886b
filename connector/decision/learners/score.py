"""The score learner: how likely an outcome is for a record, learned from settled records in row order, or silence.

Row order is time. It refuses columns that know the outcome, validates itself forward, and abstains where later rows
cannot be ranked. The libraries it stands on are loaded when it is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from connector.decision.learners.route import one_thread
from connector.decision.learners.storage import read_verified, write_private
from connector.errors import StateError

if TYPE_CHECKING:
    from connector.calibration import Drift
    from connector.decision.learners.score_blend import OddsBlend
    from connector.decision.learners.score_forward import Signal
    from connector.decision.learners.score_leaks import Leak
    from connector.decision.learners.score_members import Fitted
    from connector.decision.learners.score_table import TableForm

Cells = Mapping[str, Sequence[str]]

FEWEST_SETTLED = 50
FEWEST_OF_A_KIND = 10
MOST_ROWS = 200_000  # the newest that teach
REVISION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingToScore:
    """The records do not tell outcomes apart: too few are settled, all ended alike, or no column is left."""

    settled: int
    happened: int
    why: str
    leaks: tuple[Leak, ...] = ()

    def __str__(self) -> str:
        return self.why


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLearner:
    """A fitted score. `usual` is the base rate; `signal` is None where no later stretch held both outcomes.

    `drift` is how far the newest rows that taught lay from what the rows before them led to expect.
    """

    version: str
    settled: int
    usual: float
    leaks: tuple[Leak, ...]
    signal: Signal | None
    drift: Drift | None
    form: TableForm
    members: tuple[Fitted, ...]
    blend: OddsBlend

    @property
    def abstains(self) -> bool:
        """Whether its ranking of later rows is not surely better than chance: then only the base rate may be shown."""
        return self.signal is None or not self.signal.shown

    @property
    def stale(self) -> bool:
        """Whether outcomes had already moved away within the rows that taught: its probabilities are of the past."""
        return self.drift is not None and self.drift.is_alarming()

    @property
    def refused(self) -> tuple[str, ...]:
        """The columns that did not teach, each with why."""
        return tuple(str(leak) for leak in self.leaks)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.form.columns)

    def chances(self, cells: Cells, count: int) -> list[float]:
        """The chance of the outcome for each of `count` rows; a column that is absent counts as empty."""
        import numpy as np

        if not count:
            return []
        with one_thread():
            rows = self.form.rows(cells, count)
            odds = np.stack([member.odds(rows) for member in self.members])
            return [float(chance) for chance in self.blend.chances(odds)]

    def save(self, path: Path) -> str:
        """Write to a file that only the owner can read. Keep the returned sha256: `load_score` asks for it."""
        return write_private(self, path)


def fit_score(cells: Cells, outcomes: Sequence[bool | None], *, seed: int) -> ScoreLearner | NothingToScore:
    """Learn from records in row order; None among the outcomes is a record that is still open."""
    from connector.decision.learners.score_leaks import find_leaks

    _check(cells, outcomes)
    cells = {name: column[-MOST_ROWS:] for name, column in cells.items()}
    outcomes = outcomes[-MOST_ROWS:]
    settled = [row for row, outcome in enumerate(outcomes) if outcome is not None]
    happened = [outcomes[row] is True for row in settled]
    if (why := _too_little(happened)) is not None:
        return NothingToScore(settled=len(settled), happened=sum(happened), why=why)
    leaks = find_leaks(cells, outcomes)
    known = {leak.column for leak in leaks}
    kept = {name: [column[row] for row in settled] for name, column in cells.items() if name not in known}
    load_members()
    with one_thread():
        return _taught(kept, happened, leaks, seed)


def load_members() -> None:
    """Load what members stand on. A limit on threads reaches only the libraries that are loaded when it is set."""
    for library in ("sklearn.ensemble", "sklearn.linear_model"):
        import_module(library)


def load_score(path: Path, *, sha256: str) -> ScoreLearner:
    """Read a saved learner back. The file MUST have the digest that `save` returned: it is checked before use."""
    learner = read_verified(path, sha256=sha256)
    if not isinstance(learner, ScoreLearner):
        raise StateError(f"{path.name} does not hold a score learner")
    return learner


def _taught(
    cells: Cells, outcomes: Sequence[bool], leaks: tuple[Leak, ...], seed: int
) -> ScoreLearner | NothingToScore:
    import numpy as np

    from connector.decision.learners.score_blend import even_blend, learn_odds_blend
    from connector.decision.learners.score_forward import look_forward, newest_drift, signal_of
    from connector.decision.learners.score_members import Part, Way, fit_member, log_odds
    from connector.decision.learners.score_table import learn_form

    happened = np.array(outcomes, dtype=bool)
    form, rows = learn_form(cells, happened)
    if not form.columns:
        return NothingToScore(
            settled=len(happened), happened=int(happened.sum()), why="no column is left that could tell", leaks=leaks
        )
    parts = tuple(Part(way=way) for way in Way)
    usual = log_odds(float(happened.mean()))
    forward = look_forward(parts, rows, happened, seed=seed)
    blend = learn_odds_blend(forward.odds, forward.happened, forward.block, usual=usual)
    return ScoreLearner(
        version=_version(cells, outcomes, seed), settled=len(happened), usual=float(happened.mean()), leaks=leaks,
        # Judged evenly blended: weights fitted to these very rows would flatter the ranking.
        signal=signal_of(even_blend(len(parts), usual).chances(forward.odds), forward),
        drift=newest_drift(blend.chances(forward.odds), forward), form=form,
        members=tuple(fit_member(part, rows, happened, seed=seed) for part in parts), blend=blend,
    )


def _check(cells: Cells, outcomes: Sequence[bool | None]) -> None:
    for name, column in cells.items():
        if len(column) != len(outcomes):
            raise ValueError(f"{len(column)} cells under {name!r} for {len(outcomes)} outcomes")


def _too_little(happened: Sequence[bool]) -> str | None:
    yes, no = sum(happened), len(happened) - sum(happened)
    if not happened:
        return "no record has an outcome: there is nothing to learn from"
    if not yes or not no:
        return f"all {len(happened)} settled records ended alike: both outcomes are needed"
    if len(happened) < FEWEST_SETTLED or min(yes, no) < FEWEST_OF_A_KIND:
        return (
            f"{len(happened)} records are settled, {yes} one way and {no} the other: "
            f"at least {FEWEST_SETTLED}, and {FEWEST_OF_A_KIND} of each, are needed"
        )
    return None


def _version(cells: Cells, outcomes: Sequence[bool], seed: int) -> str:
    import numpy
    import sklearn

    digest = hashlib.sha256(f"{REVISION} {seed} {numpy.__version__} {sklearn.__version__}".encode())
    digest.update(bytes(outcomes))
    for name, column in cells.items():
        for part in (name, *column):
            content = part.encode("utf-8", "surrogatepass")
            digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:16]
