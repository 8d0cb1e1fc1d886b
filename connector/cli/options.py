"""Options that several commands share, so that they are named and explained once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path, typer.Option("--config", "-c", envvar="CRM_CONNECTOR_CONFIG", help="The settings file.", show_default=True)
]
DEFAULT_CONFIG = Path("connector.yaml")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else on stdout.")]

Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 when a problem is found; else a finding is exit 0.")]

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]

By = Annotated[
    str | None,
    typer.Option("--by", envvar="CRM_CONNECTOR_USER", help="Who decides; the name of your login when not given."),
]
Remark = Annotated[str | None, typer.Option("--remark", "-m", help="A remark that is kept with the verdict.")]

CSV = {"exists": True, "dir_okay": False, "readable": True}
TextColumn = Annotated[str, typer.Option(help="The column with what the customer wrote.")]
LabelColumn = Annotated[str, typer.Option(help="The column with what a person decided.")]


class Learned(StrEnum):
    """How much work learning may be."""

    FULL = "full"
    QUICK = "quick"


Learning = Annotated[Learned, typer.Option(help="quick learns in seconds, full in minutes.")]


def agreed(question: str, *, yes: bool) -> None:
    """Ask before something large; a no stops the command with nothing done. A script has to say --yes."""
    import sys

    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody is here to be asked; say --yes", param_hint="--yes")
    if not typer.confirm(question, err=True):
        raise typer.Exit(0)


def day_or_span(text: str, now: datetime, option: str) -> datetime:
    """A day (2026-03-01), or a span back from now (14d); anything else is misuse of `option`."""
    from connector.policy import parse_duration

    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        span = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no day (2026-03-01) and no span (14d)", param_hint=option) from error
    return now - (span.span or timedelta(days=span.business_days))


def person(by: str | None) -> str:
    """Whose verdict this is."""
    from getpass import getuser

    return by or getuser()
