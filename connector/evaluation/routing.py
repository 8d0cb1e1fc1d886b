"""How well a text would be routed: accuracy, what could be automated at a promised precision, and whether it is kept.

Pure: rows in, figures out. The learner sees the training rows alone; the threshold comes from distinct verdicts; the
test rows are only counted.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from connector.calibration import (
    Judged,
    Threshold,
    Unearned,
    confidence_for,
    content_key,
    distinct_by_content,
    expected_calibration_error,
    find_threshold,
    upper_bound,
)
from connector.decision.learners import Effort, NothingToLearn, RouteLearner, RoutePrediction, fit

FLAG_CONFIDENCE = 0.7  # that no more known texts are flagged later than may be
WORST_NEEDS = 5  # automated rows of a value before its precision says anything


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One message and the value people gave it; None where nobody did."""

    text: str
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedText:
    """What would have happened to one test row."""

    row: int
    value: str
    confidence: float
    novelty: float
    automated: bool
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingFigures:
    """None means undefined: no labels, nothing automated, no out-of-scope rows, no re-draws.

    `worst_value` is the lowest precision among values automated at least a few times. `coverage_mean`, `coverage_low`
    and `broke_promise` (a count) come from re-drawing which judged rows are verdicts and which are test.
    """

    accuracy: float | None
    coverage: float | None
    precision: float | None
    worst_value: float | None
    ece: float | None
    coverage_mean: float | None
    coverage_low: float | None
    broke_promise: int | None
    oos_recall: float | None
    in_scope_escalated: float | None
    threshold: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingEvaluation:
    """The figures, and the row-by-row outcome from which anyone can compute them again.

    `unearned` says why there is no threshold.
    """

    figures: RoutingFigures
    rows: tuple[RoutedText, ...]
    learner: str
    unearned: Unearned | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingTrial:
    """What is asked: the precision to promise, the re-draws, and the share of known texts the flag may catch."""

    target: float
    redraws: int = 20
    oos_rate: float = 0.08
    seed: int = 0
    effort: Effort = Effort.FULL


@dataclass(frozen=True, slots=True)
class _Answer:
    """A prediction beside what people said."""

    asked: LabelledText
    prediction: RoutePrediction

    @property
    def right(self) -> bool:
        return self.prediction.value == self.asked.value

    @property
    def judged(self) -> Judged:
        return Judged(confidence=self.prediction.confidence, right=self.right)


def evaluate_routing(
    trial: RoutingTrial,
    *,
    train: Sequence[LabelledText],
    verdicts: Sequence[LabelledText],
    test: Sequence[LabelledText],
    strangers: Sequence[LabelledText] = (),
    out_of_scope: Sequence[LabelledText] = (),
) -> RoutingEvaluation | NothingToLearn:
    """Fit on `train`, choose on `verdicts`, count on `test`.

    Rows of `strangers` and `out_of_scope` belong to no known value: the former teach the flag, the latter are counted.
    """
    learner = fit(
        [row.text for row in train], [row.value for row in train], seed=trial.seed, effort=trial.effort,
        strangers=[row.text for row in strangers],
    )
    if isinstance(learner, NothingToLearn):
        return learner
    judged, tested = _answers(learner, verdicts), _answers(learner, test)
    foreign = _answers(learner, out_of_scope)
    confidence = _bound_confidence(learner)
    earned = _earned(judged, trial.target, confidence)
    flag_from = _flag_from(judged, trial.oos_rate)
    rows = tuple(
        RoutedText(
            row=number, value=row.prediction.value_text, confidence=row.prediction.confidence,
            novelty=row.prediction.novelty, automated=_passes(row, earned), flagged=_is_flagged(row, flag_from),
        )
        for number, row in enumerate(tested)
    )
    figures = _figures(
        trial, tested=tested, foreign=foreign, earned=earned, flag_from=flag_from,
        redrawn=_redrawn(judged, tested, trial, confidence),
    )
    unearned = earned if isinstance(earned, Unearned) else None
    return RoutingEvaluation(figures=figures, rows=rows, learner=learner.version, unearned=unearned)


