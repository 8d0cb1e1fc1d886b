"""A new ticket's way: captured, decided, written or given to a person, told in the journal."""

from __future__ import annotations

from connector.gate.handoffs import HandoffState
from connector.journal import EntryKind
from connector.record import ObjectType
from tests.support.given import policy


def test_a_new_ticket_is_classified_and_written(road):
    ticket = road.ticket("Charged twice")
    road.rounds()
    assert road.category(ticket) == "billing"
    assert road.story(ticket) == [EntryKind.DECIDED, EntryKind.ALLOWED, EntryKind.APPLIED]
    [applied] = road.entries(ticket, EntryKind.APPLIED)
    assert applied.body["before"] is None
    assert applied.body["after"] == "billing"
    assert road.verified() == ()


def test_the_write_is_sent_once_whatever_is_polled_again(road):
    ticket = road.ticket("Charged twice")
    for _ in range(3):
        road.rounds()
    assert len(road.agent_lines(ticket)) == 1


def test_an_unclear_ticket_goes_to_a_person_and_nothing_is_written(road):
    ticket = road.ticket("Quo vadis")
    road.rounds()
    [handoff] = road.handoffs(ticket)
    assert (handoff.state, handoff.owner, handoff.ladder) == (HandoffState.OPEN, "leads", ("leads", "boss"))
    assert handoff.missing
    assert handoff.tried == ("category = billing (20%)",)
    assert road.category(ticket) is None
    assert road.story(ticket) == [EntryKind.NOT_ENOUGH, EntryKind.HANDED_OFF]


def test_what_was_there_before_activation_is_left_alone(desk, tmp_path):
    from tests.support.road import Road

    old = desk.create(ObjectType.TICKET, {"subject": "Charged twice", "status": "new"})
    desk.advance(desk.lag)
    road = Road(desk, tmp_path)
    road.activate()
    road.rounds()
    assert road.category(old) is None
    assert road.story(old) == []
    road.store.close()


def test_an_old_ticket_that_changes_now_is_decided(desk, tmp_path):
    from tests.support.road import Road

    old = desk.create(ObjectType.TICKET, {"subject": "Hello", "status": "new"})
    desk.advance(desk.lag)
    road = Road(desk, tmp_path)
    road.activate()
    desk.edit(old, {"subject": "The door is broken"})
    road.rounds()
    assert road.category(old) == "repair"
    road.store.close()


def test_a_ticket_the_condition_leaves_out_is_left_alone(road):
    ticket = road.ticket("Charged twice", status="closed")
    road.rounds()
    assert road.category(ticket) is None
    assert road.story(ticket) == []


def test_a_changed_ticket_is_decided_again_and_our_own_value_gives_way(road):
    ticket = road.ticket("Charged twice")
    road.rounds()
    road.desk.edit(ticket, {"subject": "The door is broken"})
    road.rounds()
    assert road.category(ticket) == "repair"


def test_there_and_back_is_decided_a_third_time(road):
    """A → B → A: the second visit to A is a new reason, not a repetition."""
    ticket = road.ticket("Charged twice")
    road.rounds()
    for subject, wanted in (("The door is broken", "repair"), ("Charged twice", "billing")):
        road.desk.edit(ticket, {"subject": subject})
        road.rounds()
        assert road.category(ticket) == wanted
    assert road.story(ticket).count(EntryKind.DECIDED) == 3


def test_a_task_is_created_once_after_the_update_it_waits_for(build):
    road = build(under=policy(gate="{supervised: never, target: 90%}"))
    ticket = road.ticket("Charged twice, urgent")
    road.rounds()
    hanging = road.desk.hanging(ticket, ObjectType.TASK)
    assert [task["subject"] for task in hanging] == ["Look at this ticket: Charged twice, urgent"]
    road.rounds()
    assert len(road.desk.hanging(ticket, ObjectType.TASK)) == 1


def test_a_limit_holds_back_what_is_too_much_in_an_hour(build):
    road = build(under=policy(gate="{supervised: never, target: 90%}", limits="{records_per_hour: 2}"))
    tickets = [road.ticket(f"Charged twice {place}") for place in range(4)]
    road.rounds()
    assert [road.category(ticket) for ticket in tickets].count("billing") == 2
    assert sum(EntryKind.BRAKED in road.story(ticket) for ticket in tickets) == 2
