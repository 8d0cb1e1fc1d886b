"""What a policy tells the pipeline agent: how long a stage may take, the rivals to look for, and where the flag is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from connector.decision.outcome import Outcome
from connector.policy import Duration, NamedAgent, Policy, Section
from connector.record import FieldName

STAGE = FieldName("stage")
DECIDERS = ("ceo", "cfo", "cto", "cio", "coo", "chief", "president", "vp", "director", "head", "owner", "founder", "partner")
ENDED = Outcome(
    field=STAGE, won=frozenset({"Closed Won", "closedwon"}), lost=frozenset({"Closed Lost", "closedlost"})
)  # the stages both CRMs come with


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineOptions:
    """The agent's own keys. `stages` holds how long a deal may stand in each stage; `flag` is a field with the health."""

    stages: Mapping[str, Duration] = field(default_factory=dict)
    silent_for: Duration = Duration(span=timedelta(days=14))  # noqa: RUF009 - a frozen value
    competitors: tuple[str, ...] = ()
    deciders: tuple[str, ...] = DECIDERS
    flag: FieldName | None = None
    outcome: Outcome = ENDED

    @property
    def fields(self) -> tuple[FieldName, ...]:
        """What must be read of a deal beside the shared fields."""
        return (self.outcome.field, *((self.flag,) if self.flag is not None else ()))


def options_of(policy: Policy) -> PipelineOptions:
    agent = policy.agent
    own = agent.options if isinstance(agent, NamedAgent) else None
    return own if isinstance(own, PipelineOptions) else PipelineOptions()


def read_pipeline_options(section: Section) -> PipelineOptions:
    stages = section.section("stages")
    longest = {name: stages.duration(name) for name in stages.words_in_order()}
    usual = PipelineOptions()
    return PipelineOptions(
        stages=longest, silent_for=section.duration("silent_for", default=usual.silent_for),
        competitors=section.texts("competitors"), deciders=section.texts("deciders") or DECIDERS,
        flag=FieldName(section.name("flag")) if section.has("flag") else None,
        outcome=_outcome(section.section("outcome")),
    )


def _outcome(section: Section) -> Outcome:
    won, lost = frozenset(section.texts("won")), frozenset(section.texts("lost"))
    if bool(won) is not bool(lost):
        section.wrong("lost" if won else "won", "is missing: an outcome needs both ends")
    if both := sorted(won & lost):
        section.wrong("lost", f"`{both[0]}` stands under `won` as well")
    section.close()
    return Outcome(field=STAGE, won=won or ENDED.won, lost=lost or ENDED.lost)
