"""Records as people type them."""

from __future__ import annotations

import typer

from connector.record import RecordRef


def parse_ref(text: str) -> RecordRef:
    """`crm:ticket/123` as a ref; anything else is misuse."""
    try:
        return RecordRef.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
