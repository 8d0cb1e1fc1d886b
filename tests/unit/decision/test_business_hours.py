"""When to reach somebody: their zone, their week, their habits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connector.decision.business_hours import BusinessHours, usual_hours
from connector.decision.time_zones import country_code, zone_of

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        ({"country": "Germany"}, "Europe/Berlin"),
        ({"country": "Österreich"}, "Europe/Vienna"),
        ({"country": "US", "state": "California"}, "America/Los_Angeles"),
        ({"country": "United States", "state": "NY"}, "America/New_York"),
        ({"country": "USA"}, None),
        ({"country": "Nowhere", "state": "XX"}, None),
        ({}, None),
    ],
)
def test_a_zone_follows_from_a_place_or_there_is_none(place, zone):
    found = zone_of(**place)
    assert (found.key if found else None) == zone


def test_a_phone_prefix_tells_the_zone_where_it_lies_in_one():
    pytest.importorskip("phonenumbers")
    assert zone_of(phone="+1 212 555 0100") == ZoneInfo("America/New_York")
    assert zone_of(phone="+1 800 555 0100") is None
    assert zone_of(phone="call me") is None


def test_two_letters_that_are_no_country_are_none():
    assert country_code("ZZ") is None
    assert country_code("de") == "DE"


def test_a_weekend_waits_for_monday_morning_there():
    saturday = datetime(2026, 11, 28, 10, 7, tzinfo=UTC)
    assert BusinessHours(zone=BERLIN).next_moment(saturday) == datetime(2026, 11, 30, 9, tzinfo=BERLIN)


def test_working_time_is_now():
    friday = datetime(2026, 11, 27, 10, 7, tzinfo=UTC)
    assert BusinessHours(zone=BERLIN).next_moment(friday) == friday


def test_the_hour_of_habit_within_a_day_is_preferred():
    friday = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    hours = BusinessHours(zone=BERLIN, usual=(14,))
    assert hours.next_moment(friday) == datetime(2026, 11, 27, 14, tzinfo=BERLIN)


def test_two_answers_are_no_habit_and_scattered_ones_neither():
    at = datetime(2026, 11, 23, 13, tzinfo=UTC)
    assert usual_hours([at, at], BERLIN) == ()
    assert usual_hours([at, at + timedelta(days=1), at + timedelta(days=2)], BERLIN) == (14,)
    assert usual_hours([at + timedelta(hours=hour) for hour in range(6)], BERLIN) == ()
