"""Whether retrieval drifts: what decisions found and used lately, against the time before, per policy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from connector.decision import decisions
from connector.store import Transaction

LATELY = timedelta(days=7)
BEFORE = timedelta(days=28)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Retrieval over one span. None where there is nothing to take a mean of."""

    decisions: int
    empty: float | None  # share of decisions for which the index had nothing
    best: float | None  # mean score of the nearest passage
    cited: float | None  # share of decisions that rest on a passage of the index


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalReport:
    """One policy: the last seven days beside the four weeks before them."""

    policy: str
    lately: Found
    before: Found


def retrieval_of(tx: Transaction, now: datetime) -> tuple[RetrievalReport, ...]:
    """Every policy whose decisions looked into the index."""
    lately: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    before: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for decision in decisions.since(tx, now - LATELY - BEFORE):
        told = decision.detail.get("retrieval")
        if isinstance(told, Mapping):
            (lately if decision.decided_at >= now - LATELY else before)[decision.policy].append(told)
    policies = sorted({*lately, *before})
    reports = (RetrievalReport(policy=name, lately=_found(lately[name]), before=_found(before[name])) for name in policies)
    return tuple(report for report in reports if _looked(report))


def _found(told: Sequence[Mapping[str, Any]]) -> Found:
    best = [one["best"] for one in told if one.get("best") is not None]
    return Found(
        decisions=len(told), empty=_share([not one.get("found") for one in told]), best=fmean(best) if best else None,
        cited=_share([bool(one.get("cited")) for one in told]),
    )


def _share(answers: Sequence[bool]) -> float | None:
    return round(fmean(answers), 4) if answers else None


def _looked(report: RetrievalReport) -> bool:
    return any(span.best is not None for span in (report.lately, report.before))
