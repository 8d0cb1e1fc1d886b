"""How well requests are found in sentences: learned on judged ones, counted on others, whose own rate is corrected for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.decision.learners.asks import NothingToAsk, fit_requests
from connector.evaluation.scoring import area


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFigures:
    """None means undefined: nothing learned, no labels among the test rows, or none called a request."""

    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    auc: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEvaluation:
    """The figures; per test row its chance and whether it is called a request (None where nothing was learned)."""

    figures: RequestFigures
    chances: tuple[float | None, ...]
    called: tuple[bool, ...]
    why: str | None


def evaluate_requests(
    texts: Sequence[str], asks: Sequence[bool | None], test: Sequence[str], truth: Sequence[bool | None], *, seed: int = 0
) -> RequestEvaluation:
    """Learn on `texts`, answer for `test`. The truth is only counted."""
    learner = fit_requests(texts, asks, seed=seed)
    if isinstance(learner, NothingToAsk):
        nothing: tuple[float | None, ...] = (None,) * len(test)
        return RequestEvaluation(
            figures=RequestFigures(), chances=nothing, called=(False,) * len(test), why=str(learner)
        )
    chances = learner.corrected(learner.chances(test))
    called = tuple(chance >= learner.cut for chance in chances)
    return RequestEvaluation(figures=_figures(chances, called, truth), chances=tuple(chances), called=called, why=None)


def _figures(chances: Sequence[float], called: Sequence[bool], truth: Sequence[bool | None]) -> RequestFigures:
    known = [(chance, call, ask) for chance, call, ask in zip(chances, called, truth, strict=True) if ask is not None]
    right = sum(call and ask for _, call, ask in known)
    calls, asks = sum(call for _, call, _ in known), sum(ask for _, _, ask in known)
    return RequestFigures(
        precision=right / calls if calls else None, recall=right / asks if asks else None,
        f1=2.0 * right / (calls + asks) if asks else None,
        auc=area([chance for chance, _, _ in known], [ask for _, _, ask in known]),
    )
