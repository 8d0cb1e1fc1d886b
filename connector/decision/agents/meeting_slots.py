"""When two sides could meet: free in both calendars, in both working days, at the times they used to meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from connector.decision.business_hours import BusinessHours, zone_around
from connector.decision.decision import Question
from connector.decision.touches import around
from connector.policy import ActionPermission, Duration
from connector.record import FieldName, ObjectType, Record

OFFERED = 3
_WITHIN = Duration(business_days=10)
_USUAL = Duration(span=timedelta(minutes=30))
_STEP = timedelta(minutes=30)
_START, _END, _OUTCOME = FieldName("start_time"), FieldName("end_time"), FieldName("outcome")
_OFF = frozenset({"canceled", "cancelled", "no_show", "rescheduled"})


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One stretch of time."""

    start: datetime
    end: datetime

    def meets(self, other: Slot) -> bool:
        return self.start < other.end and other.start < self.end


def slots(question: Question, permission: ActionPermission, person: Record | None) -> tuple[Slot, ...]:
    """At most three free slots on different days, those at preferred times first; none where no time is free."""
    ours = BusinessHours(zone=question.policy.zone)
    theirs = BusinessHours(zone=_zone(question, person) or question.policy.zone)
    lasts, now = permission.lasts or _USUAL, question.context.now
    latest = (permission.due or _WITHIN).after(now, question.policy.zone)
    busy, liked = busy_times(question), liked_times(question, theirs.zone)
    best: dict[date, Slot] = {}
    for start in _starts(now, latest):
        slot = Slot(start, lasts.after(start, question.policy.zone))
        fits = ours.holds(start) and theirs.holds(start) and ours.holds(slot.end - _STEP) and theirs.holds(slot.end - _STEP)
        if not fits or any(slot.meets(other) for other in busy):
            continue
        day = start.astimezone(theirs.zone).date()
        if day not in best or _liking(slot, liked, theirs.zone) > _liking(best[day], liked, theirs.zone):
            best[day] = slot
    ranked = sorted(best.values(), key=lambda slot: (-_liking(slot, liked, theirs.zone), slot.start))
    return tuple(ranked[:OFFERED])


def busy_times(question: Question) -> tuple[Slot, ...]:
    """The meetings of owner and contact as the CRM knows them; what was called off is free."""
    return tuple(slot for slot, off in _meetings(question) if not off)


def liked_times(question: Question, zone: tzinfo) -> Counter[tuple[int, int]]:
    """How often meetings were held at each weekday and hour."""
    now = question.context.now
    held = (slot.start.astimezone(zone) for slot, off in _meetings(question) if not off and slot.end <= now)
    return Counter((start.weekday(), start.hour) for start in held)


def _meetings(question: Question) -> Iterator[tuple[Slot, bool]]:
    for meeting in around(question.context, ObjectType.MEETING):
        start, end = meeting.value(_START), meeting.value(_END)
        if isinstance(start, datetime):
            until = end if isinstance(end, datetime) and end > start else start + 2 * _STEP
            yield Slot(start, until), str(meeting.value(_OUTCOME) or "").casefold() in _OFF


def _starts(now: datetime, latest: datetime) -> Iterator[datetime]:
    """Half hours from tomorrow on: nobody is invited to a meeting within the day."""
    start = (now + timedelta(days=1)).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while start <= latest:
        yield start
        start += _STEP


def _liking(slot: Slot, liked: Counter[tuple[int, int]], zone: tzinfo) -> int:
    """The hour itself counts most, the same hour on another day a little."""
    local = slot.start.astimezone(zone)
    return 3 * liked[local.weekday(), local.hour] + sum(count for (_, hour), count in liked.items() if hour == local.hour)


def _zone(question: Question, person: Record | None) -> tzinfo | None:
    return zone_around(person, next(iter(around(question.context, ObjectType.ACCOUNT)), None))


def shown(slots: Sequence[Slot], zone: tzinfo) -> tuple[str, ...]:
    """Slots as their reader's clock shows them."""
    return tuple(f"{slot.start.astimezone(zone):%Y-%m-%d %H:%M (%Z)}" for slot in slots)
