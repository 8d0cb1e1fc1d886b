"""Days as English and German texts name them, seen from the day of writing; what could be two days is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = {
    "january": 1, "jan": 1, "januar": 1, "jänner": 1, "february": 2, "feb": 2, "februar": 2, "march": 3, "mar": 3, "märz": 3,
    "mrz": 3, "april": 4, "apr": 4, "may": 5, "mai": 5, "june": 6, "jun": 6, "juni": 6, "july": 7, "jul": 7, "juli": 7,
    "august": 8, "aug": 8, "september": 9, "sep": 9, "sept": 9, "october": 10, "oct": 10, "oktober": 10, "okt": 10,
    "november": 11, "nov": 11, "december": 12, "dec": 12, "dezember": 12, "dez": 12,
}  # fmt: skip
_DAYS = {
    "monday": 0, "montag": 0, "tuesday": 1, "dienstag": 1, "wednesday": 2, "mittwoch": 2, "thursday": 3, "donnerstag": 3,
    "friday": 4, "freitag": 4, "saturday": 5, "samstag": 5, "sonnabend": 5, "sunday": 6, "sonntag": 6,
}  # fmt: skip
_COUNTS = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "einem": 1, "einer": 1, "zwei": 2, "drei": 3,
    "vier": 4,     "fünf": 5, "sechs": 6,
}  # fmt: skip
_MONTH, _DAY = "|".join(sorted(_MONTHS, key=len, reverse=True)), "|".join(_DAYS)
_PAST_GRACE = timedelta(days=45)  # a day without a year lies ahead, unless it has just gone by
_FURTHEST = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDay:
    """A day a text names. `exact` is false for ends of months and quarters and for counted weeks."""

    day: date
    exact: bool
    start: int
    end: int


def days_of(sentence: str, written: date, *, day_first: bool | None = None) -> tuple[NamedDay, ...]:
    """Every day one sentence names, in order. `day_first` says how 3/4/2026 is meant; unknown, it is not read."""
    text = sentence[:1_000]
    found: list[NamedDay] = []
    for pattern, read, exact in _FORMS:
        for match in pattern.finditer(text):
            day = _safely(read, match, written, day_first)
            taken = any(one.start < match.end() and match.start() < one.end for one in found)
            if day is not None and not taken and abs(day - written) <= _FURTHEST:
                found.append(NamedDay(day=day, exact=exact, start=match.start(), end=match.end()))
    return tuple(sorted(found, key=lambda one: one.start))


_Read = Callable[["re.Match[str]", date, "bool | None"], "date | None"]


def _safely(read: _Read, match: re.Match[str], written: date, day_first: bool | None) -> date | None:
    try:
        return read(match, written, day_first)
    except (ValueError, OverflowError):  # the 31st of a short month, a week 60: no such day
        return None


def _iso(match: re.Match[str], _written: date, _first: bool | None) -> date:
    return date(int(match[1]), int(match[2]), int(match[3]))


def _dotted(match: re.Match[str], written: date, _first: bool | None) -> date:
    """Day, month, year: with points nobody means it the other way round."""
    day, month = int(match[1]), int(match[2])
    return _year(match[3], day, month, written)


def _slashed(match: re.Match[str], written: date, first: bool | None) -> date | None:
    one, two = int(match[1]), int(match[2])
    if one > 12 or (first and two <= 12) or one == two:
        return _year(match[3], one, two, written)
    if two > 12 or first is False:
        return _year(match[3], two, one, written)
    return None


def _day_month(match: re.Match[str], written: date, _first: bool | None) -> date:
    return _year(match[3], int(match[1]), _MONTHS[match[2].casefold()], written)


def _month_day(match: re.Match[str], written: date, _first: bool | None) -> date:
    return _year(match[3], int(match[2]), _MONTHS[match[1].casefold()], written)


def _year(year: str | None, day: int, month: int, written: date) -> date:
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    named = date(written.year, month, day)
    return named if named >= written - _PAST_GRACE else date(written.year + 1, month, day)


def _month_end(match: re.Match[str], written: date, _first: bool | None) -> date:
    month = _MONTHS[match[1].casefold()]
    year = int(match[2]) if match[2] else written.year + (month < written.month)
    return _last(year, month)


def _quarter_end(match: re.Match[str], written: date, _first: bool | None) -> date:
    month = 3 * int(match[1])
    year = int(match[2]) if match[2] else written.year + (month < written.month)
    return _last(year, month)


def _year_end(_match: re.Match[str], written: date, _first: bool | None) -> date:
    return date(written.year, 12, 31)


def _this_month_end(match: re.Match[str], written: date, _first: bool | None) -> date:
    ahead = written.month + (1 if re.match(r"(?i)next|nächst", match[1] or "") else 0)
    return _last(written.year + (ahead > 12), (ahead - 1) % 12 + 1)


def _last(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _weekday(match: re.Match[str], written: date, _first: bool | None) -> date:
    """The next such day; `next Friday` said in the same week is read as the week after by too many, so it is not read."""
    wanted = _DAYS[match[2].casefold()]
    ahead = (wanted - written.weekday() - 1) % 7 + 1
    if (match[1] or "").casefold().startswith(("next", "nächst")) and written.weekday() < wanted:
        raise ValueError("this week or the next")
    return written + timedelta(days=ahead)


def _calendar_week(match: re.Match[str], written: date, _first: bool | None) -> date:
    week = int(match[1])
    year = int(match[2]) if match[2] else written.year + (week < written.isocalendar().week)
    return date.fromisocalendar(year, week, 5)


def _counted(match: re.Match[str], written: date, _first: bool | None) -> date:
    many = int(match[1]) if match[1].isdigit() else _COUNTS[match[1].casefold()]
    unit = match[2].casefold()
    return written + timedelta(days=many * (7 if unit.startswith(("week", "woche")) else 1))


def _near(match: re.Match[str], written: date, _first: bool | None) -> date:
    return written + timedelta(days={"today": 0, "heute": 0, "tomorrow": 1, "übermorgen": 2}[match[1].casefold()])


def _form(pattern: str, read: _Read, *, exact: bool = True) -> tuple[re.Pattern[str], _Read, bool]:
    return re.compile(pattern, re.IGNORECASE), read, exact


_FORMS = (
    _form(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)", _iso),
    _form(r"(?<![\d.])(\d{1,2})\. ?(\d{1,2})\. ?(\d{4}|\d{2})?(?![\d])", _dotted),
    _form(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?![\d/])", _slashed),
    _form(rf"\b(?:end of|late|ende|end)[ ]({_MONTH})\.?(?: (\d{{4}}))?(?!\w)", _month_end, exact=False),
    _form(rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|\.)?(?: of)? ({_MONTH})\.?(?:,? (\d{{4}}))?(?!\w)", _day_month),
    _form(rf"\b({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?(?![\w])", _month_day),
    _form(r"\b(?:end of|by|ende|bis|in|im)[ ](?:the )?Q([1-4])(?:[ /](\d{4}))?(?!\w)", _quarter_end, exact=False),
    _form(
        r"\b(?:end of (?:(?:the|this) )?year|year[ -]end|jahresende|ende (?:des |dieses )?jahres)\b", _year_end, exact=False
    ),
    _form(
        r"\b(?:(?:end of|ende) (?:the |this |des |dieses )?(next |nächsten )?(?:month|monats)|monatsende)\b",
        _this_month_end, exact=False,
    ),
    _form(r"\b(?:KW|week|calendar week)[ ]?(\d{1,2})(?:[ /](\d{4}))?(?!\w)", _calendar_week, exact=False),
    _form(rf"\bin (\d{{1,2}}|{'|'.join(_COUNTS)}) (days?|weeks?|tagen?|wochen?)\b", _counted, exact=False),
    _form(rf"\b(?:(next|nächsten|kommenden|this|diesen|am|on|by|bis) )({_DAY})\b(?![, ]+(?:the |den |dem )?\d)", _weekday),
    _form(r"\b(tomorrow|übermorgen|today|heute)\b", _near),
)


# A full stop behind a figure or an abbreviation ends nothing; a capital or the end of the line must follow.
_SENTENCE_END = re.compile(
    r"(?<![ .]\d)(?i:(?<!\b(?:ca|no|nr|st|mr|dr))(?<!\b(?:mio|mrd|tsd|inc|ltd|mrs|bzw)))[.!?](?=[ ]+[A-ZÄÖÜ\"„(]|$)"
)


def sentences_of(lines: Iterator[str] | list[str]) -> Iterator[str]:
    """Sentences of the lines of a text, each verbatim and inside one line."""
    for line in lines:
        start = 0
        for end in _SENTENCE_END.finditer(line):
            yield line[start : end.end()].strip()
            start = end.end()
        if rest := line[start:].strip():
            yield rest
