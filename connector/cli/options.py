"""Options that several commands share, so that they are named and explained once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path, typer.Option("--config", "-c", envvar="CRM_CONNECTOR_CONFIG", help="The settings file.", show_default=True)
]
DEFAULT_CONFIG = Path("connector.yaml")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else on stdout.")]

By = Annotated[
    str | None,
    typer.Option("--by", envvar="CRM_CONNECTOR_USER", help="Who decides; the name of your login when not given."),
]
Remark = Annotated[str | None, typer.Option("--remark", "-m", help="A remark that is kept with the verdict.")]


def person(by: str | None) -> str:
    """Whose verdict this is."""
    from getpass import getuser

    return by or getuser()
