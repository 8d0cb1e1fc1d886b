"""How polling asks, and what it makes of strange answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from connector.adapter import Cursor, FieldName, ObjectType, RecordRef
from connector.errors import InvalidResponseError, StateError
from tests.conformance.hubspot_world import HubSpotWorld
from tests.unit.adapters.hubspot.scripted import NOW, Scripted, answer, connected, on, ref

LAST_NAME = FieldName("last_name")
CONTACT, ACCOUNT, TICKET = ObjectType.CONTACT, ObjectType.ACCOUNT, ObjectType.TICKET
EMPTY = answer({"total": 0, "results": []})
NO_ROWS = answer({"results": []})


def millis(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))


def test_a_search_begins_an_overlap_before_the_last_round_and_pages_by_id() -> None:
    transport = Scripted(on("/search", EMPTY), on("/objects/", NO_ROWS))
    adapter = connected(transport, overlap_seconds=90)
    cursor, now = adapter.changes.cursor_now(CONTACT)
    adapter.changes.poll(CONTACT, cursor, [])
    [body] = transport.bodies("/search")
    assert now == NOW
    assert body["filterGroups"][0]["filters"] == [
        {"propertyName": "lastmodifieddate", "operator": "GTE", "value": millis(NOW - timedelta(seconds=90))},
        {"propertyName": "hs_object_id", "operator": "GT", "value": "0"},
    ]
    assert body["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    assert "after" not in body


def test_everything_but_contacts_is_stamped_under_another_name() -> None:
    transport = Scripted(on("/search", EMPTY), on("/objects/", NO_ROWS))
    adapter = connected(transport)
    adapter.changes.poll(TICKET, adapter.changes.cursor_now(TICKET)[0], [])
    assert transport.bodies("/search")[0]["filterGroups"][0]["filters"][0]["propertyName"] == "hs_lastmodifieddate"


def test_time_comes_from_the_server_and_never_from_this_machine() -> None:
    late = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)  # the machine's clock is an hour ahead
    transport = Scripted(on("/search", answer({"total": 0, "results": []}, at=late)), on("/objects/", NO_ROWS))
    adapter = connected(transport)
    cursor = Cursor(json.dumps({"since": int(millis(late)) - 60_000, "archived_since": 0}))
    page = adapter.changes.poll(CONTACT, cursor, [])
    page = adapter.changes.poll(CONTACT, page.cursor, [])
    assert json.loads(page.cursor)["since"] == int(millis(late))


def test_a_poll_without_the_servers_time_is_refused() -> None:
    transport = Scripted(on("/search", answer({"total": 0, "results": []}, at=None)))
    with pytest.raises(InvalidResponseError):
        connected(transport).changes.poll(CONTACT, Cursor('{"since":0}'), [])


@pytest.mark.parametrize("cursor", ["", "[]", "{}", '{"since":1,"other":2}', "2026-09-01", "null"])
def test_a_cursor_of_another_make_is_refused(cursor: str) -> None:
    with pytest.raises(StateError):
        connected(Scripted()).changes.poll(CONTACT, Cursor(cursor), [])


def test_what_was_handed_over_is_not_read_in_full_again_while_it_stays_as_it_is() -> None:
    world = HubSpotWorld()
    adapter = world.adapter()
    cursor, _ = adapter.changes.cursor_now(CONTACT)
    world.advance(timedelta(seconds=5))
    first = world.create(CONTACT, {"last_name": "One"})
    world.advance(timedelta(seconds=20))
    seen: list[RecordRef] = []
    for _ in range(6):
        page = adapter.changes.poll(CONTACT, cursor, [LAST_NAME])
        cursor = page.cursor
        seen.extend(record.ref for record in page.records)
    assert seen == [first]
    world.edit(first, {"last_name": "Two"})
    world.advance(timedelta(seconds=5))
    for _ in range(2):
        page = adapter.changes.poll(CONTACT, cursor, [LAST_NAME])
        cursor = page.cursor
        seen.extend(record.ref for record in page.records)
    assert seen == [first, first]
    # Another list of fields is another question: rows inside the overlap are shown again.
    page = adapter.changes.poll(CONTACT, cursor, [LAST_NAME, FieldName("title")])
    assert [record.ref for record in page.records] == [first]


def test_a_long_recycle_bin_is_not_listed_on_every_round() -> None:
    world = HubSpotWorld()
    adapter = world.adapter()
    refs = world.create_many(CONTACT, [{"last_name": f"Old {place}"} for place in range(350)])
    for each in refs:
        world.delete(each)
    world.advance(timedelta(minutes=10))
    cursor, _ = adapter.changes.cursor_now(CONTACT)
    cursor = drained(adapter, cursor)
    before = world.calls()
    for _ in range(5):
        world.advance(timedelta(seconds=10))
        cursor = drained(adapter, cursor)
    assert world.calls() - before == 5
    extra = world.create(CONTACT, {"last_name": "Extra"})
    world.delete(extra)
    gone = []
    for _ in range(30):
        world.advance(timedelta(seconds=10))
        page = adapter.changes.poll(CONTACT, cursor, [])
        gone.extend(event.ref for event in page.gone)
        cursor = page.cursor
    assert extra in gone
    assert refs[0] not in gone


def test_a_page_that_shows_nothing_of_what_it_found_is_asked_for_again() -> None:
    nothing = answer({"total": 900, "results": [], "paging": {"next": {"after": "200"}}})
    transport = Scripted(on("/search", nothing))
    adapter = connected(transport)
    page = adapter.changes.poll(CONTACT, Cursor('{"since":1788249600000}'), [])
    assert not page.more
    again = adapter.changes.poll(CONTACT, page.cursor, [])
    assert transport.bodies("/search")[0] == transport.bodies("/search")[1]
    assert json.loads(again.cursor)["since"] == 1788249600000


def test_a_record_has_its_associations_with_the_primary_company_first() -> None:
    world = HubSpotWorld()
    contact = world.create(CONTACT, {"last_name": "Ray"})
    plain, primary = (world.create(ACCOUNT, {"name": name}) for name in ("Plain", "Primary"))
    world.associate(contact, plain)
    body = {
        "inputs": [
            {
                "from": {"id": contact.id},
                "to": {"id": primary.id},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}],
            }
        ]
    }
    assert world.sandbox.call("POST", "/crm/v4/associations/contacts/companies/batch/create", body).status == 201
    name = FieldName("account")
    record = world.adapter().records.read([contact], [name])[contact]
    assert record.fields[name] == primary.id  # type: ignore[union-attr]
    assert record.related == {ACCOUNT: (primary.id, plain.id)}  # type: ignore[union-attr]


def test_a_list_that_runs_in_circles_ends_when_nothing_follows() -> None:
    page_one = answer({"results": [{"id": "1", "updatedAt": "2026-08-01T00:00:00Z"}], "paging": {"next": {"after": "2"}}})
    transport = Scripted(on("/search", EMPTY), on("limit=100", page_one))
    adapter = connected(transport)
    first = adapter.changes.identities(CONTACT, None)
    assert first.identities
    assert adapter.changes.identities(CONTACT, first.after).after is None


def drained(adapter: object, cursor: Cursor) -> Cursor:
    while True:
        page = adapter.changes.poll(CONTACT, cursor, [])  # type: ignore[attr-defined]
        cursor = page.cursor
        if not page.more:
            return cursor


def test_a_reference_to_an_object_hubspot_lacks_is_told() -> None:
    from connector.errors import UnknownFieldError

    with pytest.raises(UnknownFieldError):
        connected(Scripted()).records.schema(ObjectType.ACTIVITY)
    assert ref("1").object is CONTACT
