"""What a field's history proves about a write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.hubspot.history import Entry, Landed, NotThere, OurMark, TooShort, judge, read_entries
from adapters.hubspot.values import NativeField
from connector.adapter import FieldKind, FieldName, FieldSchema, FieldStamp, Overwritten

TITLE = FieldName("title")
START = datetime(2026, 9, 1, tzinfo=UTC)
APP = "8123456"
ANY_APP = OurMark(app_id=APP)


def entry(value: str, second: int, source: str = "CRM_UI", by: str | None = "9100001") -> Entry:
    return Entry(value, FieldStamp(at=START + timedelta(seconds=second), source=source, by=by))


def ours(value: str, second: int) -> Entry:
    return entry(value, second, "INTEGRATION", APP)


BASE = entry("CFO", 0)


def test_our_entry_on_the_baseline_is_a_clean_write() -> None:
    assert judge(TITLE, "CEO", BASE, (ours("CEO", 5), BASE), ANY_APP) == Landed(before="CFO", after="CEO", app_id=APP)


def test_somebody_between_baseline_and_ours_is_reported_with_value_and_stamp() -> None:
    between = entry("CTO", 3)
    found = judge(TITLE, "CEO", BASE, (ours("CEO", 5), between, BASE), ANY_APP)
    lost = Overwritten(field=TITLE, value="CTO", stamp=between.stamp)
    assert found == Landed(before="CTO", after="CEO", app_id=APP, overwritten=lost)


def test_a_later_edit_is_accepted_and_an_automation_is_named() -> None:
    later = judge(TITLE, "CEO", BASE, (entry("Chair", 9), ours("CEO", 5), BASE), ANY_APP)
    assert later == Landed(before="CFO", after="Chair", app_id=APP)
    rewritten = judge(TITLE, "CEO", BASE, (entry("Ceo", 5, "AUTOMATION_PLATFORM"), ours("CEO", 5), BASE), ANY_APP)
    assert rewritten == Landed(before="CFO", after="Ceo", app_id=APP, changed_by_crm=True)


def test_an_unchanged_field_is_not_there() -> None:
    assert judge(TITLE, "CEO", BASE, (BASE,), ANY_APP) == NotThere("CFO")


def test_another_app_with_our_value_is_not_us_once_we_know_our_id() -> None:
    other = entry("CEO", 5, "INTEGRATION", "999")
    assert judge(TITLE, "CEO", BASE, (other, BASE), ANY_APP) == NotThere("CEO")
    assert isinstance(judge(TITLE, "CEO", BASE, (other, BASE), OurMark()), Landed)


def test_an_entry_from_before_the_request_is_not_its_effect() -> None:
    mark = OurMark(app_id=APP, not_before=START + timedelta(seconds=10))
    assert judge(TITLE, "CEO", None, (ours("CEO", 5),), mark) == NotThere("CEO")


def test_a_history_that_does_not_reach_the_baseline_proves_nothing() -> None:
    assert judge(TITLE, "CEO", BASE, (ours("CEO", 5),), ANY_APP) == TooShort()


def test_the_same_value_written_by_somebody_first_costs_nobody_anything() -> None:
    found = judge(TITLE, "CEO", BASE, (ours("CEO", 5), entry("CEO", 3), BASE), ANY_APP)
    assert isinstance(found, Landed)
    assert found.overwritten is None


def test_a_field_never_set_before_has_no_baseline() -> None:
    assert judge(TITLE, "CEO", None, (ours("CEO", 5),), ANY_APP) == Landed(before=None, after="CEO", app_id=APP)
    assert judge(TITLE, "CEO", None, (), ANY_APP) == NotThere(None)


@given(
    older=st.lists(st.sampled_from("abc"), max_size=4),
    between=st.lists(st.sampled_from("abc"), max_size=3),
    later=st.lists(st.sampled_from("abc"), max_size=3),
)
def test_whatever_stood_right_below_ours_is_named_unless_it_was_what_we_saw(
    older: list[str], between: list[str], later: list[str]
) -> None:
    oldest_first = [*older, "base", *between, "OURS", *later]
    entries = [ours(value, at) if value == "OURS" else entry(value, at) for at, value in enumerate(oldest_first)]
    history, baseline = tuple(reversed(entries)), entries[len(older)]
    found = judge(TITLE, "OURS", baseline, history, ANY_APP)
    assert isinstance(found, Landed)
    assert found.before == (between[-1] if between else "base")
    assert (found.overwritten is not None) == bool(between)
    assert found.after == oldest_first[-1]


def test_history_entries_are_read_leniently() -> None:
    field = NativeField(schema=FieldSchema(name=TITLE, native="jobtitle", label="", kind=FieldKind.TEXT))
    listed = [
        {"value": "CEO", "timestamp": "2026-09-01T00:00:05.250Z", "sourceType": "INTEGRATION", "sourceId": APP},
        {"value": "", "timestamp": "1756684803000", "sourceType": "CRM_UI", "sourceId": "userId:9", "updatedByUserId": 9},
        {"value": "x"},
        "nonsense",
    ]
    first, second = read_entries(field, listed)
    assert (first.value, first.stamp.source, first.stamp.by) == ("CEO", "INTEGRATION", APP)
    assert (second.value, second.stamp.by) == (None, "9")
    assert read_entries(field, None) == ()
