"""The report as tables for a terminal, and as one self-contained page with charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from connector.report.charts import Point, Series, line_of_days, reliability, stacked_days
from connector.report.performance import Performance, PolicyFigures
from connector.report.times import moment, span

UNKNOWN = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the report, its cells ready to be read."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One of the few numbers that stand at the top."""

    name: str
    value: str


def headline(seen: Performance) -> tuple[Number, ...]:
    """What a lead wants to know first, over all policies."""
    decisions = sum(one.decisions for one in seen.policies)
    judged, agreed = sum(one.judged for one in seen.policies), sum(one.agreed for one in seen.policies)
    accepted, usd = sum(one.accepted for one in seen.policies), sum((one.usd for one in seen.policies), start=Decimal(0))
    return (
        Number(name="decisions", value=f"{decisions:,}"),
        Number(name="written without asking", value=percent(_part(sum(one.alone for one in seen.policies), decisions))),
        Number(name="given to people", value=percent(_part(sum(one.handed_off for one in seen.policies), decisions))),
        Number(name=f"agreed with, of {judged:,} judged", value=percent(_part(agreed, judged))),
        Number(name="edits of people kept", value=f"{seen.integrity.conflicts_kept:,}"),
        Number(name="per accepted decision", value=_each(usd / accepted) if accepted else UNKNOWN),
    )


def _each(usd: Decimal) -> str:
    return f"${usd:.4f}" if usd else "no cost"


def tables(seen: Performance) -> tuple[Table, ...]:
    """Everything else, in the order people ask for it."""
    return (_success(seen.policies), _escalation(seen.policies), _time(seen), _integrity(seen))


def page(seen: Performance, *, title: str, made: datetime) -> str:
    """One HTML page that needs nothing from elsewhere. No value of the CRM stands in it; names are escaped."""
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    environment = Environment(loader=PackageLoader("connector.report"), autoescape=True)
    days = [day.day for day in seen.days]
    charts = {
        "days": stacked_days(days, day_series(seen), title="Decisions by day"),
        "agreed": line_of_days(days, agreed_by_day(seen), title="Share of judged proposals that people agreed with"),
        "reliability": reliability(points(seen), title="How sure against how often right"),
    }
    return environment.get_template("report.html").render(
        title=title, made=moment(made), period=f"{seen.period.since:%Y-%m-%d} to {seen.period.until:%Y-%m-%d}",
        numbers=headline(seen), tables=tables(seen),
        charts={name: Markup(chart) for name, chart in charts.items()},  # noqa: S704 - our own markup, texts escaped there
    )


def day_series(seen: Performance) -> tuple[Series, ...]:
    return (
        Series(name="written without asking", tone="alone", values=[day.alone for day in seen.days]),
        Series(name="asked a person", tone="asked", values=[day.asked for day in seen.days]),
        Series(name="given to a person", tone="handed", values=[day.handed_off for day in seen.days]),
    )


def agreed_by_day(seen: Performance) -> list[float | None]:
    return [day.agreed / day.judged if day.judged else None for day in seen.days]


def points(seen: Performance) -> list[Point]:
    return [
        Point(sure=row.mean_confidence, right=row.share_right, count=row.count)
        for row in seen.reliability
        if row.mean_confidence is not None and row.share_right is not None
    ]


def percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share:.1%}"


def _success(policies: Sequence[PolicyFigures]) -> Table:
    return Table(
        title="By policy",
        columns=("policy", "decisions", "alone", "judged", "agreed", "at least", "drift", "cost", "per accepted"),
        rows=tuple(
            (
                one.policy, f"{one.decisions:,}", percent(one.coverage), f"{one.judged:,}", percent(one.task_success),
                percent(one.success_low), UNKNOWN if one.drift is None else f"{one.drift:+.1f} sd", f"${one.usd:.2f}",
                UNKNOWN if one.usd_per_accepted is None else f"${one.usd_per_accepted:.4f}",
            )
            for one in policies
        ),
    )


def _escalation(policies: Sequence[PolicyFigures]) -> Table:
    return Table(
        title="Given to people",
        columns=("policy", "handoffs", "of decisions", "were needed", "context was enough", "answered in", "closed in"),
        rows=tuple(
            (
                one.policy, f"{one.handed_off:,}", percent(one.escalation_rate), percent(_part(one.needed, one.needed_said)),
                percent(_part(one.enough, one.enough_said)), _hours(one.hours_to_answer), _hours(one.hours_to_settle),
            )
            for one in policies
        ),
    )


def _time(seen: Performance) -> Table:
    baseline = seen.baseline
    rows = [
        (one.policy, "change to write", _seconds(one.seconds_to_write), _seconds(one.seconds_to_write_p90))
        for one in seen.policies
    ]
    rows.append(("people, the week before activation", "record to value", _hours(baseline.hours_before), UNKNOWN))
    rows.append(("with the service", "record to value", _hours(baseline.hours_now), UNKNOWN))
    return Table(title="Time", columns=("who", "from what to what", "median", "nine of ten within"), rows=tuple(rows))


def _integrity(seen: Performance) -> Table:
    found = seen.integrity
    rows = [
        ("fields and tasks written", f"{found.writes:,}"),
        ("edits of people met and kept", f"{found.conflicts_kept:,}"),
        ("values put back", f"{found.restored:,}"),
        ("corrected by people afterwards", f"{sum(one.corrected for one in seen.policies):,}"),
        ("taken back", f"{sum(one.taken_back for one in seen.policies):,}"),
        ("outcomes not known", f"{found.unknown:,}"),
        ("records matched when last compared", _matched(seen)),
    ]
    return Table(title="The CRM", columns=("what", "how many"), rows=tuple(rows))


def _matched(seen: Performance) -> str:
    found = seen.integrity
    if found.compared_at is None or found.records is None:
        return "not compared yet"
    return f"{found.matched:,} of {found.records:,}, {moment(found.compared_at)}"


def _part(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _hours(hours: float | None) -> str:
    return UNKNOWN if hours is None else span(timedelta(hours=hours))


def _seconds(seconds: float | None) -> str:
    return UNKNOWN if seconds is None else span(timedelta(seconds=seconds))
