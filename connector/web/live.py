"""Live updates: one look at the state a second for everybody who listens, told as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool

from connector.errors import StateError
from connector.journal import newest_seq
from connector.store import Transaction
from connector.web.page import Page

MOST_LISTENERS = 64
BEATS = 60  # after so many beats a listener comes again, through the door
REMARK = 15  # beats without a word, after which a remark keeps the line open


@dataclass(frozen=True, slots=True)
class Beat:
    """What a page needs to know to notice that it is out of date: the counts of the tabs, and how far the journal goes."""

    counts: tuple[tuple[str, int], ...]
    seq: int


def look(tx: Transaction, pages: tuple[Page, ...], now: datetime) -> Beat:
    counts = tuple((page.home, page.count(tx, now)) for page in pages if page.label and page.count)
    return Beat(counts=counts, seq=newest_seq(tx))


class Pulse:
    """Looks once per beat while anybody listens, whoever and however many they are."""

    def __init__(self, look: Callable[[], Beat], *, every: float, most: int = MOST_LISTENERS) -> None:
        self._look = look
        self._every = every
        self._most = most
        self._listeners = 0
        self._beat: Beat | None = None
        self._looked = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self.looks = 0

    @property
    def is_full(self) -> bool:
        return self._listeners >= self._most

    async def listen(self, beats: int = BEATS) -> AsyncIterator[str]:
        """Events for one listener: the first at once, then one for each change, for so many beats."""
        self._listeners += 1
        try:
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._run())
            told: Beat | None = None
            silent = 0
            yield "retry: 1000\n\n"
            for _ in range(beats):
                async with self._looked:
                    await self._looked.wait()
                silent += 1
                if self._beat is not None and self._beat != told:
                    told, silent = self._beat, 0
                    yield _event(told)
                elif silent >= REMARK:
                    silent = 0
                    yield ": still here\n\n"
        finally:
            self._listeners -= 1

    async def _run(self) -> None:
        while self._listeners:
            # A state that is busy for a moment is looked at again with the next beat.
            with suppress(StateError):
                self._beat = await run_in_threadpool(self._look)
            self.looks += 1
            async with self._looked:
                self._looked.notify_all()
            await asyncio.sleep(self._every)


def _event(beat: Beat) -> str:
    return f"data: {json.dumps(asdict(beat) | {'counts': dict(beat.counts)})}\n\n"
