"""The report as one JSON document, the same for a program that asks the command line or the page."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from connector.report.performance import Performance, PolicyFigures
from connector.report.times import instant


def document_of(seen: Performance) -> dict[str, Any]:
    """Every figure of the report; a share of nothing is null."""
    found, baseline = seen.integrity, seen.baseline
    return {
        "since": instant(seen.period.since), "until": instant(seen.period.until),
        "policies": [_policy_document(one) for one in seen.policies],
        "days": [
            {
                "day": day.day, "alone": day.alone, "asked": day.asked, "handed_off": day.handed_off, "judged": day.judged,
                "agreed": day.agreed,
            }
            for day in seen.days
        ],
        "integrity": {
            "writes": found.writes, "conflicts_kept": found.conflicts_kept, "restored": found.restored,
            "unknown": found.unknown, "compared_at": _maybe(found.compared_at), "records": found.records,
            "matched": found.matched,
        },
        "baseline": {
            "since": _maybe(baseline.since), "values": baseline.values, "hours_before": baseline.hours_before,
            "hours_now": baseline.hours_now,
        },
        "reliability": [
            {
                "low": row.low, "high": row.high, "count": row.count, "mean_confidence": row.mean_confidence,
                "share_right": row.share_right,
            }
            for row in seen.reliability
        ],
    }  # fmt: skip


def _policy_document(one: PolicyFigures) -> dict[str, Any]:
    return {
        "policy": one.policy, "decisions": one.decisions, "alone": one.alone, "asked": one.asked,
        "handed_off": one.handed_off, "braked": one.braked, "coverage": one.coverage,
        "escalation_rate": one.escalation_rate, "judged": one.judged, "agreed": one.agreed,
        "task_success": one.task_success, "success_low": one.success_low, "applied": one.applied,
        "conflicts": one.conflicts, "refused": one.refused, "corrected": one.corrected, "taken_back": one.taken_back,
        "accepted": one.accepted, "usd": str(one.usd), "usd_per_accepted": _text(one.usd_per_accepted),
        "seconds_to_write": one.seconds_to_write, "seconds_to_write_p90": one.seconds_to_write_p90,
        "hours_to_answer": one.hours_to_answer, "hours_to_settle": one.hours_to_settle,
        "needed_said": one.needed_said, "needed": one.needed, "enough_said": one.enough_said, "enough": one.enough,
        "drift": one.drift,
    }


def _text(usd: Decimal | None) -> str | None:
    return None if usd is None else str(usd)


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else instant(at)
