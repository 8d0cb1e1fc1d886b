"""How long and how soon, as a policy writes it: `4h`, `30 minutes`, `5 days`, `2 business days`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

_UNITS = {
    "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600,
    "d": 86_400, "day": 86_400, "w": 604_800, "week": 604_800,
}  # fmt: skip
_PART = re.compile(r"(\d{1,6}) ?([a-z]+)", re.ASCII)
_WHOLE = re.compile(r"\d{1,6} ?[a-z]+(?: ?\d{1,6} ?[a-z]+)*", re.ASCII)
_BUSINESS = re.compile(r"(\d{1,4}) business days?", re.ASCII)
_LONGEST = timedelta(days=3660)
_SATURDAY = 5
_SHORTHAND = 2

FORMS = "write for example `30 minutes`, `4h`, `5 days` or `2 business days`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A span of clock time, or a number of business days (Monday to Friday); never both."""

    span: timedelta = timedelta(0)
    business_days: int = 0

    def after(self, start: datetime, zone: tzinfo) -> datetime:
        """The instant this long after `start`; business days keep the local time of day and skip weekends in `zone`."""
        if not self.business_days:
            return start + self.span
        local, left = start.astimezone(zone), self.business_days
        while left:
            local += timedelta(days=1)
            left -= local.weekday() < _SATURDAY
        return local.astimezone(start.tzinfo)

    def before(self, end: datetime, zone: tzinfo) -> datetime:
        """The instant this long before `end`, counted back the same way."""
        if not self.business_days:
            return end - self.span
        local, left = end.astimezone(zone), self.business_days
        while left:
            local -= timedelta(days=1)
            left -= local.weekday() < _SATURDAY
        return local.astimezone(end.tzinfo)

    @property
    def is_whole_days(self) -> bool:
        return bool(self.business_days) or self.span % timedelta(days=1) == timedelta(0)

    def __str__(self) -> str:
        if self.business_days:
            return _counted(self.business_days, "business day")
        seconds = int(self.span.total_seconds())
        parts = []
        for name, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
            count, seconds = divmod(seconds, size)
            if count:
                parts.append(_counted(count, name))
        return " ".join(parts)


def parse_duration(text: str) -> Duration:
    """The duration a policy wrote; raises ValueError that says how to write one."""
    written = " ".join(text.lower().split())
    if business := _BUSINESS.fullmatch(written):
        return _positive(Duration(business_days=int(business[1])), text)
    if not _WHOLE.fullmatch(written):
        raise ValueError(f"`{text}` is not a duration: {FORMS}")
    span = timedelta(0)
    for count, unit in _PART.findall(written):
        # Only whole words have a plural: `ms` would otherwise read as minutes.
        size = _UNITS.get(unit) or (_UNITS.get(unit.removesuffix("s")) if len(unit) > _SHORTHAND else None)
        if size is None:
            raise ValueError(f"`{text}` is not a duration: `{unit}` is no unit; {FORMS}")
        span += timedelta(seconds=int(count) * size)
    return _positive(Duration(span=span), text)


def _positive(duration: Duration, text: str) -> Duration:
    if duration == Duration():
        raise ValueError(f"`{text}` is no time at all")
    if duration.span > _LONGEST:
        raise ValueError(f"`{text}` is longer than ten years")
    return duration


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
