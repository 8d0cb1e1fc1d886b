"""However often, from wherever and whenever an approval is pressed, the CRM's log holds exactly one write of it.

From Slack, the task and the command line at once: `tests/scenario/test_approve_elsewhere.py`.
"""

from __future__ import annotations

import threading

import pytest

from adapters.conformance import Mishap
from connector.gate.approval import ApprovalState
from connector.journal import EntryKind
from tests.support.visitor import Visitor

APPROVE, REJECT = ("verdict", "approve"), ("verdict", "reject")


class PulledPlugError(BaseException):
    """The machine stops here."""


def once(road, ticket, value="billing"):
    """One write of ours in the CRM's log, one verdict in the journal."""
    assert road.agent_lines(ticket) == [(road.desk.natives["category"], value)]
    assert len(road.entries(ticket, EntryKind.APPROVED)) == 1
    assert road.verified() == ()


def at_once(*presses):
    """Every press from a thread of its own, all let go together; the answers."""
    ready, answers = threading.Barrier(len(presses)), []

    def go(press):
        ready.wait()
        answers.append(press().status_code)

    threads = [threading.Thread(target=go, args=(press,)) for press in presses]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sorted(answers)


def pressing(visitor, button, where="/"):
    form = visitor.form(where, button)
    return lambda: visitor.send(form.action, {**form.fields, button[0]: button[1]})


def test_four_browsers_at_once(road, house, asked):
    ticket, _ = asked
    presses = [pressing(Visitor(house, name), APPROVE) for name in ("ada", "bob", "eve", "kim")]
    assert at_once(*presses) == [303, 409, 409, 409]
    road.rounds()
    once(road, ticket)


def test_one_says_yes_and_one_says_no_at_once(road, house, asked):
    ticket, _ = asked
    yes, no = (pressing(Visitor(house, name), button) for name, button in (("ada", APPROVE), ("bob", REJECT)))
    assert at_once(yes, no) == [303, 409]
    road.rounds()
    [stands] = road.approvals(ticket)
    assert stands.state in (ApprovalState.APPROVED, ApprovalState.REJECTED)
    assert len(road.agent_lines(ticket)) == (stands.state is ApprovalState.APPROVED)
    assert at_once(yes, no) == [303, 409]  # each says again what they said; nothing happens
    road.rounds()
    assert len(road.agent_lines(ticket)) == (stands.state is ApprovalState.APPROVED)


def test_while_the_service_writes_what_was_approved(road, house, asked):
    ticket, _ = asked
    again = pressing(Visitor(house, "ada"), APPROVE)
    later = pressing(Visitor(house, "bob"), APPROVE)
    again()
    answers = []
    road.between.before_write += [lambda: answers.append((again().status_code, later().status_code))]
    road.rounds()
    assert answers == [(303, 409)]
    once(road, ticket)


@pytest.mark.parametrize("mishap", [Mishap.LOST_BEFORE, Mishap.LOST_AFTER, Mishap.SILENT_AFTER])
def test_after_a_write_whose_answer_is_lost_and_a_restart(road, house, asked, mishap):
    ticket, _ = asked
    again = pressing(Visitor(house, "ada"), APPROVE)
    again()
    road.desk.arm_write(mishap)
    road.write()
    assert road.desk.happened(mishap) == 1
    again()
    road.restart()
    again()
    road.rounds()
    once(road, ticket)


def test_after_the_plug_was_pulled_while_it_was_being_sent(road, house, asked):
    ticket, _ = asked
    again = pressing(Visitor(house, "ada"), APPROVE)
    again()

    def pulled():
        raise PulledPlugError

    road.between.before_write.append(pulled)
    with pytest.raises(PulledPlugError):
        road.write()
    road.restart()
    assert again().status_code == 303
    road.rounds()
    road.restart()
    again()
    road.rounds()
    once(road, ticket)
