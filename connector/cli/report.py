"""`crm-connector report`: how the service did over a time, as tables, as JSON, or as one page with charts."""

from __future__ import annotations

import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli.opening import reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile, day_or_span
from connector.cli.output import emit, heading, instant, pairs, say, table
from connector.clock import SystemClock
from connector.report.performance import Performance, PolicyFigures, performance
from connector.report.period import Period
from connector.report.sheet import headline, page, tables
from connector.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command("report", epilog="Example: crm-connector report --since 28d --html report.html")
def report_(
    *,
    since: Annotated[str, typer.Option(help="A day such as 2026-03-01, or a span such as 28d.")] = "28d",
    until: Annotated[str | None, typer.Option(help="A day such as 2026-04-01; now otherwise.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write one self-contained page with charts here.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Tell how the service did: task success, coverage, escalations, time, the CRM's integrity, drift and cost.

    Next to it stands how long people took for the same in the week before activation. It reads the state alone.
    """
    settings, now = load_settings(config), SystemClock().now()
    period = Period(since=day_or_span(since, now, "--since"), until=day_or_span(until, now, "--until") if until else now)
    if period.until <= period.since:
        raise typer.BadParameter("ends before it begins", param_hint="--until")
    with reading_state(settings) as store, store.snapshot() as tx:
        seen = performance(tx, period)
    if html is not None:
        _write(html, page(seen, title="How the agents did", made=now))
    if as_json:
        emit(_document(seen))
    else:
        _show(seen, html)


def _write(path: Path, content: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(content)


def _show(seen: Performance, html: Path | None) -> None:
    say(f"{seen.period.since:%Y-%m-%d} to {seen.period.until:%Y-%m-%d}", style="bold")
    pairs([(one.name, one.value) for one in headline(seen)])
    for one in tables(seen):
        heading(one.title)
        table("", one.columns, one.rows, whole=one.columns)
    say()
    if html is not None:
        say(f"✓ written: {html}", style="green")
    else:
        say("next: crm-connector report --html report.html   (the same with charts)", style="green")


def _document(seen: Performance) -> dict[str, Any]:
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


