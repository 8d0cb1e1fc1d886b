"""When a policy wakes: events on a record or its relations, timers, silence, a coming moment, and a condition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum

from connector.policy.conditions import Condition, read_condition
from connector.policy.durations import Duration
from connector.policy.reading import Section
from connector.policy.scalars import did_you_mean
from connector.record import FieldName, ObjectType

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


class Wake(StrEnum):
    """An event that can wake a policy. `agent_write` is a write of another policy of ours."""

    CREATED = "created"
    CHANGED = "changed"
    ASSOCIATED = "associated"
    AGENT_WRITE = "agent_write"


class Scope(StrEnum):
    """Whether the agent sees one record at a time or all that match together."""

    RECORD = "record"
    SET = "set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """A timer that comes due again and again; `at` fixes the local time of day."""

    interval: Duration
    at: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Due when the moment in `field` lies this long back."""

    field: FieldName
    silent_for: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """Due this long before the moment in `field`."""

    field: FieldName
    by: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What wakes a policy. `fields` narrows changed and agent_write, and makes the fingerprint of the trigger."""

    object: ObjectType
    events: frozenset[Wake] = frozenset()
    fields: tuple[FieldName, ...] = ()
    where: Condition | None = None
    related: Mapping[ObjectType, frozenset[Wake]] = field(default_factory=dict)
    every: Every | None = None
    after: Silence | None = None
    before: Ahead | None = None
    scope: Scope = Scope.RECORD

    @property
    def is_timed(self) -> bool:
        return self.every is not None or self.after is not None or self.before is not None


def read_trigger(section: Section) -> Trigger:
    """The section `when`."""
    trigger = Trigger(
        object=section.word("object", ObjectType),
        events=frozenset(section.words("events", Wake)),
        fields=tuple(FieldName(name) for name in section.names_list("fields")),
        where=read_condition(section, "where"),
        related=_related(section.section("related")),
        every=_every(section),
        after=_silence(section.section("after")) if section.has("after") else None,
        before=_ahead(section.section("before")) if section.has("before") else None,
        scope=section.word("scope", Scope, default=Scope.RECORD),
    )
    _check(section, trigger)
    section.close()
    return trigger


def _check(section: Section, trigger: Trigger) -> None:
    if not (trigger.events or trigger.related or trigger.is_timed) and not section.has("events"):
        section.wrong("object", "nothing wakes this policy: add `events`, `related`, `every`, `after` or `before`")
    if trigger.events & {Wake.CHANGED, Wake.AGENT_WRITE} and not trigger.fields and not section.has("fields"):
        section.wrong("events", "`changed` and `agent_write` need `fields`: name the fields whose change matters")
    if trigger.scope is Scope.SET and (
        trigger.every is None or trigger.events or trigger.related or trigger.after or trigger.before
    ):
        section.wrong("scope", "`set` looks at all records together: it needs `every`, and no events or other timers")


def _related(section: Section) -> Mapping[ObjectType, frozenset[Wake]]:
    related: dict[ObjectType, frozenset[Wake]] = {}
    known = [kind.value for kind in ObjectType]
    for name in section.names():
        events = frozenset(section.words(name, Wake))
        if name not in known:
            section.wrong(name, f"unknown object{did_you_mean(name, known)}")
        elif Wake.AGENT_WRITE in events:
            section.wrong(name, "`agent_write` belongs under `events`, not under `related`")
        elif not events:
            section.wrong(name, "say which events, such as `[created]`")
        else:
            related[ObjectType(name)] = events
    return related


def _every(section: Section) -> Every | None:
    interval = section.optional_duration("every")
    at = section.parsed("at", _time_of_day, default=_MIDNIGHT) if section.has("at") else None
    if at is not None and interval is None:
        section.wrong("at", "goes with `every`")
    elif at is not None and interval is not None and not interval.is_whole_days:
        section.wrong("at", "goes with whole days, such as `every: 1 day`")
    return Every(interval=interval, at=at) if interval is not None else None


_MIDNIGHT = time(0, 0)


def _time_of_day(text: str) -> time:
    written = _TIME.fullmatch(text)
    if not written:
        raise ValueError(f"`{text}` is not a time of day: write it like 07:30")
    return time(int(written[1]), int(written[2]))


def _silence(section: Section) -> Silence:
    silence = Silence(field=FieldName(section.name("field")), silent_for=section.duration("silent_for"))
    section.close()
    return silence


def _ahead(section: Section) -> Ahead:
    ahead = Ahead(field=FieldName(section.name("field")), by=section.duration("by"))
    section.close()
    return ahead
