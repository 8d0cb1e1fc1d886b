"""Durations read as people write them, and business days skip weekends in the policy's own time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.policy import Duration
from connector.policy.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("4h", timedelta(hours=4)),
        ("30 minutes", timedelta(minutes=30)),
        ("90s", timedelta(seconds=90)),
        ("1 day", timedelta(days=1)),
        ("5 Days", timedelta(days=5)),
        ("1 day 12 hours", timedelta(hours=36)),
        ("1h30m", timedelta(minutes=90)),
        ("2 weeks", timedelta(days=14)),
    ],
)
def test_a_duration_is_read(text, span):
    assert parse_duration(text) == Duration(span=span)


@pytest.mark.parametrize(
    "text",
    ["4", "h", "", "-4h", "4.5h", "1 month", "500ms", "4 h h", "0m", "9 years", "99999 weeks", "2 business h", "٤h"],
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match=r"duration|no time at all|longer than"):
        parse_duration(text)


def test_business_days_skip_the_weekend():
    friday = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)

    assert parse_duration("2 business days").after(friday, ZoneInfo("UTC")) == datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    assert parse_duration("2 days").after(friday, ZoneInfo("UTC")) == datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def test_a_business_day_is_a_day_of_the_policys_zone_and_keeps_the_hour_over_a_clock_change():
    zone = ZoneInfo("Europe/Berlin")
    sunday_night_in_utc = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # already Monday in Berlin
    before_summer_ends = datetime(2026, 10, 23, 8, 0, tzinfo=UTC)  # Friday 10:00 in Berlin

    assert Duration(business_days=1).after(sunday_night_in_utc, zone) == datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert Duration(business_days=1).after(before_summer_ends, zone).astimezone(zone).hour == 10


@given(st.integers(min_value=1, max_value=9_999_999))
def test_a_duration_reads_back_from_its_own_words(seconds):
    duration = Duration(span=timedelta(seconds=seconds))

    assert parse_duration(str(duration)) == duration


@given(
    st.integers(min_value=1, max_value=200),
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),
)
def test_business_days_end_on_a_working_day_after_the_start(days, start):
    aware = start.replace(tzinfo=UTC)
    end = Duration(business_days=days).after(aware, ZoneInfo("UTC"))

    assert end.weekday() < 5
    assert end - aware >= timedelta(days=days)
