"""`crm-connector requeue`: put changes that were set aside back in the queue."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.opening import reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, By, ConfigFile, person
from connector.cli.output import emit, say
from connector.cli.refs import parse_ref
from connector.clock import SystemClock, system_random
from connector.journal import Journal
from connector.pipeline.people import People
from connector.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: crm-connector requeue crm:ticket/123")
def requeue(
    *,
    record: Annotated[str | None, typer.Argument(help="Only this record; all that were set aside when not given.")] = None,
    by: By = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Put changes that were set aside back in the queue, to be tried afresh."""
    ref = parse_ref(record) if record else None
    with reading_state(load_settings(config)) as store:
        people = People(store=store, journal=Journal(system_random()), clock=SystemClock())
        refs = people.requeue(ref, by=person(by))
    if as_json:
        emit({"requeued": [str(one) for one in refs]})
    else:
        say(f"✓ {len(refs)} put back in the queue" if refs else "nothing was set aside")
