"""Dates as people say them in a meeting, resolved against its day: English and German, and nothing that is ambiguous."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

_WEEKDAYS = {
    "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
    "montag": 0, "dienstag": 1, "mittwoch": 2, "donnerstag": 3, "freitag": 4, "samstag": 5, "sonnabend": 5, "sonntag": 6,
}  # fmt: skip
_MONTHS = {
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9,
    "october": 10, "november": 11, "december": 12, "januar": 1, "februar": 2, "märz": 3, "mai": 5, "juni": 6, "juli": 7,
    "oktober": 10, "dezember": 12,
}  # fmt: skip
_NUMBERS = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "ein": 1, "einem": 1, "einer": 1, "zwei": 2, "drei": 3, "vier": 4,
}  # fmt: skip
_DAY_NAMES, _MONTH_NAMES, _COUNTS = "|".join(_WEEKDAYS), "|".join(_MONTHS), "|".join(_NUMBERS)
_FRIDAY = 4


def _same(found: re.Match[str], day: date) -> date:
    return day


def _tomorrow(found: re.Match[str], day: date) -> date:
    return day + timedelta(days=1)


def _after_tomorrow(found: re.Match[str], day: date) -> date:
    return day + timedelta(days=2)


def _next_weeks(found: re.Match[str], day: date) -> date:
    """A named day of the week after this one."""
    monday = day - timedelta(days=day.weekday()) + timedelta(days=7)
    return monday + timedelta(days=_WEEKDAYS[found["day"].casefold()])


def _coming(found: re.Match[str], day: date) -> date:
    """The next such day, never the meeting's own."""
    ahead = (_WEEKDAYS[found["day"].casefold()] - day.weekday()) % 7
    return day + timedelta(days=ahead or 7)


def _end_of_week(found: re.Match[str], day: date) -> date:
    return day + timedelta(days=(_FRIDAY - day.weekday()) % 7)


def _end_of_next_week(found: re.Match[str], day: date) -> date:
    """Next week without a day ends on its Friday."""
    return day - timedelta(days=day.weekday()) + timedelta(days=7 + _FRIDAY)


def _end_of_month(found: re.Match[str], day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _within(found: re.Match[str], day: date) -> date:
    count = found["count"].casefold()
    number = int(count) if count.isdigit() else _NUMBERS[count]
    return day + timedelta(days=number * (7 if found["unit"].casefold().startswith("w") else 1))


def _named(found: re.Match[str], day: date) -> date | None:
    """A day and a month; without a year the next one there is."""
    return _dated(day, int(found["number"]), _MONTHS[found["month"].casefold()], None)


def _dotted(found: re.Match[str], day: date) -> date | None:
    year = found["year"]
    return _dated(day, int(found["number"]), int(found["month"]), int(year) if year else None)


def _iso(found: re.Match[str], day: date) -> date | None:
    return _dated(day, int(found["number"]), int(found["month"]), int(found["year"]))


def _dated(day: date, number: int, month: int, year: int | None) -> date | None:
    try:
        found = date(year if year is not None else day.year, month, number)
        return found if year is not None or found >= day else found.replace(year=day.year + 1)
    except ValueError:
        return None


# The most telling first: a later form is only looked for where no earlier one stands. A slashed date has two readings.
_FORMS: tuple[tuple[str, Callable[[re.Match[str], date], date | None]], ...] = (
    (r"\b(?P<year>20\d\d)-(?P<month>\d\d)-(?P<number>\d\d)\b", _iso),
    (r"\b(?P<number>\d{1,2})\.\s?(?P<month>\d{1,2})\.(?P<year>20\d\d)?(?!\d)", _dotted),
    (rf"\b(?P<number>\d{{1,2}})(?:st|nd|rd|th|\.)? (?:of )?(?P<month>{_MONTH_NAMES})\b", _named),
    (rf"\b(?P<month>{_MONTH_NAMES}) (?P<number>\d{{1,2}})(?:st|nd|rd|th)?\b", _named),
    (r"\b(?:day after tomorrow|übermorgen)\b", _after_tomorrow),
    (rf"\b(?:next|nächste[nr]?|kommende[nr]?) week(?: on)? (?P<day>{_DAY_NAMES})\b", _next_weeks),
    (rf"\b(?P<day>{_DAY_NAMES}) (?:of )?(?:next week|nächster woche|nächste woche)\b", _next_weeks),
    (rf"\b(?:next week|nächste woche)(?: on| am)? (?P<day>{_DAY_NAMES})\b", _next_weeks),
    (rf"\bnext (?P<day>{_DAY_NAMES})\b", _next_weeks),
    (r"\b(?:end of (?:the |this )?week|ende (?:der|dieser) woche|this week|diese woche)\b", _end_of_week),
    (r"\b(?:end of (?:the |this )?month|ende des monats|monatsende|ende (?:dieses )?monats)\b", _end_of_month),
    (r"\b(?:end of next week|ende nächster woche|next week|nächste[rn]? woche|kommende[rn]? woche)\b", _end_of_next_week),
    (rf"\b(?:in|within|innerhalb von) (?P<count>\d{{1,2}}|{_COUNTS}) (?P<unit>days?|weeks?|tage?n?|wochen?)\b", _within),
    (rf"\b(?P<day>{_DAY_NAMES})(?: morning| afternoon|vormittag|nachmittag)?\b", _coming),
    (r"\b(?:tomorrow|morgen(?! früh um)|bis morgen)\b", _tomorrow),
    (r"\b(?:today|tonight|this afternoon|end of (?:the )?day|heute|heute noch)\b", _same),
)
_PATTERNS = tuple((re.compile(form, re.IGNORECASE), rule) for form, rule in _FORMS)
_PAST = re.compile(r"\b(?:last|yesterday|letzte[nrs]?|gestern|vorige[nrs]?|ago|vor)\b", re.IGNORECASE)


def due_day(sentence: str, day: date) -> date | None:
    """The day a sentence names, told from the `day` it was said on; None where it names none, or a past one."""
    if _PAST.search(sentence):
        return None
    for pattern, rule in _PATTERNS:
        if (found := pattern.search(sentence)) is not None:
            named = rule(found, day)
            return named if named is not None and named >= day else None
    return None
