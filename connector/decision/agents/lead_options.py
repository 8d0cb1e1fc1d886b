"""What a policy tells lead scoring: the team's scorecard, its tiers and what follows from each, and what an outcome is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connector.decision.engagement import ENGAGEMENT
from connector.decision.outcome import STATUS, Outcome
from connector.policy import Condition, NamedAgent, Policy, Section, read_condition
from connector.record import FieldName

HIGHEST = 100
_TIERS: Mapping[str, int] = {"hot": 70, "warm": 40, "cold": 0}


class NextStep(StrEnum):
    """What a team does with a lead of some tier."""

    ROUTE = "route"  # to a senior rep
    DEMO = "schedule_demo"
    NURTURE = "nurture"
    LOW = "low_priority"


_ACTIONS: Mapping[str, NextStep] = {"hot": NextStep.ROUTE, "warm": NextStep.DEMO, "cold": NextStep.NURTURE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """One line of the scorecard: points, up or down, where `when` holds."""

    when: Condition
    points: int
    because: str

    @property
    def is_engagement(self) -> bool:
        """Whether it looks at what somebody did since the lead came in, which no intake can hold."""
        return bool(self.when.names.roots & ENGAGEMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadOptions:
    """The agent's own keys. `tiers` stand from the highest to the lowest, each with the least score it takes."""

    outcome: Outcome = field(default_factory=Outcome)
    columns: tuple[FieldName, ...] = ()
    start: int = 0
    scorecard: tuple[ScoreLine, ...] = ()
    tiers: Mapping[str, int] = field(default_factory=lambda: dict(_TIERS))
    actions: Mapping[str, NextStep] = field(default_factory=lambda: dict(_ACTIONS))
    scored_at: FieldName | None = None

    @property
    def fields(self) -> tuple[FieldName, ...]:
        """What must be read of a lead beside the shared fields."""
        named = (*self.columns, self.outcome.field, *((self.scored_at,) if self.scored_at is not None else ()))
        return tuple(dict.fromkeys(named))

    @property
    def conditions(self) -> tuple[tuple[str, Condition], ...]:
        return tuple((f"scorecard[{place}].when", line.when) for place, line in enumerate(self.scorecard, start=1))

    def tier(self, score: int) -> str:
        lowest = tuple(self.tiers)[-1]
        return next((tier for tier, least in self.tiers.items() if score >= least), lowest)

    def band(self, tier: str) -> tuple[int, int]:
        """The scores of a tier: from its least up to the least of the one above."""
        above = [least for least in self.tiers.values() if least > self.tiers[tier]]
        return self.tiers[tier], min(above, default=HIGHEST)


def options_of(policy: Policy) -> LeadOptions:
    """What this policy tells the agent; one that names the agent alone tells it the usual."""
    agent = policy.agent
    return agent.options if isinstance(agent, NamedAgent) and isinstance(agent.options, LeadOptions) else LeadOptions()


def read_options(section: Section) -> LeadOptions:
    tiers = _tiers(section.section("tiers")) if section.has("tiers") else dict(_TIERS)
    actions = _actions(section.section("actions"), tiers) if section.has("actions") else dict(_ACTIONS)
    return LeadOptions(
        outcome=_outcome(section.section("outcome")), columns=tuple(map(FieldName, section.names_list("columns"))),
        start=section.whole("start", default=0, low=0, high=HIGHEST),
        scorecard=tuple(line for one in section.sections("scorecard", bare="when") if (line := _line(one)) is not None),
        tiers=tiers, actions={tier: step for tier, step in actions.items() if tier in tiers},
        scored_at=FieldName(section.name("scored_at")) if section.has("scored_at") else None,
    )


def _outcome(section: Section) -> Outcome:
    usual = Outcome()
    won, lost = frozenset(section.texts("won")), frozenset(section.texts("lost"))
    name = FieldName(section.name("field", default=STATUS))
    if bool(won) is not bool(lost):
        section.wrong("lost" if won else "won", "is missing: an outcome needs both ends")
    if both := sorted(won & lost):
        section.wrong("lost", f"`{both[0]}` stands under `won` as well")
    section.close()
    return Outcome(field=name, won=won or usual.won, lost=lost or usual.lost)


def _line(section: Section) -> ScoreLine | None:
    if not section.has("when"):
        section.wrong("when", "is missing: say when the points count")
    when = read_condition(section, "when") if section.has("when") else None
    points = section.whole("points", low=-HIGHEST, high=HIGHEST)
    because = section.optional_text("because")
    section.close()
    return ScoreLine(when=when, points=points, because=because or when.source) if when is not None else None


def _tiers(section: Section) -> Mapping[str, int]:
    """From the highest to the lowest, whatever their order in the file; the lowest takes every score."""
    least = {tier: section.whole(tier, low=0, high=HIGHEST) for tier in section.words_in_order()}
    if least and min(least.values()) > 0:
        section.wrong(min(least, key=lambda tier: least[tier]), "the lowest tier starts at 0")
    if len({*least.values()}) < len(least):
        section.wrong(next(iter(least)), "two tiers start at the same score")
    return dict(sorted(least.items(), key=lambda entry: -entry[1])) or dict(_TIERS)


def _actions(section: Section, tiers: Mapping[str, int]) -> Mapping[str, NextStep]:
    actions = {tier: section.word(tier, NextStep) for tier in section.words_in_order()}
    for tier in actions:
        if tier not in tiers:
            section.wrong(tier, f"is not one of the tiers {', '.join(tiers)}")
    return actions
