"""All matching records looked at together, once a slot: one decision, and everything after it record by record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from connector.action import UpdateField
from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.change.inbox import InboxEvent
from connector.cli.fitting import problems_of
from connector.clock import EPOCH
from connector.errors import RetryableError
from connector.gate.approval import ApprovalState
from connector.journal import EntryKind
from connector.pipeline import sets
from connector.pipeline.erase import erase
from connector.pipeline.replay import replay
from connector.record import FieldName, ObjectType, RecordRef
from tests.support.deals import SALES, sales_policy

NEXT_STEP = FieldName("next_step")
SET = "{object: opportunity, every: 1 day, at: 07:30, scope: set, where: closed == false}"


@pytest.fixture(params=SALES)
def desk(request):
    return SALES[request.param]()


@pytest.fixture
def build(clerked):
    """A road whose clerk gives every deal of the set its place in it."""
    return lambda when=SET, answer=placed, **more: clerked(sales_policy(when=when, **more), answer)


def placed(question):
    refs = [context.record.ref for context in question.members]
    return [UpdateField(ref=ref, field=NEXT_STEP, value=f"{place + 1} of {len(refs)}") for place, ref in enumerate(refs)]


def deal(desk, **values):
    ref = desk.create(ObjectType.OPPORTUNITY, {"name": "Big deal", "close_date": date(2026, 12, 1), **values})
    desk.advance(desk.lag)
    return ref


def until(road, moment):
    road.wait(moment - road.clock.now())
    road.rounds()


def at(day, hour, minute=0):
    return datetime(2026, 9, day, hour, minute, tzinfo=UTC)


def steps(desk, *refs):
    return [desk.look(ref)["next_step"] for ref in refs]


def test_one_question_is_asked_over_all_matching_records_once_a_slot(desk, build):
    first, second = sorted((deal(desk), deal(desk)), key=lambda ref: ref.id)
    closed = deal(desk, stage=desk.STAGES[3])
    road = build()
    until(road, at(2, 7, 20))
    assert road.clerk.asked == []
    until(road, at(2, 7, 31))
    [asked] = road.clerk.asked
    assert [context.record.ref for context in asked.members] == [first, second]
    assert asked.context.records[:2] == tuple(context.record for context in asked.members)
    assert steps(desk, first, second, closed) == ["1 of 2", "2 of 2", None]
    road.rounds()
    until(road, at(2, 12))
    assert len(road.clerk.asked) == 1
    new = deal(desk)
    road.rounds()
    until(road, at(3, 7, 31))
    assert len(road.clerk.asked) == 2
    assert {desk.look(ref)["next_step"][-1] for ref in (first, second, new)} == {"3"}
    assert road.verified() == ()


def test_every_record_of_a_set_has_a_decision_a_verdict_and_a_write_of_its_own(desk, build):
    first, second = deal(desk), deal(desk)
    road = build(gate="{supervised: always}")
    until(road, at(2, 7, 31))
    for ref in (first, second):
        [decided] = road.entries(ref, EntryKind.DECIDED)
        [asked] = road.approvals(ref)
        assert (asked.decision, asked.ref, asked.state) == (decided.decision, ref, ApprovalState.PENDING)
    assert road.approvals(first)[0].decision != road.approvals(second)[0].decision
    road.pipeline.people.approve(road.approvals(first)[0].id, by="ann")
    road.rounds()
    assert desk.look(first)["next_step"] is not None
    assert desk.look(second)["next_step"] is None


def test_an_action_on_a_record_outside_the_set_is_denied(desk, build):
    inside, outside = deal(desk), deal(desk, stage=desk.STAGES[3])
    road = build(answer=lambda question: [UpdateField(ref=outside, field=NEXT_STEP, value="reached")])
    until(road, at(2, 7, 31))
    assert desk.look(outside)["next_step"] is None
    [denied] = road.entries(inside, EntryKind.DENIED)
    assert "is not the record this decision is about" in denied.body["reasons"][0]


def test_limits_count_record_by_record(desk, build):
    first, second = deal(desk), deal(desk)
    road = build(limits="{writes_per_record_per_day: 20, records_per_hour: 1, share_of_object: 100%}")
    until(road, at(2, 7, 31))
    assert sorted(map(bool, steps(desk, first, second))) == [False, True]


def test_a_larger_set_is_looked_at_in_parts_that_say_so(desk, build, monkeypatch):
    monkeypatch.setattr(sets, "LARGEST", 2)
    deals = [deal(desk) for _ in range(5)]
    road = build()
    until(road, at(2, 7, 31))
    assert [len(asked.members) for asked in road.clerk.asked] == [2, 2, 1]
    cut = [any("the rest of the set" in name for name in asked.context.missing) for asked in road.clerk.asked]
    assert cut == [True, True, False]
    assert all(steps(desk, *deals))
    assert [road.story(ref).count(EntryKind.DECIDED) for ref in deals] == [1] * 5


@pytest.mark.parametrize("dies_after", ["the slot fired", "the first part", "the decisions"])
def test_a_crash_between_the_steps_repeats_nothing(desk, build, monkeypatch, dies_after):
    monkeypatch.setattr(sets, "LARGEST", 2)
    deals = [deal(desk) for _ in range(3)]
    road = build()
    road.wait(at(2, 7, 31) - road.clock.now())
    road.pipeline._fire(road.clock.now())
    if dies_after != "the slot fired":
        road.decide()
    if dies_after == "the decisions":
        road.decide()
    road.restart()
    road.rounds()
    assert [road.story(ref).count(EntryKind.DECIDED) for ref in deals] == [1, 1, 1]
    assert [len(road.agent_lines(ref)) for ref in deals] == [1, 1, 1]


def test_a_slot_missed_while_we_were_away_is_made_up_for_once(desk, build):
    deal(desk)
    road = build()
    road.restart()
    until(road, at(6, 12))
    assert len(road.clerk.asked) == 1
    until(road, at(7, 7, 31))
    assert len(road.clerk.asked) == 2


def test_a_record_that_a_person_edits_meanwhile_loses_only_its_own_step(desk, build):
    first, second = deal(desk), deal(desk)
    road = build(may="{update: {next_step: {conflict: human_wins}}}")
    road.wait(at(2, 7, 31) - road.clock.now())
    road.pipeline._fire(road.clock.now())
    road.decide()
    desk.edit(first, {"next_step": "mine"})
    road.rounds()
    assert desk.look(first)["next_step"] == "mine"
    assert desk.look(second)["next_step"] in ("1 of 2", "2 of 2")


def test_one_record_of_a_set_is_erased_and_the_others_keep_their_story(desk, build):
    first, second = deal(desk), deal(desk)
    road = build()
    until(road, at(2, 7, 31))
    erase(road.store, road.pipeline.journal, road.index, [first], by="ann", at=road.clock.now())
    assert all(not entry.body for entry in road.entries(first, EntryKind.DECIDED))
    assert road.entries(second, EntryKind.DECIDED)[0].body["rationale"]
    assert road.verified() == ()


def test_an_agent_that_looks_at_one_record_at_a_time_is_refused(desk):
    [line] = problems_of(sales_policy(when=SET), desk.connection, desk.adapter())
    assert "when.scope" in line
    assert "`ticket_triage` looks at one record at a time" in line


def test_no_record_has_the_address_of_a_whole_set(desk, build):
    deal(desk)
    road = build()
    until(road, at(2, 7, 31))
    assert road.story(RecordRef(desk.connection, ObjectType.OPPORTUNITY, "*")) == []


def test_replay_puts_a_set_to_the_policy_together_as_it_was(desk, build):
    first, second = deal(desk), deal(desk)
    road = build()
    until(road, at(2, 7, 31))
    [policy] = road.policies
    tally = replay(road.pipeline.deciding, road.store, policy, since=EPOCH)
    assert (tally.replayed, tally.same, tally.different) == (2, 2, 0)
    assert [len(asked.members) for asked in road.clerk.asked] == [2, 2]
    assert all(steps(desk, first, second))


def test_a_plan_over_a_set_asks_one_question_and_writes_nothing(desk, build):
    first, second = deal(desk), deal(desk)
    road = build()
    asked = ChangeEvent(
        ref=first, kind=ChangeKind.BACKFILL, origin=ChangeOrigin.BACKFILL, occurred_at=road.clock.now(), slot="care"
    )
    events = [asked, replace(asked, ref=second)]
    judged = road.pipeline.deciding.plan(road.pipeline.policies, events)
    assert sorted(one.case.record.ref for one in judged) == sorted([first, second])
    assert [len(asked.members) for asked in road.clerk.asked] == [2]
    assert steps(desk, first, second) == [None, None]


def test_a_set_waits_for_a_write_in_flight_and_then_goes_on_without_it(desk, build):
    first, second = sorted((deal(desk), deal(desk)), key=lambda ref: ref.id)
    road = build()
    now, adapter = at(2, 7, 30), road.adapter
    slot = ChangeEvent(
        ref=RecordRef(desk.connection, ObjectType.OPPORTUNITY, "*"), kind=ChangeKind.DUE, origin=ChangeOrigin.TIMER,
        occurred_at=now, slot=f"care@set:{now.isoformat()}",
    )
    event = InboxEvent(seq=1, event=slot, attempts=0, run=None)
    with pytest.raises(RetryableError, match="has a write in flight"):
        sets.gather(road.store, adapter, road.policies, event, now=now, busy={first})
    later = sets.gather(road.store, adapter, road.policies, event, now=now + timedelta(minutes=11), busy={first})
    assert [case.record.ref for case in later.cases] == [second]
