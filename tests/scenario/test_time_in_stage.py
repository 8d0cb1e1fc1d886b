"""A deal's time in its stage is measured against the stage history of deals that ended, on both CRMs."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from connector.context.stays import StoredStays
from connector.decision import decisions
from connector.journal import EntryKind
from connector.pipeline.erase import erase
from connector.record import ObjectType
from tests.support.deals import SALES
from tests.support.given import parsed

POLICY = """
schema: 1
policy: pipeline
goal: No deal slips unseen.
when: {object: opportunity, every: 1 day, at: "07:00", where: closed == false}
agent: {use: pipeline, silent_for: 90 days, flag: health}
reason: {tier: offline}
may: {update: {health: {options: [green, amber, red], conflict: agent_owned}}}
gate: {supervised: never, target: 80%}
limits: {writes_per_record_per_day: 20, records_per_hour: 2000, share_of_object: 100%}
handoff: {to: sales-leads, due: 4h, then: boss, default: deny}
"""


@pytest.fixture(params=SALES)
def desk(request):
    return SALES[request.param]()


@pytest.fixture
def build(activated):
    def road(text=POLICY):
        made = activated(under=parsed(text), scores=True)
        made.pipeline.learning.read_stays(made.policies)
        return made

    return road


def opened(desk, **values):
    given = {"name": "Deal", "close_date": date(2026, 12, 1), "stage": desk.STAGES[1], **values}
    return desk.create(ObjectType.OPPORTUNITY, given)


def ended(desk, days, *, won=True, **values):
    """Deals that left the second stage after so many days each."""
    deals = {opened(desk, **values): stood for stood in days}
    for day in range(1, max(days) + 1):
        desk.advance(timedelta(days=1, minutes=1))
        for ref in [one for one, stood in deals.items() if stood == day]:
            desk.edit(ref, {"stage": desk.STAGES[2 if won else 3]})
    return list(deals)


def after(road, days):
    road.rounds(most=60)
    road.wait(timedelta(days=days))
    road.rounds(most=60)


def told(road, ref):
    return road.entries(ref, EntryKind.DECIDED)[-1].body["rationale"]


def reasons(road, ref):
    with road.store.snapshot() as tx:
        return decisions.of_record(tx, ref)[-1].detail["findings"]["reasons"]


WON = (*[1] * 4, *[2] * 5, *[3] * 2, 4)
"""Twelve deals: three of four left within 2 days, nine of ten within 3, the slowest after 4."""


def test_a_deal_slower_than_the_won_ones_is_amber_then_red_with_the_numbers(desk, build):
    ended(desk, WON)
    road = build()
    there = opened(desk)
    after(road, 2)
    assert desk.look(there)["health"] == "green"
    stage = str(desk.look(there)["stage"])
    assert f"2 days in {stage}; 3 of 4 won deals left it within 2 days, the slowest of 12 after 4" in told(road, there)
    after(road, 4)
    assert desk.look(there)["health"] == "amber"
    [reason] = reasons(road, there)
    assert reason.startswith("time in stage: 6 days in")
    after(road, 3)
    assert desk.look(there)["health"] == "red"
    assert road.verified() == ()


def test_too_few_won_deals_are_no_measure_and_it_is_said(desk, build):
    ended(desk, WON[:9])
    road = build()
    there = opened(desk)
    after(road, 20)
    assert desk.look(there)["health"] == "green"
    assert "is not compared: 9 won deals left it, 10 are needed" in told(road, there)


def test_lost_deals_that_stood_no_longer_take_the_measure_its_meaning(desk, build):
    ended(desk, WON)
    ended(desk, (1, 1, 1, 1, 1, 2, 2, 2, 2, 2), won=False)
    road = build()
    there = opened(desk)
    after(road, 20)
    assert desk.look(there)["health"] == "green"
    assert "deals that were lost stood there no longer than won ones" in told(road, there)


def test_deals_of_about_its_size_are_taken_where_there_are_enough(desk, build):
    ended(desk, (1,) * 10, amount=Decimal(1_000))
    ended(desk, (30,) * 10, amount=Decimal(90_000))
    road = build()
    small, large = opened(desk, amount=Decimal(1_200)), opened(desk, amount=Decimal(80_000))
    after(road, 10)
    assert [desk.look(ref)["health"] for ref in (small, large)] == ["red", "green"]
    assert "3 of 4 similar won deals left it within 1 day," in told(road, small)
    assert "3 of 4 similar won deals left it within 30 days" in told(road, large)


def test_the_limit_of_the_policy_goes_before_the_history(desk, build):
    ended(desk, WON)
    road = build(POLICY.replace("flag: health", f'flag: health, stages: {{"{desk.STAGES[1]}": 60 days}}'))
    there = opened(desk)
    after(road, 20)
    assert desk.look(there)["health"] == "green"
    assert "3 of 4 won deals left it within 2 days" in told(road, there)


def test_a_deal_that_ends_later_joins_and_an_erased_one_leaves(desk, build):
    done = ended(desk, WON[:9])
    road = build()
    there = opened(desk)
    known = StoredStays(road.store)
    assert len(known(desk.connection, ObjectType.OPPORTUNITY, "pipeline")) == 9
    after(road, 2)
    desk.edit(there, {"stage": desk.STAGES[2]})
    road.rounds(most=60)
    assert road.pipeline.learning.read_stays(road.policies) == 1
    assert road.pipeline.learning.read_stays(road.policies) == 0
    [last] = [one for one in known(desk.connection, ObjectType.OPPORTUNITY, "pipeline") if one.ref == there]
    assert (last.won, list(last.days.values())) == (True, [2])
    erase(road.store, road.pipeline.journal, road.index, [done[0]], by="ann", at=road.clock.now())
    assert done[0] not in {one.ref for one in known(desk.connection, ObjectType.OPPORTUNITY, "pipeline")}
