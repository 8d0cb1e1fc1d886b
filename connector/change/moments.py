"""When a record is due under a policy's timers: pure rules over its fields, the policy's zone, and now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from connector.clock import from_micros, micros
from connector.policy import Matched, NotMatched, Policy
from connector.policy.facts import Facts
from connector.policy.trigger import Every, Scope
from connector.record import FieldName, FieldValue, Record

_WEEK, _WORKING = 7, 5


class Rule(StrEnum):
    """The ways a record becomes due without a change; a policy may have several. `set` is `every` over all together."""

    EVERY = "every"
    SET = "set"
    AFTER = "after"
    BEFORE = "before"


def rules_of(policy: Policy) -> Iterator[Rule]:
    """The timers of a policy that stand on each record; a set has one of its own."""
    when = policy.when
    if when.every is not None and when.scope is Scope.RECORD:
        yield Rule.EVERY
    if when.after is not None:
        yield Rule.AFTER
    if when.before is not None:
        yield Rule.BEFORE


def due_at(policy: Policy, rule: Rule, record: Record, now: datetime) -> datetime | None:
    """When the record is next due; None while its moment is unknown, or past where it was to come before it."""
    when = policy.when
    match rule:
        case Rule.EVERY | Rule.SET:
            return next_slot(policy, now)
        case Rule.AFTER:
            if when.after is None or (moment := _moment(policy, record, when.after.field, end=True)) is None:
                return None
            return when.after.silent_for.after(moment, policy.zone)
        case Rule.BEFORE:
            if when.before is None or (moment := _moment(policy, record, when.before.field, end=False)) is None:
                return None
            return when.before.by.before(moment, policy.zone) if moment > now else None


def _moment(policy: Policy, record: Record, name: FieldName, *, end: bool) -> datetime | None:
    """The moment in a field. A day counts from its end and towards its beginning, both in the policy's zone."""
    value = record.fields.get(name)
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value + timedelta(days=int(end)), time(), policy.zone)
    return None


def slot_of(policy: Policy, rule: Rule, due: datetime) -> str:
    """Names one due time of one timer: what makes it once-only."""
    return f"{policy.name}@{rule}:{from_micros(micros(due)).isoformat()}"


def still_due(policy: Policy, slot: str, record: Record, now: datetime) -> bool:
    """Whether a slot that fired still says the truth: a moment that moved meanwhile has a slot of its own."""
    name, _, rest = slot.partition("@")
    word = rest.partition(":")[0]
    if name != policy.name or word not in set(Rule):
        return False
    rule = Rule(word)
    if rule in (Rule.EVERY, Rule.SET):
        return recurs(policy, rule)
    due = due_at(policy, rule, record, now)
    return due is not None and slot == slot_of(policy, rule, due)


def recurs(policy: Policy, rule: Rule) -> bool:
    """Whether a timer of this kind goes on to a next slot under the policy as it is now."""
    wanted = Rule.SET if policy.when.scope is Scope.SET else Rule.EVERY
    return rule is wanted and policy.when.every is not None


def can_match(policy: Policy, fields: Mapping[FieldName, FieldValue], now: datetime) -> bool:
    """Whether a record can match when it is due: a condition on its own fields alone can be asked beforehand."""
    condition = policy.when.where
    if condition is None:
        return True
    names = condition.names
    if names.related or names.changed or not names.roots <= {*map(str, names.fields), "record"}:
        return True
    match condition.evaluate(Facts(fields=fields, now=now)):
        case Matched():
            return True
        case NotMatched():
            return False
        case _:
            return True  # it is reported when it is due


def next_slot(policy: Policy, now: datetime) -> datetime:
    """The first slot of `every` after now. Slots stand on a fixed grid, so that no restart adds, drops or moves one.

    Whole days fall on days counted from a fixed Monday, at the local time of day; anything else on equal spans of time.
    """
    every = policy.when.every
    assert every is not None
    if not every.interval.is_whole_days or not (every.interval.span or every.interval.business_days):
        step = max(every.interval.span, timedelta(seconds=1)) // timedelta(microseconds=1)
        return from_micros((micros(now) // step + 1) * step)
    day = now.astimezone(policy.zone).date() - timedelta(days=1)
    while True:
        day += timedelta(days=1)
        # The local clock may show this time twice or not at all on the day the clocks change: then the first, or the
        # moment the clock jumped past it.
        slot = datetime.combine(day, every.at or time(), policy.zone)
        if _is_slot_day(every, day) and micros(slot) > micros(now):
            return from_micros(micros(slot))


def _is_slot_day(every: Every, day: date) -> bool:
    passed = day.toordinal() - 1  # day 0 was a Monday
    if not every.interval.business_days:
        return passed % every.interval.span.days == 0
    weeks, weekday = divmod(passed, _WEEK)
    return weekday < _WORKING and (weeks * _WORKING + weekday) % every.interval.business_days == 0


def timer_marks(policy: Policy) -> frozenset[str]:
    """Names what a policy's timers are: another text means that every record must be given its timer anew."""
    if not any(True for _ in rules_of(policy)):
        return frozenset()
    when = policy.when
    content = f"{when.every} {when.after} {when.before} {when.where.source if when.where else ''} {policy.timezone}"
    return frozenset({f"@{policy.name}:{hashlib.sha256(content.encode()).hexdigest()[:16]}"})
