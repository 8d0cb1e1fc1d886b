"""Rounds of the road until nothing is left to do: for scripts, tests and the demo."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from connector.backfill import Backfill, carry_on
from connector.change import inbox
from connector.cli.road import Road
from connector.daemon import append_head, journal_key
from connector.errors import CredentialsError, PermanentError, RetryableError
from connector.journal import is_sealed
from connector.pipeline import Pipeline, Round
from connector.writeback import outbox

_SOON = timedelta(seconds=20)  # work that is due within this is waited for; the rest is left for the next run
_PAUSE = 0.1

Show = Callable[[str], None]
"""Shows somebody who waits what goes on."""


def _to_nobody(what: str) -> None: ...


@dataclass(slots=True)
class Totals:
    """What the rounds did together."""

    rounds: int = 0
    read: int = 0
    captured: int = 0
    decided: int = 0
    applied: int = 0
    conflicted: int = 0
    refused: int = 0
    set_aside: int = 0
    learned: int = 0
    finished: bool = False
    unreachable: tuple[str, ...] = ()

    def add(self, done: Round) -> None:
        self.rounds += 1
        self.read += done.read
        self.captured += done.queued
        self.decided += done.decided.decided
        self.set_aside += done.decided.buried
        self.applied += done.written.applied
        self.conflicted += done.written.conflicted
        self.refused += done.written.refused
        self.unreachable = done.unreachable

    def document(self) -> dict[str, Any]:
        return asdict(self) | {"unreachable": list(self.unreachable)}

    def so_far(self) -> str:
        """What somebody who waits is shown."""
        return f"{self.read:,} changes read, {self.decided:,} decided, {self.applied:,} written"

    def sentence(self) -> str:
        end = "nothing is left to do" if self.finished else "work is left"
        counts = (
            (self.captured, "changes captured"), (self.decided, "decided"), (self.applied, "written"),
            (self.conflicted, "left to somebody's edit"), (self.refused, "refused"), (self.set_aside, "set aside"),
            (self.learned, "fields learned"),
        )
        told = [f"{count} {what}" for count, what in counts if count]
        return f"{', '.join(told) or 'nothing came in'}; {end}"


def run_until_quiet(
    road: Road, *, patience: float, linger: float = 0.0, totals: Totals | None = None, show: Show = _to_nobody
) -> Totals:
    """Work until nothing is found or due soon for `linger` seconds; seal the journal at the end, also after Ctrl-C.

    `totals` is counted in as it happens, for whoever is told about work that was cut short; `show` is told what goes on.

    A change that was made a moment ago may take a while to show: HubSpot's search index lags its writes by seconds.
    """
    pipeline, clock = road.pipeline, road.around.clock
    deadline = clock.monotonic() + patience
    with road.around.store.snapshot() as tx:
        key = journal_key(road.settings.state, sealed=is_sealed(tx))
    totals = Totals() if totals is None else totals
    try:
        pipeline.start()
        _turn(road, totals, deadline, linger, show)
    finally:
        made = pipeline.seal(key)
        if made is not None:
            append_head(road.settings.heads, made)
    return totals


def _turn(road: Road, totals: Totals, deadline: float, linger: float, show: Show) -> None:
    pipeline, clock = road.pipeline, road.around.clock
    moved = clock.monotonic()
    road.keep_index()
    while clock.monotonic() < deadline:
        done = pipeline.round(road.settings.batch)
        totals.add(done)
        show(totals.so_far())
        if not done.baselining:
            show(f"{totals.so_far()}; learning")
            totals.learned += len(pipeline.learning.step(pipeline.policies))
            pipeline.learning.review(pipeline.policies)
            _read_stays(pipeline)
        carried = None if done.baselining else _carried(road)
        busy = carried is not None or not done.quiet or _due_soon(road)
        if busy:
            moved = clock.monotonic()
        if done.unreachable or (not busy and clock.monotonic() - moved >= linger):
            totals.finished = not done.unreachable
            road.keep_index()
            break
        if done.quiet:
            clock.sleep(_PAUSE)


def _read_stays(pipeline: Pipeline) -> None:
    """Compare with what can be read now; a CRM that does not answer is met again by the round itself."""
    with suppress(RetryableError, PermanentError, CredentialsError):
        pipeline.learning.read_stays(pipeline.policies)


def _carried(road: Road) -> Backfill | None:
    try:
        return carry_on(road.pipeline, batch=road.settings.batch)
    except RetryableError:
        return None  # the next round says which CRM cannot be reached


def _due_soon(road: Road) -> bool:
    soon, connected = road.around.clock.now() + _SOON, road.around.adapters.keys()
    with road.around.store.snapshot() as tx:
        dues = (inbox.next_due(tx, connected), outbox.next_due(tx, connected))
    return any(due is not None and due <= soon for due in dues)
