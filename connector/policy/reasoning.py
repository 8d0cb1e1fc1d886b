"""Who thinks for a policy: the tiers in order, how sure each must be, and what thinking may cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from connector.policy.reading import Section

MAX_SEARCHES = 20


class Tier(StrEnum):
    """A class of reasoner; settings say which model stands behind it."""

    OFFLINE = "offline"
    FAST = "fast"
    STANDARD = "standard"
    DEEP = "deep"
    LOCAL = "local"


PAID = frozenset({Tier.FAST, Tier.STANDARD, Tier.DEEP})


@dataclass(frozen=True, slots=True, kw_only=True)
class TierStep:
    """One tier of a cascade. It stops the cascade when it promises at least `accept`; None means the gate's target."""

    tier: Tier
    accept: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoning:
    """The cascade of a policy and its bounds. A tier without credentials hands on to the next."""

    cascade: tuple[TierStep, ...] = (TierStep(tier=Tier.OFFLINE),)
    searches: int = 0
    usd_per_day: Decimal | None = None
    usd_per_record: Decimal | None = None

    @property
    def can_cost(self) -> bool:
        return any(step.tier in PAID for step in self.cascade)


def read_reasoning(section: Section) -> Reasoning:
    """The section `reason`; without it the offline tier decides alone."""
    reasoning = Reasoning(
        cascade=_cascade(section),
        searches=section.whole("searches", default=0, low=0, high=MAX_SEARCHES),
        usd_per_day=section.optional_usd("usd_per_day"),
        usd_per_record=section.optional_usd("usd_per_record"),
    )
    section.close()
    return reasoning


def _cascade(section: Section) -> tuple[TierStep, ...]:
    accept = section.optional_share("accept", low="0.5", high="0.9999")
    if not section.has("cascade"):
        return (TierStep(tier=section.word("tier", Tier, default=Tier.OFFLINE), accept=accept),)
    if section.has("tier"):
        section.wrong("tier", "give either `tier` or `cascade`, not both")
    steps = []
    for step in section.sections("cascade", bare="tier"):
        own = step.optional_share("accept", low="0.5", high="0.9999")
        steps.append(TierStep(tier=step.word("tier", Tier), accept=accept if own is None else own))
        step.close()
    tiers = [step.tier for step in steps]
    if len(set(tiers)) != len(tiers):
        section.wrong("cascade", "names a tier twice")
    return tuple(steps)
