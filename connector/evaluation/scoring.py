"""How well a score ranks and how honest its chances are: learned on earlier rows, counted on later ones.

What is said about the score itself (abstained, stale, leaks) is decided without the outcomes of the test rows.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.calibration import expected_calibration_error
from connector.decision.learners.score import NothingToScore, ScoreLearner, fit_score

Cells = Mapping[str, Sequence[str]]
Outcomes = Sequence[bool | None]

TOP_SHARE = 0.1
SLICE = 1_000
REDRAWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringFigures:
    """None means undefined: no labels among the test rows, one outcome only, nothing learned, no stream.

    `auc_low` and `auc_high` hold 95 % of re-drawn test rows; `precision_at_10pct` is the share of outcomes among the
    best-scored tenth; `auc_within` is the mean area inside slices of 1,000 rows, where a moving base rate cannot help.
    """

    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    brier: float | None = None
    ece: float | None = None
    precision_at_10pct: float | None = None
    auc_within: float | None = None
    abstained: bool = True
    stale: bool = False
    leaks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringEvaluation:
    """The figures, the score of every test row (None where nothing was learned), and why each column was refused."""

    figures: ScoringFigures
    scores: tuple[float | None, ...]
    refused: tuple[str, ...]
    usual: float | None
    signal_low: float | None
    why: str | None


def evaluate_scoring(
    train: Cells, outcomes: Outcomes, test: Cells, truth: Outcomes, *, stream: int | None = None, seed: int = 0
) -> ScoringEvaluation:
    """Learn on `train`, score `test`. With `stream`, test rows come in batches of that size, labels one batch late."""
    learner = fit_score(train, outcomes, seed=seed)
    if isinstance(learner, NothingToScore):
        return _nothing(learner, len(truth))
    chances, stale = _scored(learner, train, outcomes, test, truth, stream, seed)
    figures = _figures(
        chances, truth, learner, stale=stale, within=stream is not None, chance=random.Random(f"{seed} redraws")
    )
    return ScoringEvaluation(
        figures=figures, scores=tuple(chances), refused=tuple(map(str, learner.leaks)), usual=learner.usual,
        signal_low=learner.signal.low if learner.signal else None, why=None,
    )


def _nothing(nothing: NothingToScore, rows: int) -> ScoringEvaluation:
    names = tuple(leak.column for leak in nothing.leaks)
    return ScoringEvaluation(
        figures=ScoringFigures(leaks=names), scores=(None,) * rows, refused=tuple(map(str, nothing.leaks)), usual=None,
        signal_low=None, why=nothing.why,
    )


def _scored(
    learner: ScoreLearner, train: Cells, outcomes: Outcomes, test: Cells, truth: Outcomes, batch: int | None, seed: int
) -> tuple[list[float], bool]:
    """The chances, and whether they went stale: of a stream, by the labels that came in; else by the training rows."""
    if batch is None or not truth:
        return learner.chances(test, len(truth)), learner.stale
    from connector.decision.learners.score_stream import stream_chances

    done = stream_chances(learner.form, train, outcomes, test, truth, batch=batch, seed=seed)
    return done.chances.tolist(), any(drift.is_alarming() for drift in done.drifts)


def _figures(
    chances: Sequence[float], truth: Outcomes, learner: ScoreLearner, *, stale: bool, within: bool,
    chance: random.Random,
) -> ScoringFigures:
    known = [(score, outcome) for score, outcome in zip(chances, truth, strict=True) if outcome is not None]
    scores, happened = [score for score, _ in known], [outcome for _, outcome in known]
    low, high = _redrawn(scores, happened, chance)
    return ScoringFigures(
        auc=area(scores, happened), auc_low=low, auc_high=high, brier=_brier(scores, happened),
        ece=expected_calibration_error(scores, happened), precision_at_10pct=_precision_at_top(scores, happened),
        auc_within=_area_within(scores, happened) if within else None, abstained=learner.abstains, stale=stale,
        leaks=tuple(leak.column for leak in learner.leaks),
    )


def area(scores: Sequence[float], happened: Sequence[bool]) -> float | None:
    """The area under the ROC curve; ties count half; None where one outcome is missing."""
    from connector.calibration import area_under_curve

    estimate = area_under_curve(scores, happened) if scores else None
    return estimate.area if estimate is not None else None


def _redrawn(
    scores: Sequence[float], happened: Sequence[bool], chance: random.Random
) -> tuple[float | None, float | None]:
    """Where the middle 95 % of areas lie when as many test rows are drawn anew, with repeats."""
    if area(scores, happened) is None:
        return None, None
    import numpy as np

    places = np.unique(np.asarray(scores), return_inverse=True)[1]
    hits, even = np.asarray(happened, dtype=float), np.full(len(happened), 1.0 / len(happened))
    draws = np.random.default_rng(chance.getrandbits(63))
    areas = []
    for _ in range(REDRAWS):
        times = draws.multinomial(len(hits), even)
        yes, no = np.bincount(places, weights=times * hits), np.bincount(places, weights=times * (1.0 - hits))
        if yes.sum() and no.sum():
            areas.append(float(yes @ (np.cumsum(no) - 0.5 * no)) / float(yes.sum() * no.sum()))
    low, high = np.quantile(areas, [0.025, 0.975]) if areas else (None, None)
    return (None, None) if low is None or high is None else (float(low), float(high))


def _brier(scores: Sequence[float], happened: Sequence[bool]) -> float | None:
    gaps = [(score - outcome) ** 2 for score, outcome in zip(scores, happened, strict=True)]
    return sum(gaps) / len(gaps) if gaps else None


def _precision_at_top(scores: Sequence[float], happened: Sequence[bool]) -> float | None:
    """Equal scores stand in row order."""
    if not scores:
        return None
    ranked = sorted(range(len(scores)), key=lambda row: -scores[row])
    top = ranked[: max(round(TOP_SHARE * len(scores)), 1)]
    return sum(happened[row] for row in top) / len(top)


def _area_within(scores: Sequence[float], happened: Sequence[bool]) -> float | None:
    """Slices with one outcome only have no area and are left out."""
    starts = range(0, len(scores), SLICE)
    areas = [area(scores[start : start + SLICE], happened[start : start + SLICE]) for start in starts]
    defined = [value for value in areas if value is not None]
    return sum(defined) / len(defined) if defined else None
