"""How HubSpot's texts become values and values become texts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.hubspot.values import NativeField, parse_instant, plain_text, rich_text
from connector.adapter import FieldKind, FieldName, FieldSchema, FieldValue


def native(kind: FieldKind, **more: object) -> NativeField:
    schema = FieldSchema(name=FieldName("f"), native="f", label="f", kind=kind)
    return NativeField(schema=schema, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (FieldKind.TEXT, "", None),
        (FieldKind.TEXT, None, None),
        (FieldKind.NUMBER, "12.50", Decimal("12.50")),
        (FieldKind.NUMBER, "NaN", "NaN"),
        (FieldKind.NUMBER, "twelve", "twelve"),
        (FieldKind.MONEY, "0", Decimal(0)),
        (FieldKind.BOOLEAN, "true", True),
        (FieldKind.BOOLEAN, "false", False),
        (FieldKind.DATE, "2026-03-29", date(2026, 3, 29)),
        (FieldKind.DATE, "2026-03-29T00:00:00Z", date(2026, 3, 29)),
        (FieldKind.DATE, "1774742400000", date(2026, 3, 29)),
        (FieldKind.DATETIME, "2022-05-03T09:00:00Z", datetime(2022, 5, 3, 9, tzinfo=UTC)),
        (FieldKind.DATETIME, "1651568400000", datetime(2022, 5, 3, 9, tzinfo=UTC)),
        (FieldKind.DATETIME, "soon", "soon"),
        (FieldKind.OPTIONS, "b;a;", ("a", "b")),
    ],
)
def test_text_is_read_by_kind_and_never_lost(kind: FieldKind, text: str | None, value: FieldValue) -> None:
    assert native(kind).read(text) == value


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1)))
def test_a_day_stays_the_day_on_either_kind_of_property(day: date) -> None:
    for kind in ("date", "datetime"):
        field = native(FieldKind.DATE, type=kind)
        assert field.read(field.write(day)) == day


@given(
    st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)),
    st.integers(min_value=-12 * 60, max_value=14 * 60),
)
def test_an_instant_survives_any_zone_to_the_millisecond(at: datetime, offset: int) -> None:
    aware = at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=timezone(timedelta(minutes=offset)))
    field = native(FieldKind.DATETIME, type="datetime")
    assert field.read(field.write(aware)) == aware


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_an_amount_is_written_in_full_and_read_back_exactly(amount: Decimal) -> None:
    text = native(FieldKind.MONEY).write(amount)
    assert "E" not in text
    assert native(FieldKind.MONEY).read(text) == amount


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=80))
def test_rich_text_carries_no_markup_and_reads_back_as_it_was(text: str) -> None:
    markup = rich_text(text)
    assert "<" not in markup.replace("<br>", "")
    assert plain_text(markup) == text


def test_lines_of_rich_text_survive_and_images_do_not_load() -> None:
    hostile = 'Hello\n<img src="https://evil.example/pixel">'
    assert rich_text(hostile) == 'Hello<br>&lt;img src="https://evil.example/pixel"&gt;'
    assert plain_text("<p>Hello</p><div>there<br/>you</div>") == "Hello\nthere\nyou"


def test_options_translate_both_ways_and_a_pipeline_narrows_them() -> None:
    field = native(
        FieldKind.OPTION, keys={"1": "new", "11": "new", "4": "closed"}, natives={"new": ("1", "11"), "closed": ("4",)}
    )
    assert field.read("11") == "new"
    assert field.read("77") == "77"
    assert field.write("new") == "1"
    assert field.write("new", allowed=frozenset({"11", "12"})) == "11"
    assert field.write("no such key") == "no such key"


def test_an_unset_choice_and_a_choice_that_means_yes() -> None:
    assert native(FieldKind.OPTION, empty="NONE").read("NONE") is None
    incoming = native(FieldKind.BOOLEAN, true="INCOMING_EMAIL")
    assert (incoming.read("INCOMING_EMAIL"), incoming.read("EMAIL")) == (True, False)
    assert incoming.write(True) == "INCOMING_EMAIL"


def test_null_is_written_as_the_empty_text() -> None:
    assert native(FieldKind.NUMBER).write(None) == ""
    assert native(FieldKind.BOOLEAN).write(False) == "false"
    assert native(FieldKind.OPTIONS).write(("a", "b")) == "a;b"


def test_a_time_without_a_zone_is_utc() -> None:
    assert parse_instant("2026-09-01T08:00:00") == datetime(2026, 9, 1, 8, tzinfo=UTC)
    assert parse_instant("") is None
