"""Our own writes wake only the policies that listen for them, at most three in a row; and who comes first is told."""

from __future__ import annotations

from datetime import date

import pytest

from connector.action import UpdateField
from connector.journal import EntryKind
from connector.record import FieldName, ObjectType
from tests.support.deals import SALES, sales_policy

NEXT_STEP, HEALTH = FieldName("next_step"), FieldName("health")
FLAG = "{update: {health: {conflict: agent_owned}}}"


@pytest.fixture(params=SALES)
def desk(request):
    return SALES[request.param]()


@pytest.fixture
def build(clerked):
    return lambda *policies, answer: clerked(policies, answer)


def deal(road):
    ref = road.desk.create(ObjectType.OPPORTUNITY, {"name": "Big deal", "close_date": date(2026, 12, 1)})
    road.rounds(most=60)
    return ref


def written(road, ref):
    """What our user wrote on a record, in order, from the CRM's own log."""
    return [str(after) for _, after in road.agent_lines(ref)]


def rewriter(road_of):
    """Each policy writes its own name and how often it was asked."""

    def answer(question):
        count = sum(one.policy.name == question.policy.name for one in road_of().clerk.asked)
        ref = question.context.record.ref
        return [UpdateField(ref=ref, field=NEXT_STEP, value=f"{question.policy.name} {count}")]

    return answer


LISTENING = "{object: opportunity, events: [agent_write], fields: [next_step]}"


def test_two_policies_that_rewrite_each_other_stop_after_three_writes(build):
    made = []
    road = build(
        sales_policy("one", when="{object: opportunity, events: [created, agent_write], fields: [next_step]}"),
        sales_policy("two", when=LISTENING, after_policy="one"), answer=rewriter(lambda: made[0]),
    )
    made.append(road)
    there = deal(road)
    for _ in range(3):
        road.rounds(most=60)
    assert written(road, there) == ["one 1", "two 1", "one 2"]
    assert road.verified() == ()


def test_a_policy_is_not_woken_by_its_own_write(build):
    made = []
    road = build(
        sales_policy("one", when="{object: opportunity, events: [created, agent_write], fields: [next_step]}"),
        answer=rewriter(lambda: made[0]),
    )
    made.append(road)
    there = deal(road)
    road.rounds()
    assert written(road, there) == ["one 1"]


def test_a_policy_that_does_not_listen_sleeps_through_our_writes(build):
    made = []
    road = build(
        sales_policy("one", when="{object: opportunity, events: [created], fields: [next_step]}"),
        sales_policy("two", when="{object: opportunity, events: [changed], fields: [next_step]}", after_policy="one"),
        answer=rewriter(lambda: made[0]),
    )
    made.append(road)
    there = deal(road)
    road.rounds()
    assert written(road, there) == ["one 1"]


def test_a_condition_can_ask_what_our_write_replaced(build):
    when = "{object: opportunity, events: [agent_write], fields: [next_step], where: changed.from.next_step == null}"

    def answer(question):
        ref = question.context.record.ref
        if question.policy.name == "one":
            return [UpdateField(ref=ref, field=NEXT_STEP, value="call")]
        return [UpdateField(ref=ref, field=HEALTH, value="amber")]

    road = build(
        sales_policy("one", when="{object: opportunity, events: [created]}"), sales_policy("two", when=when, may=FLAG),
        answer=answer,
    )
    there = deal(road)
    assert road.desk.look(there)["health"] == "amber"


@pytest.mark.parametrize("dies_after", ["the first write", "the second decision"])
def test_a_crash_in_between_wakes_the_listener_once(build, dies_after):
    made = []
    road = build(
        sales_policy("one", when="{object: opportunity, events: [created]}"),
        sales_policy("two", when=LISTENING, after_policy="one"), answer=rewriter(lambda: made[0]),
    )
    made.append(road)
    there = road.desk.create(ObjectType.OPPORTUNITY, {"name": "Big deal", "close_date": date(2026, 12, 1)})
    road.capture()
    road.decide()
    road.clock.advance(road.desk.lag)
    road.write()
    if dies_after == "the second decision":
        road.decide()
    road.restart()
    road.rounds(most=60)
    assert written(road, there) == ["one 1", "two 1"]


def test_the_policy_that_comes_second_is_told_what_the_first_proposes(build):
    def answer(question):
        ref = question.context.record.ref
        if question.policy.name == "zebra":
            return [UpdateField(ref=ref, field=NEXT_STEP, value="call them")]
        return [UpdateField(ref=ref, field=HEALTH, value="green")]

    both = "{object: opportunity, events: [created]}"
    road = build(
        sales_policy("zebra", when=both), sales_policy("adder", when=both, may=FLAG, after_policy="zebra"), answer=answer
    )
    there = deal(road)
    assert [one.policy.name for one in road.clerk.asked] == ["zebra", "adder"]
    [told] = road.clerk.asked[1].context.past
    assert (told.policy, told.summary) == ("zebra", "set next_step to call them")
    assert [entry.policy for entry in road.entries(there, EntryKind.DECIDED)] == ["zebra", "adder"]
