"""Cases of the record reader: every ref gets an answer, values keep their kind, and nothing unknown passes silently."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from adapters.conformance.capture import ACCOUNT, CONTACT, contact
from adapters.conformance.world import World
from connector.adapter import FieldKind, FieldName, Gone, Merged, ObjectType, Record
from connector.errors import UnknownFieldError

LAST_NAME, TITLE = FieldName("last_name"), FieldName("title")
OPPORTUNITY, TICKET, TASK = ObjectType.OPPORTUNITY, ObjectType.TICKET, ObjectType.TASK


def every_ref_asked_for_has_an_answer(world: World) -> None:
    refs = [*(contact(world, f"Row {place}") for place in range(3)), world.absent(CONTACT)]
    company = world.create(ACCOUNT, {"name": "Acme"})
    deleted = contact(world, "Gone")
    world.delete(deleted)
    asked = [*refs, deleted]
    adapter = world.adapter()
    found = adapter.records.read(asked, [LAST_NAME])
    assert set(found) == set(asked)
    assert [isinstance(found[ref], Record) for ref in asked] == [True, True, True, False, False]
    assert isinstance(found[deleted], Gone)
    assert isinstance(adapter.records.read([company], [FieldName("name")])[company], Record)


def a_merged_record_is_told_from_its_survivor(world: World) -> None:
    winner, loser = contact(world, "Winner"), contact(world, "Loser")
    survivor = world.merge(winner, loser)
    found = world.adapter().records.read([loser, survivor], [LAST_NAME])
    assert isinstance(found[loser], Merged)
    assert found[loser].into == survivor  # type: ignore[union-attr]
    assert isinstance(found[survivor], Record)


def more_refs_than_a_batch_are_read(world: World) -> None:
    adapter = world.adapter()
    rows = [{"last_name": f"Row {place}"} for place in range(2 * min(adapter.capabilities.read_batch, 250) + 3)]
    refs = world.create_many(CONTACT, rows)
    found = adapter.records.read(refs, [LAST_NAME])
    names = {record.fields[LAST_NAME] for record in found.values() if isinstance(record, Record)}
    assert names == {row["last_name"] for row in rows}


def an_unknown_field_is_an_error(world: World) -> None:
    ref = contact(world, "Ray")
    try:
        world.adapter().records.read([ref], [FieldName("no_such_field")])
    except UnknownFieldError as error:
        said = str(error)
    else:
        raise AssertionError("a field nobody knows was read without a word")
    assert "no_such_field" in said


def empty_and_absent_are_the_same(world: World) -> None:
    never = contact(world, "Never")
    cleared = world.create(CONTACT, {"last_name": "Cleared", "title": "CFO"})
    world.advance(timedelta(seconds=2))
    world.edit(cleared, {"title": None})
    found = world.adapter().records.read([never, cleared], [TITLE])
    assert [record.fields[TITLE] for record in found.values() if isinstance(record, Record)] == [None, None]


def money_is_exact_and_a_day_has_no_time_zone(world: World) -> None:
    ref = world.create(
        OPPORTUNITY, {"name": "Big", "amount": Decimal("1234567.89"), "close_date": date(2026, 3, 29), "stage": None}
    )
    fields = [FieldName("amount"), FieldName("close_date")]
    record = world.adapter().records.read([ref], fields)[ref]
    assert isinstance(record, Record)
    assert record.fields[fields[0]] == Decimal("1234567.89")
    assert record.fields[fields[1]] == date(2026, 3, 29)
    assert type(record.fields[fields[1]]) is date


def an_instant_is_the_same_whatever_zone_it_was_written_in(world: World) -> None:
    due = datetime(2026, 10, 25, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    ref = world.create(TASK, {"subject": "Call", "due": due})
    name = FieldName("due")
    adapter = world.adapter()
    kind = adapter.records.schema(TASK).fields[name].kind
    record = adapter.records.read([ref], [name])[ref]
    assert isinstance(record, Record)
    found = record.fields[name]
    if kind is FieldKind.DATE:
        assert found == due.astimezone(UTC).date()
    else:
        assert isinstance(found, datetime)
        assert found == due


def options_come_in_shared_keys(world: World) -> None:
    ref = world.create(TICKET, {"subject": "Help", "status": "new", "priority": "high"})
    adapter = world.adapter()
    fields = [FieldName("status"), FieldName("priority")]
    record = adapter.records.read([ref], fields)[ref]
    assert isinstance(record, Record)
    assert record.fields == {fields[0]: "new", fields[1]: "high"}
    schema = adapter.records.schema(TICKET)
    assert {"low", "normal", "high"} <= {option.key for option in schema.fields[fields[1]].options}


def times_are_aware_and_the_servers(world: World) -> None:
    ref = contact(world, "Ray")
    record = world.adapter().records.read([ref], [LAST_NAME])[ref]
    assert isinstance(record, Record)
    for at in (record.created_at, record.modified_at, record.read_at):
        assert at.tzinfo is not None
    assert abs(record.read_at - record.created_at) < timedelta(minutes=1)


def related_records_are_the_newest_first_and_limited(world: World) -> None:
    ref = contact(world, "Parent")
    tasks = []
    for place in range(4):
        world.advance(timedelta(seconds=3))
        task = world.create(TASK, {"subject": f"Task {place}", "due": datetime(2026, 12, 1, tzinfo=UTC)})
        world.associate(task, ref)
        tasks.append(task)
    lonely = contact(world, "Lonely")
    world.advance(timedelta(minutes=1))
    found = world.adapter().records.related([ref, lonely], TASK, [FieldName("subject")], limit=2)
    assert [record.ref for record in found[ref]] == [tasks[3], tasks[2]]
    assert found[lonely] == ()


def owners_are_users_that_can_be_named(world: World) -> None:
    users = world.adapter().records.users()
    assert users
    assert all(user.owner_id and user.name for user in users)


def the_schema_says_what_may_be_written(world: World) -> None:
    schema = world.adapter().records.schema(CONTACT)
    assert schema.fields[TITLE].updateable
    assert schema.fields[TITLE].kind is FieldKind.TEXT
    assert any(not field.updateable for field in schema.fields.values())
    assert schema.fingerprint == world.adapter().records.schema(CONTACT).fingerprint


READS = (
    every_ref_asked_for_has_an_answer,
    a_merged_record_is_told_from_its_survivor,
    more_refs_than_a_batch_are_read,
    an_unknown_field_is_an_error,
    empty_and_absent_are_the_same,
    money_is_exact_and_a_day_has_no_time_zone,
    an_instant_is_the_same_whatever_zone_it_was_written_in,
    options_come_in_shared_keys,
    times_are_aware_and_the_servers,
    related_records_are_the_newest_first_and_limited,
    owners_are_users_that_can_be_named,
    the_schema_says_what_may_be_written,
)
