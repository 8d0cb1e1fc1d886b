"""Cases of marked creates: once, found again after a lost answer, and taken back only when they are ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from adapters.conformance.capture import CONTACT, contact
from adapters.conformance.world import Mishap, World
from connector.adapter import (
    Adapter,
    Created,
    CreateResult,
    FieldName,
    FieldValue,
    MarkedCreate,
    Missed,
    NotApplied,
    ObjectType,
    RecordRef,
    Refused,
    Resolution,
    Unknown,
    UnknownWrite,
    Written,
)

TASK, NOTE = ObjectType.TASK, ObjectType.NOTE
DUE = datetime(2026, 12, 24, tzinfo=UTC)


def marked(parent: RecordRef, marker: str, object: ObjectType = TASK) -> MarkedCreate:
    values: dict[FieldName, FieldValue] = (
        {FieldName("subject"): "Call back", FieldName("description"): "They asked <for> it", FieldName("due"): DUE}
        if object is TASK
        else {FieldName("body"): "They asked & waited\nsince Monday"}
    )
    return MarkedCreate(intent=f"case-{marker}", marker=marker, object=object, values=values, parents=(parent,))


def create(adapter: Adapter, wanted: MarkedCreate) -> CreateResult:
    [result] = adapter.writes.create([wanted])
    return result


def resolve(adapter: Adapter, wanted: MarkedCreate, sent_at: datetime, world: World) -> Resolution:
    for _ in range(6):
        [found] = adapter.writes.resolve([UnknownWrite(write=wanted, sent_at=sent_at)])
        if not isinstance(found, Unknown):
            return found
        world.advance(timedelta(seconds=30))
    raise AssertionError("an unknown create never becomes known")


def a_task_and_a_note_hang_on_their_record(world: World) -> None:
    adapter, parent = world.adapter(), contact(world, "Ray")
    world.advance(timedelta(seconds=5))
    results = adapter.writes.create([marked(parent, "aaaa1111"), marked(parent, "bbbb2222", NOTE)])
    assert all(isinstance(result, Created) and not result.existed for result in results)
    [task] = world.hanging(parent, TASK)
    [note] = world.hanging(parent, NOTE)
    assert task["subject"] == "Call back"
    assert "They asked <for> it" in str(task["description"])
    assert "They asked & waited\nsince Monday" in str(note["body"])


def many_creates_each_get_their_own_answer(world: World) -> None:
    adapter = world.adapter()
    parents = [contact(world, f"Parent {place}") for place in range(5)]
    world.advance(timedelta(seconds=5))
    wanted = [marked(parent, f"many000{place}") for place, parent in enumerate(parents)]
    results = adapter.writes.create(wanted)
    assert len({result.ref.id for result in results if isinstance(result, Created)}) == 5
    assert [len(world.hanging(parent, TASK)) for parent in parents] == [1] * 5


def a_lost_answer_to_a_create_is_found_again(world: World) -> None:
    adapter, parent = world.adapter(), contact(world, "Ray")
    world.advance(timedelta(seconds=5))
    create(adapter, marked(parent, "warmed00"))  # everything that is read once has been read
    sent_at = _server_now(adapter, parent)
    world.arm_write(Mishap.LOST_AFTER)
    wanted = marked(parent, "cccc3333")
    result = create(adapter, wanted)
    assert world.happened(Mishap.LOST_AFTER)
    if isinstance(result, Unknown):
        world.heal()
        found = resolve(world.adapter(), wanted, sent_at, world)
        assert isinstance(found, Created)
        assert found.existed
    assert len(world.hanging(parent, TASK)) == 2


def a_create_that_never_arrived_is_found_not_applied(world: World) -> None:
    adapter, parent = world.adapter(), contact(world, "Ray")
    world.advance(timedelta(seconds=5))
    create(adapter, marked(parent, "warmed00"))
    sent_at = _server_now(adapter, parent)
    world.arm_write(Mishap.LOST_BEFORE)
    wanted = marked(parent, "dddd4444")
    result = create(adapter, wanted)
    world.heal()
    if isinstance(result, Unknown):
        assert isinstance(resolve(adapter, wanted, sent_at, world), NotApplied)
        assert len(world.hanging(parent, TASK)) == 1
    else:
        assert isinstance(result, Created)  # an upsert by external id may be sent again
        assert len(world.hanging(parent, TASK)) == 2


def another_engagement_is_not_taken_for_ours(world: World) -> None:
    adapter, parent = world.adapter(), contact(world, "Ray")
    task = world.create(TASK, {"subject": "Call back", "due": DUE})
    world.associate(task, parent)
    world.advance(timedelta(minutes=2))
    found = resolve(adapter, marked(parent, "eeee5555"), _server_now(adapter, parent) - timedelta(minutes=1), world)
    assert isinstance(found, NotApplied)


def a_record_to_hang_on_that_is_gone_is_missed(world: World) -> None:
    adapter, parent = world.adapter(), contact(world, "Ray")
    world.delete(parent)
    result = create(adapter, marked(parent, "ffff6666"))
    assert isinstance(result, Missed | Refused)
    assert isinstance(create(adapter, marked(world.absent(CONTACT), "ffff7777")), Missed | Refused)


def an_engagement_of_ours_can_be_taken_back_and_nothing_else(world: World) -> None:
    adapter, parent = world.adapter(), contact(world, "Ray")
    created = create(adapter, marked(parent, "9999aaaa"))
    assert isinstance(created, Created)
    assert isinstance(adapter.writes.delete_created(parent), Refused)
    foreign = world.create(TASK, {"subject": "Theirs", "due": DUE})
    world.associate(foreign, parent)
    assert isinstance(adapter.writes.delete_created(foreign), Refused)
    assert isinstance(adapter.writes.delete_created(created.ref), Written)
    assert [task["subject"] for task in world.hanging(parent, TASK)] == ["Theirs"]
    assert isinstance(adapter.writes.delete_created(created.ref), Missed)


def _server_now(adapter: Adapter, ref: RecordRef) -> datetime:
    _, now = adapter.changes.cursor_now(ref.object)
    return now


CREATES = (
    a_task_and_a_note_hang_on_their_record,
    many_creates_each_get_their_own_answer,
    a_lost_answer_to_a_create_is_found_again,
    a_create_that_never_arrived_is_found_not_applied,
    another_engagement_is_not_taken_for_ours,
    a_record_to_hang_on_that_is_gone_is_missed,
    an_engagement_of_ours_can_be_taken_back_and_nothing_else,
)
