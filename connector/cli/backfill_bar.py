"""How far a backfill is, on stderr: the bar with rate and time left, and the watch over a service that does the work."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from connector.backfill import Backfill, find
from connector.change import inbox
from connector.cli.output import side_console
from connector.cli.road import Road
from connector.cli.running import running_process
from connector.clock import SystemClock
from connector.errors import StateError

_LOOK = 0.5  # seconds between two looks at what the service has done


@contextmanager
def bar(name: str, *, total: int, begun: int) -> Iterator[Callable[[int], None]]:
    """A bar that is told how many records were queued."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    clock = SystemClock()
    started = clock.monotonic()
    with Progress(*columns, console=side_console(), transient=True) as progress:
        task = progress.add_task(name, total=total, completed=begun, rate="")

        def reached(queued: int) -> None:
            rate = (queued - begun) / max(clock.monotonic() - started, 0.001)
            progress.update(task, completed=queued, rate=f"{rate:.0f}/s")

        yield reached


def followed(road: Road, begun: Backfill) -> Iterator[Backfill]:
    """Where the service has brought it, look after look, until the last of its records is decided."""
    again = f"crm-connector backfill {shlex.quote(begun.name)}"
    while True:
        with road.around.store.snapshot() as tx:
            place, waiting = find(tx, begun.name), inbox.waiting_of(tx, begun.name)
        assert place is not None
        yield place
        if place.done and not waiting:
            return
        if place.stopped:
            raise StateError(f"{begun.name} was stopped after {place.queued} records", hint=again)
        if running_process(road.settings.state) is None:
            raise StateError(f"the service ended; {begun.name} stands at {place.queued} records", hint=again)
        road.around.clock.sleep(_LOOK)
