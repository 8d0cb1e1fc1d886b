"""Times as HubSpot writes and reads them: epoch milliseconds inside, ISO 8601 outside."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS = 86_400_000
_MILLISECOND = timedelta(milliseconds=1)
_MILLISECONDS = re.compile(r"-?\d{1,16}\Z")


@lru_cache(maxsize=4096)  # every read shows the same stamps of the past again
def iso(ms: int) -> str:
    """`2022-05-03T09:00:00Z`; milliseconds are written only when there are some (recorded)."""
    seconds, rest = divmod(ms, 1000)
    stamp = EPOCH + timedelta(seconds=seconds)
    text = stamp.isoformat(timespec="seconds").removesuffix("+00:00")
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


@lru_cache(maxsize=64)  # many answers leave within one second
def http_date(seconds: int) -> str:
    """Whole seconds since 1970 as an HTTP date."""
    return format_datetime(EPOCH + timedelta(seconds=seconds), usegmt=True)


def iso_date(ms: int) -> str:
    """`2022-05-03`. That dates come back so is [mem]."""
    return (EPOCH + timedelta(milliseconds=ms)).date().isoformat()


def parse_stamp(text: str) -> int | None:
    """Epoch milliseconds of a number of milliseconds, a date or an ISO date and time."""
    if _MILLISECONDS.match(text):
        return int(text)
    try:
        if len(text) == len("YYYY-MM-DD"):
            day = date.fromisoformat(text)
            return (datetime(day.year, day.month, day.day, tzinfo=UTC) - EPOCH) // _MILLISECOND
        stamp = datetime.fromisoformat(text)
    except ValueError:
        return None
    if stamp.tzinfo is None:
        stamp = stamp.replace(tzinfo=UTC)
    return (stamp - EPOCH) // _MILLISECOND
