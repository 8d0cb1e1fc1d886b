"""Our user loses a right in the middle of the road: said plainly, nothing else stops."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.journal import EntryKind
from connector.record import ObjectType
from tests.scenario.test_edits_by_people import ready


def change_field(road, **how):
    """An administrator changes what our user may do with the category."""
    desk = road.desk
    schema = desk.org.schema.objects[desk.objects[ObjectType.TICKET]]
    native = type(desk).natives["category"]
    schema.fields[native] = replace(schema.fields[native], **how)


@pytest.mark.parametrize("how", [{"updateable": False}, {"hidden": True}], ids=["read-only", "hidden"])
@pytest.mark.parametrize("cached", [True, False], ids=["cached schema", "fresh schema"])
def test_a_write_without_permission_is_refused_and_told(road, how, cached):
    ticket = ready(road)
    change_field(road, **how)
    if not cached:
        road.adapter.records.refresh()
    road.rounds()
    assert road.category(ticket) is None
    refused = road.entries(ticket, EntryKind.REFUSED)
    assert refused
    assert "category" in str(refused[0].body).lower() or type(road.desk).natives["category"] in str(refused[0].body)


def test_the_rest_of_the_batch_is_written(road):
    """One ticket is locked for us by a rule of its own; its neighbours are not."""
    from adapters.sandbox.schema import ValidationRule

    tickets = [road.ticket(f"Charged twice {place}") for place in range(4)]
    road.capture()
    road.decide()
    desk = road.desk
    native, subject = type(desk).natives["category"], type(desk).natives["subject"]
    rule = ValidationRule(
        name="Locked",
        broken=lambda row: row.get(subject) == "Charged twice 2" and bool(row.get(native)),
        message="It is locked.",
    )
    kind = desk.objects[ObjectType.TICKET]
    desk.org.schema.objects[kind] = replace(desk.org.schema.objects[kind], rules=(rule,))
    road.rounds()
    assert [road.category(ticket) for ticket in tickets] == ["billing", "billing", None, "billing"]
    [refused] = road.entries(tickets[2], EntryKind.REFUSED)
    assert "locked" in refused.body["why"].lower()
