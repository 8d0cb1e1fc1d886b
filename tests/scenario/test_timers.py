"""Records that are due without a change: every morning, after silence, before a day comes; each slot once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connector.action import UpdateField
from connector.cli.fitting import problems_of
from connector.journal import EntryKind
from connector.record import FieldName, ObjectType
from tests.support.deals import SALES, sales_policy

NEXT_STEP = FieldName("next_step")
DAILY = "{object: opportunity, every: 1 day, at: 07:30, where: closed == false}"


@pytest.fixture(params=SALES)
def desk(request):
    return SALES[request.param]()


@pytest.fixture
def build(clerked):
    """A road whose clerk writes down how often each deal was looked at."""

    def road(when, **more):
        made = clerked(sales_policy(when=when, **more), lambda question: [_noted(question, made.clerk)])
        return made

    return road


def _noted(question, clerk):
    ref = question.context.record.ref
    times = sum(asked.context.record.ref == ref for asked in clerk.asked)
    return UpdateField(ref=ref, field=NEXT_STEP, value=f"look {times}")


def deal(desk, **values):
    ref = desk.create(ObjectType.OPPORTUNITY, {"name": "Big deal", "close_date": date(2026, 12, 1), **values})
    desk.advance(desk.lag)
    return ref


def until(road, moment):
    """Let time pass to a moment; the road works there."""
    road.wait(moment - road.clock.now())
    road.rounds()


def at(day, hour, minute=0):
    return datetime(2026, 9, day, hour, minute, tzinfo=UTC)


def looks(road, ref):
    return road.story(ref).count(EntryKind.DECIDED)


def test_a_deal_that_never_changes_is_looked_at_every_morning(desk, build):
    old, closed = deal(desk), deal(desk, stage=desk.STAGES[3])
    road = build(DAILY, timezone="Europe/Berlin")
    assert looks(road, old) == 0
    until(road, at(2, 5, 20))
    assert looks(road, old) == 0
    until(road, at(2, 5, 31))
    assert desk.look(old)["next_step"] == "look 1"
    road.rounds()
    until(road, at(3, 5, 31))
    assert [after for field, after in road.agent_lines(old) if "ext" in str(field).lower()] == ["look 1", "look 2"]
    assert looks(road, closed) == 0
    assert road.verified() == ()


def test_a_slot_missed_while_we_were_away_is_made_up_for_once(desk, build):
    old = deal(desk)
    road = build(DAILY)
    road.restart()
    until(road, at(6, 12))
    assert looks(road, old) == 1
    until(road, at(7, 7, 31))
    assert looks(road, old) == 2


@pytest.mark.parametrize("dies_after", ["the slot fired", "the decision"])
def test_a_crash_between_the_steps_of_a_slot_repeats_nothing(desk, build, dies_after):
    old = deal(desk)
    road = build(DAILY)
    road.wait(at(2, 7, 31) - road.clock.now())
    road.pipeline._fire(road.clock.now())
    if dies_after == "the decision":
        road.decide()
    road.restart()
    road.rounds()
    assert looks(road, old) == 1
    assert len(road.agent_lines(old)) == 1


def test_a_clock_that_goes_back_repeats_no_slot(desk, build):
    old = deal(desk)
    road = build(DAILY)
    until(road, at(4, 8))
    assert looks(road, old) == 1
    road.clock.jump(at(2, 8))
    until(road, at(3, 8))
    assert looks(road, old) == 1
    until(road, at(5, 8))
    assert looks(road, old) == 2


BEFORE = "{object: opportunity, before: {field: close_date, by: 2 days}, where: closed == false}"


def test_a_close_date_that_moves_takes_its_timer_along(desk, build):
    old = deal(desk, close_date=date(2026, 9, 10))
    road = build(BEFORE)
    desk.edit(old, {"close_date": date(2026, 9, 20)})
    road.rounds()
    until(road, at(9, 12))
    assert looks(road, old) == 0
    until(road, at(18, 0, 30))
    assert looks(road, old) == 1
    until(road, at(19, 12))
    assert looks(road, old) == 1
    desk.edit(old, {"close_date": date(2026, 9, 25)})
    road.rounds()
    until(road, at(23, 12))
    assert looks(road, old) == 2


AFTER = "{object: opportunity, after: {field: close_date, silent_for: 3 days}, where: closed == false}"


def test_what_was_overdue_before_the_activation_is_left_alone(desk, build):
    overdue, coming = deal(desk, close_date=date(2026, 8, 1)), deal(desk, close_date=date(2026, 9, 2))
    road = build(AFTER)
    until(road, at(5, 12))
    until(road, at(9, 12))
    assert (looks(road, overdue), looks(road, coming)) == (0, 1)


def test_a_record_that_is_gone_is_due_no_more(desk, build):
    gone, closed = (deal(desk, close_date=date(2026, 9, 10)) for _ in range(2))
    road = build(BEFORE)
    desk.delete(gone)
    desk.edit(closed, {"stage": desk.STAGES[3]})
    road.rounds()
    until(road, at(9, 12))
    assert (looks(road, gone), looks(road, closed)) == (0, 0)
    with road.store.snapshot() as tx:
        rows = tx.rows("SELECT record FROM change_due WHERE due_at IS NOT NULL")
    assert [row["record"] for row in rows] == []


def test_a_policy_that_is_added_later_gives_every_record_its_timer(desk, build):
    from connector.policy import PolicySet

    old = deal(desk)
    road = build("{object: opportunity, events: [created], where: closed == false}")
    road.pipeline.policies = PolicySet([sales_policy(when=DAILY)])
    road.rounds()
    until(road, at(2, 7, 31))
    assert looks(road, old) == 1


def test_thirty_minutes_before_a_meeting(desk, build):
    road = build(
        "{object: meeting, before: {field: start_time, by: 30 minutes}}", may="{update: {location: {conflict: agent_owned}}}"
    )
    road.clerk._answer = lambda question: [
        UpdateField(ref=question.context.record.ref, field=FieldName("location"), value="Room 1")
    ]
    account = desk.create(ObjectType.ACCOUNT, {"name": "Acme"})
    meeting = desk.hang(ObjectType.MEETING, account, subject="Demo", start_time=at(3, 14))
    short = desk.hang(ObjectType.MEETING, account, subject="At once", start_time=road.clock.now() + timedelta(minutes=25))
    road.rounds()
    assert desk.look(short)["location"] == "Room 1"
    until(road, at(3, 13, 15))
    assert desk.look(meeting)["location"] is None
    until(road, at(3, 13, 31))
    assert desk.look(meeting)["location"] == "Room 1"
    until(road, at(4, 14))
    assert looks(road, meeting) == 1


def test_check_names_timers_and_related_objects_that_could_never_wake(desk):
    lines = problems_of(
        sales_policy(
            when="{object: opportunity, every: 1 day, after: {field: name, silent_for: 1 day}}",
        ),
        desk.connection, desk.adapter(),
    )  # fmt: skip
    assert [line.partition(": ")[2].partition(":")[0] for line in lines] == ["when.after.field"]
    heard = sales_policy(when="{object: opportunity, related: {activity: [created]}}")
    [line] = problems_of(heard, desk.connection, desk.adapter())
    assert "when.related.activity" in line
