"""`crm-connector egress`: what left this machine, by day, host, purpose and cause; counts only, never content."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from connector.cli.opening import reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile
from connector.cli.output import emit, say, table
from connector.clock import SystemClock
from connector.journal import departures_since
from connector.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: crm-connector egress --days 7")
def egress(
    *,
    days: Annotated[int, typer.Option(min=1, max=400, help="So many days back, today included.")] = 7,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Tell what left this machine: to which host, for what, how often and how much.

    What it said is not kept. Bytes are those of bodies. Mail servers and databases count by session, without bytes.
    """
    first = SystemClock().now().date() - timedelta(days=days - 1)
    with reading_state(load_settings(config)) as store, store.snapshot() as tx:
        found = departures_since(tx, first)
    if as_json:
        emit({
            "since": first.isoformat(),
            "departures": [
                {
                    "day": one.day.isoformat(), "host": one.host, "purpose": one.purpose.value,
                    "on_behalf": one.on_behalf, "requests": one.requests, "sent": one.sent, "received": one.received,
                }
                for one in found
            ],
        })  # fmt: skip
    elif not found:
        say(f"nothing left this machine since {first.isoformat()}")
    else:
        rows = [
            (
                one.day.isoformat(), one.host, one.purpose.value, one.on_behalf, str(one.requests), f"{one.sent:,}",
                f"{one.received:,}",
            )
            for one in found
        ]
        table("", ("day", "host", "purpose", "for", "requests", "bytes out", "bytes in"), rows, whole=("host",))
