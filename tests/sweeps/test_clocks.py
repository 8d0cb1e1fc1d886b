"""The machine's clock jumps, and days have 23 or 25 hours: nothing is skipped, nothing happens twice."""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from connector.action import UpdateField
from connector.daemon import Daemon
from connector.journal import EntryKind
from connector.policy import Tier
from connector.record import FieldName, ObjectType
from connector.simulation.checker import check
from tests.conformance.kept import Quiet
from tests.property.quiet_road import QuietRoad
from tests.support.deals import SALES, Clerk, sales_policy
from tests.support.road import Road

SPRING, AUTUMN = datetime(2027, 3, 28, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
NEXT_STEP = FieldName("next_step")


@pytest.fixture
def in_berlin(monkeypatch):
    """A machine whose local time has daylight saving."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
@pytest.mark.parametrize("skew", [-3600, 3600, 30 * 86_400, 1])
def test_a_clock_that_jumps_and_comes_back_loses_and_doubles_nothing(tmp_path, system, skew):
    road = QuietRoad(tmp_path, system=system)
    tickets = []
    for step, off in enumerate((0, skew, skew, 0, -skew if abs(skew) < 86_400 else 0, 0)):
        road.clock.skew = timedelta(seconds=off)
        tickets.append(road.ticket(subject=f"login {step}"))
        road.staff["crm"].mine.append(tickets[-1])
        road.rounds(2, 200)
        road.edit(tickets[0], subject=f"{random.Random(step).choice(('billing', 'refund'))} {step}")
        road.rounds(1, 30)
    assert [str(found) for found in check(road._finished())] == []
    assert all(road.value(ticket, "category") for ticket in tickets)


@contextmanager
def scheduled(road, folder):
    """A daemon on a road and what schedules its ticks, of which none is begun."""
    daemon = Daemon(
        pipeline=road.alive.road, log=Quiet(), poll=timedelta(seconds=30), batch=10, key=b"k", heads=folder / "heads",
        reload=lambda: None, upkeep=lambda: None, stopping=threading.Event(),
    )  # fmt: skip
    scheduler = BackgroundScheduler(timezone=UTC)
    daemon._schedule(scheduler)
    scheduler.start(paused=True)
    try:
        yield daemon, scheduler
    finally:
        scheduler.shutdown(wait=False)


@pytest.mark.parametrize("night", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_the_ticks_of_the_service_keep_their_distance_in_nights_of_other_length(in_berlin, tmp_path, night):
    with scheduled(QuietRoad(tmp_path), tmp_path) as (_, scheduler):
        jobs = scheduler.get_jobs()
        assert len(jobs) > 5
        for job in jobs:
            fired = night - timedelta(hours=2)
            for _ in range(200):
                later = job.trigger.get_next_fire_time(fired, fired)
                assert later - fired == job.trigger.interval
                fired = later


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=1)], ids=["an hour back", "a day forward"])
def test_no_tick_of_the_service_waits_for_a_clock_that_was_set(tmp_path, jump):
    road = QuietRoad(tmp_path)
    with scheduled(road, tmp_path) as (daemon, scheduler):
        before = {job.id: job.next_run_time for job in scheduler.get_jobs()}
        daemon._follow_clock(scheduler)
        assert {job.id: job.next_run_time for job in scheduler.get_jobs()} == before
        road.clock.skew = jump
        daemon._follow_clock(scheduler)
        now = road.alive.road.clock.now()
        assert all(job.next_run_time <= now + job.trigger.interval for job in scheduler.get_jobs())


@pytest.mark.parametrize("desk", SALES)
@pytest.mark.parametrize("night", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_a_daily_look_comes_once_a_day_through_nights_of_other_length_and_jumps(in_berlin, tmp_path, desk, night):
    def decide(question):
        return [UpdateField(ref=question.context.record.ref, field=NEXT_STEP, value=f"look {len(clerk.asked)}")]

    clerk, crm = Clerk(decide), SALES[desk]()
    crm.clock.advance(night - timedelta(days=1, hours=20) - crm.clock.now())
    deal = crm.create(ObjectType.OPPORTUNITY, {"name": "One deal", "close_date": date(2027, 12, 1)})
    crm.advance(crm.lag)
    # In spring there is no 02:30 in Berlin on this day, in autumn there are two.
    when = "{object: opportunity, every: 1 day, at: 02:30, where: closed == false}"
    policy = sales_policy(when=when, timezone="Europe/Berlin")
    road = Road(crm, tmp_path, under=policy, models=lambda store, clock: {Tier.OFFLINE: clerk})
    road.activate()
    for hour in range(4 * 24):
        road.clock.advance(timedelta(hours=1))
        road.round()
        if hour % 7 == 3:  # somebody sets the clock back, and forward again
            for jump in (-2, 2):
                road.clock.jump(road.clock.now() + timedelta(hours=jump))
                road.round()
    looked = road.story(deal).count(EntryKind.DECIDED)
    road.store.close()
    assert looked == 4
