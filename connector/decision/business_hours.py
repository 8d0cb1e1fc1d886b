"""When to reach somebody: inside business hours where they are, and at the hour at which they used to answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo

from connector.decision.time_zones import zone_of
from connector.record import FieldName, Record

ENOUGH_ANSWERS = 3  # fewer say nothing about somebody's habits
_SATURDAY = 5
_SEARCHED = timedelta(days=14)
_QUARTER = timedelta(minutes=15)
_PLACE = tuple(FieldName(name) for name in ("country", "state", "phone"))
_MOBILE = FieldName("mobile")


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessHours:
    """Working time in one place, Monday to Friday. `usual` holds the hours at which somebody answered before."""

    zone: tzinfo
    opens: time = time(9)
    closes: time = time(17)
    usual: tuple[int, ...] = field(default=())

    def holds(self, moment: datetime) -> bool:
        local = moment.astimezone(self.zone)
        return local.weekday() < _SATURDAY and self.opens <= local.time() < self.closes

    def next_moment(self, after: datetime) -> datetime:
        """The next working moment at an hour of habit, within a working day; else simply the next working moment."""
        first = next(self._moments(after), after)
        if not self.usual:
            return first
        soon = (moment for moment in self._moments(first) if moment - first < timedelta(days=1))
        return next((moment for moment in soon if moment.astimezone(self.zone).hour in self.usual), first)

    def _moments(self, after: datetime) -> Iterator[datetime]:
        """Working moments from `after` on: at once if it is one, then every quarter of an hour."""
        if self.holds(after):
            yield after
        begun = timedelta(minutes=after.minute % 15, seconds=after.second, microseconds=after.microsecond)
        moment = after - begun + _QUARTER
        while moment < after + _SEARCHED:
            if self.holds(moment):
                yield moment
            moment += _QUARTER


def usual_hours(moments: Iterable[datetime], zone: tzinfo) -> tuple[int, ...]:
    """The local hours that at least a third of these moments share; empty where there are too few to tell."""
    hours = Counter(moment.astimezone(zone).hour for moment in moments)
    answered = sum(hours.values())
    if answered < ENOUGH_ANSWERS:
        return ()
    return tuple(sorted(hour for hour, count in hours.items() if 3 * count >= answered))


def zone_around(person: Record | None, account: Record | None) -> tzinfo | None:
    """Where a person works, by their own record first and their account's after it."""
    for record in (person, account):
        if record is None:
            continue
        country, state, phone = (_text(record, name) for name in _PLACE)
        zone = zone_of(country=country, state=state, phone=phone or _text(record, _MOBILE))
        if zone is not None:
            return zone
    return None


def _text(record: Record, name: FieldName) -> str:
    value = record.value(name)
    return value if isinstance(value, str) else ""
