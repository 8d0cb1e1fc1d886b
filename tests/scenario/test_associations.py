"""A record that is linked to another one wakes the policies that ask for it, within a poll, and nothing else does."""

from __future__ import annotations

import pytest

from connector.change import associations
from connector.record import ObjectType
from tests.support.given import policy
from tests.support.road import FREE, HubSpotDesk, Road

WOKEN = "{object: ticket, events: [associated]}"


@pytest.fixture
def road(tmp_path):
    road = Road(HubSpotDesk(), tmp_path, under=policy(when=WOKEN, gate=FREE, may="{update: {category: {}}}"))
    yield road
    road.store.close()


def person(road, name="Jo"):
    return road.desk.create(ObjectType.CONTACT, {"last_name": name})


def reads(road):
    return sum("/associations/" in str(line) for line in road.desk.org.log.entries() if line.kind == "call")


def test_a_link_alone_is_seen_within_a_poll(road):
    old = road.ticket("Charged twice")
    jo = person(road)
    road.wait(road.desk.lag)
    road.activate()
    assert road.category(old) is None
    road.desk.associate(old, jo)
    road.rounds()
    assert road.category(old) == "billing"
    assert len(road.agent_lines(old)) == 1


def test_a_new_ticket_is_woken_by_its_first_link_and_not_by_its_birth(road):
    road.activate()
    ticket = road.ticket("Charged twice")
    road.rounds()
    assert road.category(ticket) is None
    road.desk.associate(ticket, person(road))
    road.rounds()
    assert road.category(ticket) == "billing"


def test_what_hung_together_all_along_wakes_nobody(road):
    old = road.ticket("Charged twice")
    road.desk.associate(old, person(road))
    road.wait(road.desk.lag)
    road.activate()
    road.rounds()
    assert road.category(old) is None


def test_of_many_records_the_older_ones_take_turns_and_each_poll_costs_the_same(road, monkeypatch):
    monkeypatch.setattr(associations, "NEWEST", 2)
    monkeypatch.setattr(associations, "IN_TURN", 3)
    tickets = [road.ticket(f"Charged twice {place}") for place in range(12)]
    road.wait(road.desk.lag)
    road.activate()
    road.desk.associate(tickets[0], person(road))
    costs = []
    for _ in range(6):
        before = reads(road)
        road.round()
        costs.append(reads(road) - before)
    assert 0 < max(costs) <= 4
    road.rounds()
    assert road.category(tickets[0]) == "billing"
    assert [road.category(ticket) for ticket in tickets[1:]] == [None] * 11