def _figures(
    trial: RoutingTrial,
    *,
    tested: Sequence[_Answer],
    foreign: Sequence[_Answer],
    earned: Threshold | Unearned,
    flag_from: float,
    redrawn: Sequence[tuple[float, float | None]],
) -> RoutingFigures:
    known = [row for row in tested if row.asked.value is not None]
    automated = [row for row in known if _passes(row, earned)]
    coverages = [coverage for coverage, _ in redrawn]
    broken = sum(precision is not None and precision < trial.target for _, precision in redrawn)
    return RoutingFigures(
        accuracy=_share_right(known),
        coverage=len(automated) / len(known) if known else None,
        precision=_share_right(automated),
        worst_value=_worst_value(automated),
        ece=expected_calibration_error([row.prediction.confidence for row in known], [row.right for row in known]),
        coverage_mean=sum(coverages) / len(coverages) if coverages else None,
        coverage_low=min(coverages) if coverages else None,
        broke_promise=broken if redrawn else None,
        oos_recall=_share_flagged(foreign, flag_from),
        in_scope_escalated=_share_flagged(known, flag_from),
        threshold=earned.value if isinstance(earned, Threshold) else None,
    )


def _answers(learner: RouteLearner, rows: Sequence[LabelledText]) -> list[_Answer]:
    predictions = learner.predict([row.text for row in rows])
    return [_Answer(row, prediction) for row, prediction in zip(rows, predictions, strict=True)]


def _bound_confidence(learner: RouteLearner) -> float:
    return confidence_for(examples=learner.examples, values=len(learner.values))


def _earned(judged: Sequence[_Answer], target: float, confidence: float) -> Threshold | Unearned:
    """A text judged twice is one verdict; an unlabelled row is none."""
    return find_threshold([row.judged for row in _distinct(judged)], target=target, confidence=confidence)


def _distinct(rows: Sequence[_Answer]) -> list[_Answer]:
    labelled = [row for row in rows if row.asked.value is not None]
    return distinct_by_content(labelled, lambda row: content_key(row.asked.text))


def _passes(row: _Answer, earned: Threshold | Unearned) -> bool:
    return isinstance(earned, Threshold) and row.prediction.confidence >= earned.value


def _redrawn(
    judged: Sequence[_Answer], tested: Sequence[_Answer], trial: RoutingTrial, confidence: float
) -> list[tuple[float, float | None]]:
    """Coverage and precision of each re-draw: as many distinct verdicts as there were, the other rows as test."""
    pool, drawn = _distinct([*judged, *tested]), len(_distinct(judged))
    if not drawn or drawn >= len(pool):
        return []
    outcomes: list[tuple[float, float | None]] = []
    for number in range(trial.redraws):
        order = random.Random(f"{trial.seed} {number}").sample(range(len(pool)), len(pool))
        earned = _earned([pool[place] for place in order[:drawn]], trial.target, confidence)
        rest = [pool[place] for place in order[drawn:]]
        automated = [row for row in rest if _passes(row, earned)]
        outcomes.append((len(automated) / len(rest), _share_right(automated)))
    return outcomes


def _worst_value(automated: Sequence[_Answer]) -> float | None:
    by_value: defaultdict[str, list[_Answer]] = defaultdict(list)
    for row in automated:
        by_value[row.prediction.value_text].append(row)
    shares = [_share_right(rows) for rows in by_value.values() if len(rows) >= WORST_NEEDS]
    return min((share for share in shares if share is not None), default=None)


def _flag_from(judged: Sequence[_Answer], rate: float) -> float:
    """The novelty from which a text is flagged: as many known texts as may be, and room for what chance adds later.

    Flagging the share `rate` itself of some hundred texts flags more than that of later ones every other time.
    """
    seen = distinct_by_content(judged, lambda row: content_key(row.asked.text))
    ranked = sorted((row.prediction.novelty for row in seen), reverse=True)
    may = bisect_right(range(len(ranked) + 1), rate, key=lambda flagged: _most_later(flagged, len(ranked)))
    if not may:
        return math.inf
    flagged = may - 1
    return math.nextafter(ranked[flagged], math.inf) if flagged < len(ranked) else -math.inf


def _most_later(flagged: int, known: int) -> float:
    return upper_bound(flagged, known, confidence=FLAG_CONFIDENCE)


def _share_flagged(rows: Sequence[_Answer], flag_from: float) -> float | None:
    if not rows:
        return None
    return sum(_is_flagged(row, flag_from) for row in rows) / len(rows)


def _is_flagged(row: _Answer, flag_from: float) -> bool:
    return row.prediction.novelty >= flag_from or not row.asked.text.strip()


def _share_right(rows: Sequence[_Answer]) -> float | None:
    return sum(row.right for row in rows) / len(rows) if rows else None
