"""Dates as people say them, resolved against the meeting's day."""

from __future__ import annotations

from datetime import date

import pytest

from connector.decision.relative_dates import due_day

WEDNESDAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("I'll send it today.", WEDNESDAY),
        ("I'll send it tomorrow.", date(2026, 11, 26)),
        ("The day after tomorrow works.", date(2026, 11, 27)),
        ("I'll send it by Friday.", date(2026, 11, 27)),
        ("We'll do it on Wednesday.", date(2026, 12, 2)),
        ("I'll call next Friday.", date(2026, 12, 4)),
        ("I'll have it next week.", date(2026, 12, 4)),
        ("By the end of the week you have it.", date(2026, 11, 27)),
        ("At the end of the month.", date(2026, 11, 30)),
        ("I'll be back in two weeks.", date(2026, 12, 9)),
        ("By December 3rd.", date(2026, 12, 3)),
        ("On the 3rd of December.", date(2026, 12, 3)),
        ("By January 8.", date(2027, 1, 8)),
        ("Until 2026-12-01.", date(2026, 12, 1)),
        ("Ich schicke es bis Freitag.", date(2026, 11, 27)),
        ("Das mache ich morgen.", date(2026, 11, 26)),
        ("Übermorgen haben Sie es.", date(2026, 11, 27)),
        ("Wir liefern nächste Woche.", date(2026, 12, 4)),
        ("Bis Ende der Woche.", date(2026, 11, 27)),
        ("Am 3. Dezember melde ich mich.", date(2026, 12, 3)),
        ("Bis zum 3.12. ist es fertig.", date(2026, 12, 3)),
        ("In zwei Wochen.", date(2026, 12, 9)),
    ],
)
def test_a_day_is_told_from_the_meetings_own(said, day):
    assert due_day(said, WEDNESDAY) == day


@pytest.mark.parametrize(
    "said",
    ["I'll send it.", "We spoke last Friday.", "On 3/12 we meet.", "Bis zum 31.2. ist es fertig.", "It was 2020-01-01."],
)
def test_what_names_no_coming_day_has_none(said):
    assert due_day(said, WEDNESDAY) is None
