"""What a person does is one transaction: kept whole, or not at all."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from connector.change import inbox
from connector.gate import approvals, handoffs, labels
from connector.gate.approval import ApprovalError, ApprovalState
from connector.gate.cells import Cell
from connector.gate.handoffs import Handoff, HandoffError, HandoffState
from connector.journal import EntryKind, walk
from connector.pipeline import People
from connector.policy import PolicySet, Unanswered
from connector.record import ActionKind, ObjectType
from connector.store import CommitPoint
from connector.writeback import outbox
from tests.support.databases import sqlite
from tests.support.given import CATEGORY, CRM, NOW, TICKET, approval, policy

CELL = Cell(CRM, "triage", ObjectType.TICKET, ActionKind.UPDATE, CATEGORY)


class Power:
    """Goes off just before the n-th commit from now on, as a crash does."""

    def __init__(self) -> None:
        self.commits: int | None = None

    def __call__(self, name, point):
        if point is CommitPoint.BEFORE and self.commits is not None:
            self.commits -= 1
            if self.commits == 0:
                raise KeyboardInterrupt(name)


@pytest.fixture
def power():
    return Power()


@pytest.fixture
def store(tmp_path, power):
    store = sqlite(tmp_path, watch=power)
    yield store
    store.close()


@pytest.fixture
def people(store, journal, clock):
    return People(store=store, journal=journal, clock=clock)


@pytest.fixture
def asked(store):
    with store.transaction("test") as tx:
        approvals.ask(tx, [approval()])
    return "a1"


@pytest.fixture
def case(store):
    made = Handoff(
        id="h1", decision="d1", policy="triage", ref=TICKET, reason="unsure", summary="s", tried=(), missing=(),
        owner="leads", ladder=("leads", "boss"), step=0, fallback=Unanswered.DENY, state=HandoffState.OPEN, opened_at=NOW,
        due_at=NOW + timedelta(hours=4),
    )  # fmt: skip
    with store.transaction("test") as tx:
        handoffs.open_new(tx, [made])
    return "h1"


def read(store, what):
    with store.snapshot() as tx:
        return what(tx)


def kinds(store):
    return [stored.entry.kind for stored in read(store, lambda tx: list(walk(tx)))]


def test_a_yes_is_queued_labelled_and_journaled_together(people, store, asked):
    people.approve(asked, by="ada")
    assert read(store, outbox.counts) == {"ready": 1}
    [label] = read(store, lambda tx: labels.of_cell(tx, CELL, "offline:x", NOW))
    assert (label.agreed, label.proposed) == (True, "billing")
    assert kinds(store) == [EntryKind.APPROVED]


def test_a_yes_cut_off_by_a_crash_never_happened(people, store, power, asked):
    power.commits = 1
    with pytest.raises(KeyboardInterrupt):
        people.approve(asked, by="ada")
    assert read(store, outbox.counts) == {}
    assert read(store, approvals.counts) == {"pending": 1}
    assert kinds(store) == []


def test_another_value_is_a_label_against_the_agent(people, store, asked):
    people.edit(asked, "repair", by="ada")
    [label] = read(store, lambda tx: labels.of_cell(tx, CELL, "offline:x", NOW))
    assert (label.agreed, label.actual) == (False, "repair")
    [row] = read(store, lambda tx: outbox.of_record(tx, TICKET))
    assert row.action.value == "repair"


def test_the_same_value_edited_in_is_a_label_for_it(people, store, asked):
    people.edit(asked, "billing", by="ada")
    [label] = read(store, lambda tx: labels.of_cell(tx, CELL, "offline:x", NOW))
    assert label.agreed


def test_a_no_is_a_label_and_no_write(people, store, asked):
    people.reject(asked, by="ada", remark="wrong")
    assert read(store, outbox.counts) == {}
    [label] = read(store, lambda tx: labels.of_cell(tx, CELL, "offline:x", NOW))
    assert not label.agreed


def test_the_second_answer_is_told_what_the_first_was(people, asked):
    people.reject(asked, by="ada")
    for act in (people.approve, people.reject):
        with pytest.raises(ApprovalError, match=r"rejected already \(by ada\)"):
            act(asked, by="bob")
    with pytest.raises(ApprovalError, match="rejected already"):
        people.edit(asked, "repair", by="bob")


def test_an_action_swapped_under_the_approver_is_refused(people, store, asked):
    """What is approved is what was shown: the stored action is bound to its hash."""
    with store.transaction("tampering") as tx:
        tx.run("UPDATE gate_approvals SET action_hash = 'another' WHERE approval = 'a1'")
    with pytest.raises(ApprovalError):
        people.approve(asked, by="ada")
    assert read(store, outbox.counts) == {}


def test_a_question_that_was_asked_again_keeps_its_own_id(people, store, asked):
    with store.transaction("test") as tx:
        approvals.ask_again(tx, approvals.find(tx, "a1"), {}, at=NOW, remark="moved")
        assert approvals.find(tx, "a1").state is ApprovalState.STALE
        assert approvals.find(tx, "a1x2").state is ApprovalState.PENDING
        with pytest.raises(ApprovalError, match="beginning of several"):
            approvals.find(tx, "a")
    with pytest.raises(ApprovalError, match="stale already"):
        people.approve(asked, by="ada")


@pytest.mark.parametrize("commits", [1, 2])
def test_a_case_given_back_is_queued_or_still_there(people, store, power, case, commits):
    power.commits = commits
    with suppress(KeyboardInterrupt):
        people.give_back(case, by="ada")
    power.commits = None
    [handoff] = read(store, lambda tx: handoffs.of_record(tx, TICKET))
    queued = read(store, lambda tx: inbox.depth(tx)[inbox.Burial.WAITING])
    assert (handoff.state, queued) in [(HandoffState.OPEN, 0), (HandoffState.RETURNED, 1)]


def test_a_case_is_taken_once(people, case):
    people.claim(case, by="ada")
    with pytest.raises(HandoffError, match=r"claimed already \(owner ada\)"):
        people.claim(case, by="bob")
    people.close(case, by="ada", remark="called back")
    with pytest.raises(HandoffError, match="closed already"):
        people.give_back(case, by="bob")


def test_time_climbs_the_ladder_and_then_the_default_holds(people, store, clock, case):
    policies = PolicySet([policy()])
    assert people.tick(policies) == 0
    for wanted in [("boss", HandoffState.OPEN), ("boss", HandoffState.DENIED)]:
        clock.advance(timedelta(hours=5))
        assert people.tick(policies) == 1
        [handoff] = read(store, lambda tx: handoffs.of_record(tx, TICKET))
        assert (handoff.owner, handoff.state) == wanted
    assert people.tick(policies) == 0


def test_a_case_whose_default_is_to_wait_stays_with_the_last(people, store, clock, case):
    with store.transaction("test") as tx:
        tx.run("UPDATE gate_handoffs SET fallback = 'wait'")
    for _ in range(4):
        clock.advance(timedelta(hours=5))
        people.tick(PolicySet([policy()]))
    [handoff] = read(store, lambda tx: handoffs.of_record(tx, TICKET))
    assert (handoff.owner, handoff.state) == ("boss", HandoffState.OPEN)


def test_a_case_of_a_policy_that_is_gone_still_climbs(people, store, clock, case):
    clock.advance(timedelta(hours=5))
    assert people.tick(PolicySet([])) == 1
    [handoff] = read(store, lambda tx: handoffs.of_record(tx, TICKET))
    assert handoff.owner == "boss"
