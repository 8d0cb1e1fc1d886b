"""Field values have one JSON form and one idea of being equal."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.record import RecordRef, decode_value, display, encode_value, normalise, same_value

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=8))])
VALUES = st.one_of(
    st.none(),
    st.text(),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=ZONES),
    st.lists(st.text(min_size=1)).map(tuple),
)


@given(VALUES)
def test_a_value_comes_back_from_its_json_form(value):
    assert same_value(decode_value(json.loads(json.dumps(encode_value(value)))), value)


@given(VALUES)
def test_normalising_twice_is_normalising_once_and_changes_nothing_a_person_sees(value):
    assert normalise(normalise(value)) == normalise(value)
    assert same_value(value, normalise(value))
    assert isinstance(display(value), str)


@given(VALUES, VALUES, VALUES)
def test_being_equal_is_an_equivalence(one, two, three):
    assert same_value(one, one)
    assert same_value(one, two) == same_value(two, one)
    if same_value(one, two) and same_value(two, three):
        assert same_value(one, three)


@pytest.mark.parametrize(
    ("one", "two"),
    [("", None), ((), None), (Decimal("1.50"), Decimal("1.5")), (Decimal("-0"), Decimal(0)), (("b", "a", "a"), ("a", "b"))],
)
def test_these_are_one_value(one, two):
    assert same_value(one, two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (date(2026, 9, 1), datetime(2026, 9, 1, tzinfo=UTC)),
        (True, Decimal(1)),
        ("1", Decimal(1)),
        (False, None),
        ("a", ("a",)),
        ("a", "A"),
        ("a", "a "),
    ],
)
def test_these_are_two_values(one, two):
    assert not same_value(one, two)


@pytest.mark.parametrize("foreign", [3, 1.5, [], {}, {"number": "1", "date": "2026-01-01"}, {"colour": "red"}])
def test_what_is_not_an_encoded_value_is_refused(foreign):
    with pytest.raises(ValueError, match="not an encoded field value"):
        decode_value(foreign)


@pytest.mark.parametrize("text", ["crm:ticket/7", "eu-sales:contact/003xx000004TmiQAAS"])
def test_a_ref_reads_back_from_its_text(text):
    assert str(RecordRef.parse(text)) == text


@pytest.mark.parametrize("text", ["", "ticket/7", "crm:ticket", "crm:ticket/", ":ticket/7", "crm:tickets/7", "crm/ticket:7"])
def test_what_is_no_ref_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="for example crm:ticket/123"):
        RecordRef.parse(text)
