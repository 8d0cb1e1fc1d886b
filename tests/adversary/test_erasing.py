"""Erasing a person: no byte of state, index or export holds what they wrote any more, and the journal verifies."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.cli.learned import FitRoutes, RouteFormat
from connector.context.lance_index import LanceIndex
from connector.decision.learners import Effort
from connector.journal import verify
from connector.pipeline.erase import erase
from connector.policy import Tier
from tests.adversary.minds import Seen, direct, honest, say, support
from tests.adversary.world import World, policy

CANARY = "canarykestrel"  # one word, so that no index splits it
KEY = b"a key of this test"


def told(seen: Seen) -> str:
    """A model that repeats the person everywhere it can."""
    if "unclear" in seen.token:
        return say(
            honest(seen) | {"enough": False, "missing": [f"what {CANARY} wants"], "rationale": f"{CANARY} is unclear"}
        )
    said = honest(seen, task=True) | {"rationale": f"{CANARY} writes about a bill."}
    said["task"] = {"summary": f"Call {CANARY} back.", **support(seen)}
    if "description" in seen.fields:
        said["values"]["description"] = {"value": f"Summary: {CANARY} was charged twice.", **support(seen)}
    return say(said)


def plain(supervised: str) -> dict[str, object]:
    may = {
        "update": {
            "category": {},
            "priority": {"options": ["low", "normal", "high"]},
            "description": {"conflict": "review"},
        },
        "create_task": {"subject": "Look at this"},
    }
    reason = {"tier": "fast", "usd_per_day": 100, "searches": 2}
    return policy(may=may, reason=reason, gate={"supervised": supervised, "target": "50%"})


@pytest.fixture(params=["never", "always"])
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    index = LanceIndex(tmp_path / "w" / "index")
    made = World(tmp_path / "w", plain(request.param), reasoners=lambda _: {Tier.FAST: direct(told)}, index=index)
    yield made
    made.close()


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def holding(world: World, word: str = CANARY) -> list[str]:
    """Every file below the state and the index that holds the word."""
    return [name for name, content in bytes_of(world.folder).items() if word.encode() in content]


def rows_holding(world: World, word: str = CANARY) -> list[str]:
    with world.store.snapshot() as tx:
        tables = [row["name"] for row in tx.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [
            name for name in tables if any(word in json.dumps(row, default=str) for row in tx.rows(f"SELECT * FROM {name}"))
        ]


def lived(world: World) -> list[str]:
    """A life: decided, asked, edited in between, handed off, approved, rejected, read again."""
    tickets = [
        world.ticket("person-one", subject=f"{CANARY} was charged twice", description=f"I am {CANARY}. " * 40),
        world.ticket("person-unclear", subject=f"Hello from {CANARY}", description=f"{CANARY} asks"),
    ]
    world.rounds(1)
    world.edit(tickets[0], description=f"{CANARY} writes again while we decide")
    world.rounds(4)
    for number, asked in enumerate(world.asked(tickets[0])):
        people = world.road.people
        (people.approve if number % 2 else people.reject)(asked["approval"], by="ann", remark=f"{CANARY} called")
    world.edit(tickets[0], subject=f"{CANARY} once more")
    world.rounds(5)
    world.road.seal(KEY)
    return tickets


def test_nothing_of_a_person_is_left_after_erasing(world: World) -> None:
    tickets = lived(world)
    assert rows_holding(world), "the canary was really kept"
    assert any(name.startswith("index") for name in holding(world))
    refs = [world.ref(ticket) for ticket in tickets]
    refs += [ref for row in world.outbox() if row["outcome"] and (ref := _created(row["outcome"])) is not None]
    erase(world.store, world.road.journal, world.index, refs, by="boss", at=world.clock.now())
    assert rows_holding(world) == []
    assert holding(world) == []
    with world.store.snapshot() as tx:
        assert verify(tx, KEY).problems == ()


def _created(outcome: str):
    from connector.record import RecordRef

    made = json.loads(outcome).get("created")
    return RecordRef.parse(made) if made else None


def test_erasing_one_person_leaves_the_others(world: World) -> None:
    tickets = lived(world)
    other = world.ticket("other-one", subject="wrenbird was charged", description="I am wrenbird.")
    world.rounds(4)
    erase(
        world.store,
        world.road.journal,
        world.index,
        [world.ref(ticket) for ticket in tickets],
        by="boss",
        at=world.clock.now(),
    )
    assert rows_holding(world, "wrenbird")
    assert world.value(other, "category") is not None or world.asked(other)


def test_a_fitted_learner_keeps_no_words() -> None:
    texts = [f"{CANARY} asks about the {'bill' if number % 2 else 'parcel'} number {number}" for number in range(60)]
    learner = FitRoutes(effort=Effort.QUICK)(texts, ["billing" if number % 2 else "delivery" for number in range(60)])
    content = RouteFormat().store(learner)
    assert b"billing" in content or len(content) > 1_000
    assert CANARY.encode() not in content
    assert CANARY[:6].encode() not in content


@pytest.mark.parametrize("seed", range(3))
def test_pages_freed_in_any_order_hold_nothing(tmp_path: Path, seed: int) -> None:
    world = World(tmp_path, plain("never"), reasoners=lambda _: {Tier.FAST: direct(told)}, seed=seed)
    chance = random.Random(seed)
    tickets = [
        world.ticket(f"person-{n}", subject=f"{CANARY} {n}", description=f"{CANARY} " * chance.randrange(1, 400))
        for n in range(12)
    ]
    world.rounds(4)
    chance.shuffle(tickets)
    for ticket in tickets:
        erase(world.store, world.road.journal, world.index, [world.ref(ticket)], by="boss", at=world.clock.now())
    assert rows_holding(world) == []
    assert holding(world) == []
    world.close()
