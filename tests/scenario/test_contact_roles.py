"""In Salesforce a contact hangs on a deal by a row of its own: when one comes or goes, both ends are woken, once."""

from __future__ import annotations

from datetime import date

import pytest

from connector.record import ObjectType
from tests.support.given import parsed, policy
from tests.support.road import FREE, Road, SalesforceDesk

TOLD = """
schema: 1
policy: who-is-on-it
goal: Somebody looks whenever the people of a deal change.
when: WHEN
agent:
  custom: who_is_on_it
  fields: [FIELD]
  instructions: Look at who is on it.
  schema: {seen: {kind: boolean, required: false}}
  rules: [{when: "FIELD != null", then: {seen: true}, task: Look at who is on it.}]
reason: {tier: offline}
may: {create_task: {subject: Look at this}}
gate: {supervised: never, target: 90%}
limits: {share_of_object: 100%}
handoff: {to: leads, due: 4h}
"""


@pytest.fixture
def built(tmp_path):
    roads = []

    def build(under):
        roads.append(Road(SalesforceDesk(), tmp_path, under=under))
        return roads[0]

    yield build
    for road in roads:
        road.store.close()


def told(field, when):
    return parsed(TOLD.replace("FIELD", field).replace("WHEN", when))


def pair(road):
    """A deal and a contact that have nothing to do with each other yet, and another two that never will."""
    deals = [road.desk.create(ObjectType.OPPORTUNITY, {"name": name, "close_date": date(2026, 12, 1)}) for name in "AB"]
    people = [road.desk.create(ObjectType.CONTACT, {"last_name": name}) for name in ("Jo", "Kim")]
    road.wait(road.desk.lag)
    return deals, people


def tasks(road, refs):
    return [len(road.desk.hanging(ref, ObjectType.TASK)) for ref in refs]


@pytest.mark.parametrize("end", ["contact", "opportunity"])
def test_a_role_that_comes_and_one_that_goes_wake_this_end(built, end):
    road = built(told({"contact": "last_name", "opportunity": "name"}[end], f"{{object: {end}, events: [associated]}}"))
    deals, people = pair(road)
    concerned = people if end == "contact" else deals
    road.activate()
    road.desk.associate(deals[0], people[0])
    road.rounds()
    assert tasks(road, concerned) == [1, 0]
    road.rounds()
    assert tasks(road, concerned) == [1, 0]
    [role] = road.desk.org.rows("OpportunityContactRole")
    road.desk.org.delete("OpportunityContactRole", role.id, actor=road.desk.rep)
    road.rounds()
    assert tasks(road, concerned) == [2, 0]


def test_a_role_that_was_there_all_along_wakes_nobody(built):
    road = built(told("last_name", "{object: contact, events: [associated]}"))
    deals, people = pair(road)
    road.desk.associate(deals[0], people[0])
    road.wait(road.desk.lag)
    road.activate()
    road.rounds()
    assert tasks(road, people) == [0, 0]


def test_the_deal_is_woken_where_its_policy_listens_to_contacts(built):
    road = built(told("name", "{object: opportunity, related: {contact: [associated]}}"))
    deals, people = pair(road)
    road.activate()
    road.desk.associate(deals[0], people[0])
    road.rounds()
    assert tasks(road, deals) == [1, 0]


def test_a_ticket_that_is_given_a_contact_by_its_own_lookup_is_woken(built):
    road = built(policy(when="{object: ticket, events: [associated]}", gate=FREE, may="{update: {category: {}}}"))
    tickets, jo = [road.ticket("Charged twice") for _ in range(2)], road.desk.create(ObjectType.CONTACT, {"last_name": "Jo"})
    road.wait(road.desk.lag)
    road.activate()
    road.desk.org.update("Case", tickets[0].id, {"ContactId": jo.id}, actor=road.desk.rep)
    road.rounds()
    assert [road.category(ticket) for ticket in tickets] == ["billing", None]
    assert len(road.agent_lines(tickets[0])) == 1
