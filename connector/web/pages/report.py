"""Report: how the service did over a time, with charts; the same figures as JSON and as a table."""

from __future__ import annotations

import json
from datetime import timedelta

from markupsafe import Markup

from connector.journal import Entry, EntryKind
from connector.report.charts import line_of_days, reliability, stacked_days
from connector.report.document import document_of
from connector.report.performance import Performance, performance
from connector.report.period import Period
from connector.report.sheet import agreed_by_day, day_series, headline, points, tables
from connector.web.csv_export import csv_of
from connector.web.house import House
from connector.web.page import Answer, Asked, BadRequestError, Download, Page, Shown, Way

PERIODS = (7, 28, 90)


def show(house: House, asked: Asked) -> Answer:
    chosen = _chosen(asked)
    seen = _seen(house, chosen)
    values = {
        "numbers": headline(seen), "tables": tables(seen), "charts": _charts(seen), "period": seen.period,
        "periods": PERIODS, "chosen": chosen, "judged": sum(one.judged for one in seen.policies),
    }
    return Shown(template="report.html", values=values)


def as_json(house: House, asked: Asked) -> Answer:
    document = document_of(_exported(house, asked, "report.json"))
    return Download(name="report.json", kind="application/json", text=json.dumps(document, indent=2) + "\n")


def as_csv(house: House, asked: Asked) -> Answer:
    """A row for each policy."""
    rows = document_of(_exported(house, asked, "report.csv"))["policies"]
    heads = list(rows[0]) if rows else ["policy"]
    lines = [["" if row[head] is None else str(row[head]) for head in heads] for row in rows]
    return Download(name="report.csv", kind="text/csv; charset=utf-8", text=csv_of(heads, lines))


def _chosen(asked: Asked) -> int:
    text = asked.query.get("days", "28")
    if text not in {str(days) for days in PERIODS}:
        raise BadRequestError(f"the report is about {', '.join(str(days) for days in PERIODS)} days")
    return int(text)


def _seen(house: House, days: int) -> Performance:
    now = house.clock.now()
    with house.store.snapshot() as tx:
        return performance(tx, Period(since=now - timedelta(days=days), until=now + timedelta(microseconds=1)))


def _exported(house: House, asked: Asked, what: str) -> Performance:
    seen = _seen(house, _chosen(asked))
    body = {"what": what, "rows": len(seen.policies)}
    with house.store.transaction("web: exported") as tx:
        entry = Entry(kind=EntryKind.EXPORTED, at=house.clock.now(), actor=asked.person.name, body=body)
        house.journal.append(tx, entry)
    return seen


def _charts(seen: Performance) -> dict[str, Markup]:
    """Our own markup: the texts in it are days and names of ours, escaped where it is made."""
    days = [day.day for day in seen.days]
    drawn = {
        "days": stacked_days(days, day_series(seen), title="Decisions by day"),
        "agreed": line_of_days(days, agreed_by_day(seen), title="Share of judged proposals that people agreed with"),
        "reliability": reliability(points(seen), title="How sure against how often right"),
    }
    return {name: Markup(chart) for name, chart in drawn.items()}  # noqa: S704


PAGE = Page(
    label="Report", home="/report",
    ways=(
        Way(path="/report", answer=show),
        Way(path="/report.json", answer=as_json),
        Way(path="/report.csv", answer=as_csv),
    ),
)  # fmt: skip
