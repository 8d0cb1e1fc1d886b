"""Who gets what the agent cannot settle, by when, who is next, and what happens when nobody answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from connector.policy.durations import Duration
from connector.policy.reading import Section


class Unanswered(StrEnum):
    """What becomes of a case after the last person's time is up. Nothing is ever written by default."""

    DENY = "deny"  # closed without a write
    WAIT = "wait"  # stays open with the last person


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRule:
    """The ladder of people: `to` first, each has `due`, then the next; `default` when the ladder ends."""

    to: str
    due: Duration
    then: tuple[str, ...] = ()
    default: Unanswered = Unanswered.DENY

    @property
    def ladder(self) -> tuple[str, ...]:
        return (self.to, *self.then)


def read_handoff(section: Section) -> HandoffRule:
    """The section `handoff`."""
    rule = HandoffRule(
        to=section.text("to"),
        due=section.duration("due", default=Duration(business_days=1)),
        then=section.texts("then"),
        default=section.word("default", Unanswered, default=Unanswered.DENY),
    )
    if len(set(rule.ladder)) != len(rule.ladder):
        section.wrong("then", "names somebody who had the case before")
    section.close()
    return rule
