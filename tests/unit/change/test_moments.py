"""When a record is due: fixed slots, silence, a coming moment, business days, zones and the days clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.change.moments import Rule, can_match, due_at, next_slot, slot_of, still_due, timer_marks
from tests.support.given import NOW, policy, record


def timed(when, zone="UTC"):
    return policy(when=f"{{object: ticket, {when}}}", timezone=zone)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "zone", "now", "slot"),
    [
        ("every: 4h", "UTC", "2026-09-01 08:00", "2026-09-01 12:00"),
        ("every: 1 day, at: 07:30", "Europe/Berlin", "2026-09-01 08:00", "2026-09-02 05:30"),
        ("every: 1 day, at: 07:30", "Europe/Berlin", "2026-09-01 05:29", "2026-09-01 05:30"),
        # 25 October 2026: Berlin's clocks go back; 29 March 2026: they go forward, and 02:30 does not exist.
        ("every: 1 day, at: 07:30", "Europe/Berlin", "2026-10-24 05:30", "2026-10-25 06:30"),
        ("every: 1 day, at: 02:30", "Europe/Berlin", "2026-03-28 12:00", "2026-03-29 01:30"),
        ("every: 1 day, at: 02:30", "Europe/Berlin", "2026-10-25 00:29", "2026-10-25 00:30"),
        ("every: 1 day, at: 02:30", "Europe/Berlin", "2026-10-25 00:30", "2026-10-26 01:30"),
        ("every: 1 day", "America/New_York", "2026-09-01 08:00", "2026-09-02 04:00"),
        ("every: 1 week, at: 09:00", "UTC", "2026-09-01 08:00", "2026-09-07 09:00"),  # from a Tuesday to the Monday
        ("every: 1 week, at: 09:00", "UTC", "2026-09-03 10:00", "2026-09-07 09:00"),
        ("every: 1 business day, at: 09:00", "UTC", "2026-09-04 10:00", "2026-09-07 09:00"),  # a Friday's next
    ],
)
def test_slots_stand_on_a_grid_in_the_zone_of_the_policy(every, zone, now, slot):
    assert next_slot(timed(every, zone), at(now)) == at(slot)


SLOTS = (
    "every: 90 minutes", "every: 1 day, at: 02:30", "every: 3 days, at: 23:59", "every: 2 business days", "every: 2 weeks"
)  # fmt: skip


@given(st.sampled_from(SLOTS), st.sampled_from(("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")), st.data())
def test_from_wherever_one_looks_the_next_slot_is_the_same(every, zone, data):
    """Looking at any moment before a slot names that slot: no restart and no second look adds or drops one."""
    rule = timed(every, zone)
    start = NOW + timedelta(minutes=data.draw(st.integers(0, 600_000)))
    slot = next_slot(rule, start)
    between = start + timedelta(seconds=data.draw(st.integers(0, int((slot - start).total_seconds()) - 1)))
    assert slot > start
    assert next_slot(rule, between) == slot


@pytest.mark.parametrize(
    ("when", "zone", "moment", "due"),
    [
        ("after: {field: last_reply, silent_for: 5 days}", "UTC", at("2026-08-30 10:00"), "2026-09-04 10:00"),
        ("after: {field: last_reply, silent_for: 2 business days}", "UTC", at("2026-08-28 10:00"), "2026-09-01 10:00"),
        ("after: {field: last_reply, silent_for: 5 days}", "Europe/Berlin", date(2026, 8, 28), "2026-09-02 22:00"),
        ("before: {field: last_reply, by: 30 minutes}", "UTC", at("2026-09-01 09:00"), "2026-09-01 08:30"),
        ("before: {field: last_reply, by: 2 business days}", "UTC", at("2026-09-07 09:00"), "2026-09-03 09:00"),
        ("before: {field: last_reply, by: 2 days}", "Europe/Berlin", date(2026, 9, 10), "2026-09-07 22:00"),
    ],
)
def test_silence_counts_from_a_moment_and_the_other_towards_one(when, zone, moment, due):
    [rule] = [one for one in (Rule.AFTER, Rule.BEFORE) if one in when]
    assert due_at(timed(when, zone), rule, record(last_reply=moment), NOW) == at(due)


def test_two_business_days_over_the_day_the_clocks_change_keep_the_local_time():
    rule = timed("after: {field: last_reply, silent_for: 2 business days}", "Europe/Berlin")
    friday = at("2026-10-23 07:00")  # 09:00 in Berlin
    assert due_at(rule, Rule.AFTER, record(last_reply=friday), NOW) == at("2026-10-27 08:00")


@pytest.mark.parametrize("value", [None, "yesterday", 5])
def test_without_a_moment_nothing_is_due(value):
    rule = timed("after: {field: last_reply, silent_for: 5 days}, before: {field: last_reply, by: 1h}")
    assert due_at(rule, Rule.AFTER, record(last_reply=value), NOW) is None
    assert due_at(rule, Rule.BEFORE, record(last_reply=value), NOW) is None


def test_a_moment_that_is_past_is_not_announced():
    rule = timed("before: {field: start, by: 30 minutes}")
    assert due_at(rule, Rule.BEFORE, record(start=NOW - timedelta(minutes=1)), NOW) is None
    assert due_at(rule, Rule.BEFORE, record(start=NOW + timedelta(minutes=5)), NOW) == NOW - timedelta(minutes=25)


def test_a_slot_is_stale_once_its_moment_has_moved():
    rule = timed("after: {field: last_reply, silent_for: 5 days}")
    quiet, spoke = record(last_reply=NOW - timedelta(days=6)), record(last_reply=NOW - timedelta(days=1))
    slot = slot_of(rule, Rule.AFTER, NOW - timedelta(days=1))
    assert still_due(rule, slot, quiet, NOW)
    assert not still_due(rule, slot, spoke, NOW)
    assert not still_due(timed("every: 1 day"), slot, quiet, NOW)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("status == 'new'", False), ("status == 'new' && now > created", True), ("account.name == 'A'", True),
        ("nosuch > 1", True),
    ],
)
def test_only_a_condition_on_own_fields_is_asked_beforehand(where, expected):
    rule = policy(when=f"{{object: ticket, every: 1 day, where: \"{where}\"}}", context="{related: [account]}")
    assert can_match(rule, record(status="closed").fields, NOW) is expected


def test_another_timer_has_another_mark():
    marks = [timer_marks(timed(when)) for when in ("every: 1 day", "every: 2 days", "events: [created]")]
    assert len({*marks}) == 3
    assert marks[2] == frozenset()
