"""`crm-connector report`: how the service did over a time, as tables, as JSON, or as one page with charts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.opening import reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile, day_or_span
from connector.cli.output import emit, heading, pairs, say, table
from connector.clock import SystemClock
from connector.report.document import document_of
from connector.report.performance import Performance, performance
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
        emit(document_of(seen))
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
