"""Two policies that write one field within one change: the second starts from what the first writes, and waits for it."""

from __future__ import annotations

from datetime import date

import pytest

from connector.action import UpdateField
from connector.gate.approval import ApprovalState
from connector.journal import EntryKind
from connector.record import FieldName, ObjectType
from tests.support.deals import SALES, sales_policy

NEXT_STEP = FieldName("next_step")
BOTH = "{object: opportunity, events: [created]}"
CAREFUL = "{update: {next_step: {conflict: human_wins}}}"
ASKING = "{supervised: always}"


@pytest.fixture(params=SALES)
def desk(request):
    return SALES[request.param]()


@pytest.fixture
def build(clerked):
    def road(**first):
        policies = (
            sales_policy("zebra", when=BOTH, may=CAREFUL, **first),
            sales_policy("adder", when=BOTH, may=CAREFUL, after_policy="zebra"),
        )
        return clerked(policies, lengthened)

    return road


def lengthened(question):
    """Each policy puts its name behind what stands there."""
    record = question.context.record
    before = record.value(NEXT_STEP)
    words = f"{before}, {question.policy.name}" if before else str(question.policy.name)
    return [UpdateField(ref=record.ref, field=NEXT_STEP, value=words)]


def deal(desk):
    return desk.create(ObjectType.OPPORTUNITY, {"name": "Big deal", "close_date": date(2026, 12, 1)})


def written(road, ref):
    return [str(after) for _, after in road.agent_lines(ref)]


def test_the_second_builds_on_what_the_first_writes(desk, build):
    road = build()
    there = deal(desk)
    road.rounds(most=60)
    assert written(road, there) == ["zebra", "zebra, adder"]
    assert road.entries(there, EntryKind.CONFLICTED) == []
    assert road.verified() == ()


def test_the_second_waits_for_the_answer_to_the_first(desk, build):
    road = build(gate=ASKING)
    there = deal(desk)
    for _ in range(6):
        road.round()
    assert written(road, there) == []
    [asked] = [one for one in road.approvals(there) if one.state is ApprovalState.PENDING]
    road.pipeline.people.approve(asked.id, by="ann")
    road.rounds(most=60)
    assert written(road, there) == ["zebra", "zebra, adder"]


def test_where_the_first_is_rejected_the_second_looks_again(desk, build):
    road = build(gate=ASKING)
    there = deal(desk)
    for _ in range(6):
        road.round()
    [asked] = [one for one in road.approvals(there) if one.state is ApprovalState.PENDING]
    road.pipeline.people.reject(asked.id, by="ann")
    road.rounds(most=60)
    assert written(road, there) == ["adder"]
    assert [one.policy.name for one in road.clerk.asked] == ["zebra", "adder", "adder"]


def test_a_persons_edit_in_between_is_kept_and_the_second_builds_on_it(desk, build):
    road = build()
    there = deal(desk)
    road.capture()
    road.decide()
    desk.edit(there, {"next_step": "mine"})
    road.rounds(most=60)
    assert desk.look(there)["next_step"] == "mine, adder"
    assert len(road.entries(there, EntryKind.CONFLICTED)) == 1


@pytest.mark.parametrize("dies_after", ["the decisions", "the first write"])
def test_a_crash_in_between_writes_each_once(desk, build, dies_after):
    road = build()
    there = deal(desk)
    road.capture()
    road.decide()
    if dies_after == "the first write":
        road.clock.advance(desk.lag)
        road.write()
    road.restart()
    road.rounds(most=60)
    assert written(road, there) == ["zebra", "zebra, adder"]
