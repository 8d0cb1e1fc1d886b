"""The brakes: how much a policy may do to one record, in an hour, to a whole object, in a run, and at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from connector.policy.reading import Section
from connector.policy.scalars import did_you_mean
from connector.record import ActionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Ceilings the gate counts against; what is above them is held back, never dropped.

    `share_of_object` is the part of all records of the object written in 24 hours. `error_budget` is the share of
    conflicts and overrides above which the policy pauses itself. `per_day` counts actions of one kind.
    """

    writes_per_record_per_day: int = 3
    records_per_hour: int = 500
    share_of_object: Decimal = Decimal("0.10")
    actions_per_decision: int = 10
    actions_per_run: int | None = None
    usd_per_day: Decimal | None = None
    error_budget: Decimal = Decimal("0.05")
    per_day: Mapping[ActionKind, int] = field(default_factory=dict)


def read_limits(section: Section) -> Limits:
    """The section `limits`; every limit has a default, none can be switched off."""
    default = Limits()
    limits = Limits(
        writes_per_record_per_day=section.whole("writes_per_record_per_day", default=default.writes_per_record_per_day),
        records_per_hour=section.whole("records_per_hour", default=default.records_per_hour),
        share_of_object=section.share("share_of_object", default=default.share_of_object),
        actions_per_decision=section.whole("actions_per_decision", default=default.actions_per_decision, high=100),
        actions_per_run=section.optional_whole("actions_per_run"),
        usd_per_day=section.optional_usd("usd_per_day"),
        error_budget=section.share("error_budget", default=default.error_budget),
        per_day=_per_day(section.section("per_day")),
    )
    section.close()
    return limits


def _per_day(section: Section) -> Mapping[ActionKind, int]:
    known = [kind.value for kind in ActionKind]
    counts: dict[ActionKind, int] = {}
    for name in section.names():
        count = section.whole(name, low=0)
        if name in known:
            counts[ActionKind(name)] = count
        else:
            section.wrong(name, f"unknown action{did_you_mean(name, known)}")
    return counts
