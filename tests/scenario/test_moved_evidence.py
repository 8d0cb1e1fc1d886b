"""A decision whose evidence moved before the write is made again, even when the evidence moves back first."""

from __future__ import annotations

from connector.journal import EntryKind


def test_a_subject_that_moves_and_moves_back_before_the_next_poll_is_decided_again(road):
    ticket = road.ticket("Charged twice")
    road.wait(road.desk.lag)
    road.capture()
    road.decide()
    road.desk.edit(ticket, {"subject": "Something else"})
    road.wait(road.desk.lag)
    road.write()
    assert road.category(ticket) is None
    road.desk.edit(ticket, {"subject": "Charged twice"})
    road.rounds()
    assert road.category(ticket) == "billing"
    assert road.story(ticket).count(EntryKind.DECIDED) == 2
    assert len(road.agent_lines(ticket)) == 1
