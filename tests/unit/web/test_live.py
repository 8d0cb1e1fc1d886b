"""Live updates: one look for everybody who listens, none when nobody does, and never more listeners than are allowed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from connector.errors import StateError
from connector.web.live import Beat, Pulse, look
from connector.web.pages import PAGES
from tests.support.given import approval
from tests.support.road import DESKS

Answer = TypeVar("Answer")


@pytest.fixture
def desk():
    return DESKS["hubspot"]()


def told(events: list[str]) -> list[dict]:
    return [json.loads(event.removeprefix("data: ")) for event in events if event.startswith("data: ")]


def ran(work: Coroutine[Any, Any, Answer]) -> Answer:
    """What the work gives, in a thread of its own: a browser test of this process may keep a loop in ours."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def heard(pulse: Pulse, beats: int) -> list[str]:
    return [event async for event in pulse.listen(beats)]


def test_everybody_hears_the_same_look_and_a_change_once():
    beats = iter(range(1000))
    pulse = Pulse(lambda: Beat(counts=(("/", 1),), seq=next(beats) // 4), every=0.001)

    async def three() -> list[list[str]]:
        return list(await asyncio.gather(*(heard(pulse, 12) for _ in range(3))))

    first, *others = ran(three())
    assert others == [first, first]
    seqs = [one["seq"] for one in told(first)]
    assert seqs == sorted(set(seqs))
    assert len(seqs) >= 3
    assert pulse.looks <= 14
    assert told(first)[0]["counts"] == {"/": 1}


def test_it_stops_looking_when_nobody_listens_and_begins_again():
    pulse = Pulse(lambda: Beat(counts=(), seq=1), every=0.001)

    async def twice() -> tuple[int, int]:
        await heard(pulse, 2)
        await asyncio.sleep(0.02)
        quiet = pulse.looks
        await asyncio.sleep(0.02)
        assert pulse.looks == quiet
        await heard(pulse, 2)
        return quiet, pulse.looks

    quiet, later = ran(twice())
    assert later > quiet


def test_a_state_that_is_busy_for_a_moment_is_looked_at_again():
    answers = iter([StateError("busy"), *(Beat(counts=(), seq=n) for n in range(100))])

    def seen() -> Beat:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert told(ran(heard(Pulse(seen, every=0.001), 4)))


def test_no_more_listen_than_are_allowed():
    pulse = Pulse(lambda: Beat(counts=(), seq=1), every=0.001, most=2)

    async def full() -> bool:
        listening = [asyncio.create_task(heard(pulse, 3)) for _ in range(2)]
        await asyncio.sleep(0)
        seen = pulse.is_full
        await asyncio.gather(*listening)
        return seen and not pulse.is_full

    assert ran(full())


def test_a_line_with_nothing_to_say_is_kept_open():
    events = ran(heard(Pulse(lambda: Beat(counts=(), seq=1), every=0.001), 20))
    assert events[-1] == ": still here\n\n"


def test_a_look_counts_what_the_tabs_show(house, road):
    from connector.gate import approvals

    with house.store.transaction("test") as tx:
        approvals.ask(tx, [approval("a1")])
    with house.store.snapshot() as tx:
        seen = look(tx, PAGES, house.clock.now())
    assert dict(seen.counts) == {"/": 1, "/handoffs": 0, "/agents": 0}
    assert seen.seq > 0
