"""`crm-connector requeue`: put changes that were set aside back in the queue."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.change import inbox
from connector.cli.opening import reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, By, ConfigFile, person
from connector.cli.output import emit, say
from connector.cli.refs import parse_ref
from connector.clock import SystemClock, system_random
from connector.journal import Entry, EntryKind, Journal
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
    with reading_state(load_settings(config)) as store, store.transaction("people: requeued") as tx:
        refs = [one.event.ref for one in inbox.buried(tx) if ref in (None, one.event.ref)]
        inbox.requeue(tx, ref)
        now, journal = SystemClock().now(), Journal(system_random())
        journal.append(tx, *(Entry(kind=EntryKind.REQUEUED, at=now, ref=one, actor=person(by)) for one in refs))
    if as_json:
        emit({"requeued": [str(one) for one in refs]})
    else:
        say(f"✓ {len(refs)} put back in the queue" if refs else "nothing was set aside")
