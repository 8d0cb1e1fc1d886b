"""How Salesforce writes and reads times: whole seconds everywhere, three spellings."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from adapters.sandbox.clock import from_milliseconds, milliseconds

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_DATETIME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d{1,6})?(Z|[+-]\d{2}:?\d{2})\Z")


@lru_cache(maxsize=65_536)
def iso(stamp: int) -> str:
    """Milliseconds as `2026-05-01T07:25:37.000+0000`, the fraction cut off."""
    return from_milliseconds(stamp - stamp % 1000).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def iso_of(at: datetime) -> str:
    return iso(milliseconds(at))


def http_date(stamp: int) -> str:
    """Milliseconds as an HTTP date."""
    return _http_date(stamp // 1000)


@lru_cache(maxsize=4096)
def _http_date(seconds: int) -> str:
    return format_datetime(from_milliseconds(seconds * 1000), usegmt=True)


def parse_http_date(text: str) -> int | None:
    """An HTTP date in whole seconds since 1970; None when it is not one."""
    try:
        at = parsedate_to_datetime(text.strip('"'))
    except (ValueError, IndexError, TypeError):
        return None
    return int(at.replace(tzinfo=at.tzinfo or UTC).timestamp())


def parse_date(text: str) -> str | None:
    """A date as stored; None when the text is no existing day."""
    if not _DATE.match(text):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def parse_datetime(text: str) -> str | None:
    """A date-time as stored: UTC, whole seconds; None when the text is not one with an offset."""
    found = _DATETIME.match(text)
    if found is None:
        return None
    try:
        at = datetime.fromisoformat(found.group(1) + found.group(2).replace("Z", "+00:00"))
    except ValueError:
        return None
    return iso_of(at)


def stamp_of(text: str) -> int:
    """Milliseconds of a stored date-time."""
    return milliseconds(datetime.fromisoformat(text.replace("+0000", "+00:00")))
