"""When a person must agree: the supervision of a policy, the precision it must prove, and how it is checked later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from connector.policy.durations import Duration
from connector.policy.reading import Section


class Supervision(StrEnum):
    """Whether an action waits for a person, from strictest to loosest."""

    ALWAYS = "always"
    UNTIL_EARNED = "until_earned"
    NEVER = "never"


class Proof(StrEnum):
    """What evidence must carry a value: `staff` refuses values that rest on outsiders' text alone."""

    ANY = "any"
    STAFF = "staff"


_THREE_DAYS = Duration(business_days=3)
_QUARTER = Duration(span=timedelta(days=90))


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRule:
    """The gate of a policy. `target` is the precision autonomy must prove; `audit` is judged blind after that.

    `needs` raises the proof for every action of the policy; a field may ask for more, never for less.
    `supervised_for` is the least time between a cell's first label and its promotion, whatever the labels say.
    `hands_off` is how long a field that a person corrected is left to people on that record.
    """

    supervised: Supervision = Supervision.UNTIL_EARNED
    target: Decimal = Decimal("0.98")
    audit: Decimal = Decimal("0.02")
    needs: Proof = Proof.ANY
    approvers: str | None = None
    expires: Duration = _THREE_DAYS
    supervised_for: Duration | None = None
    hands_off: Duration = _QUARTER


def read_gate(section: Section) -> GateRule:
    """The section `gate`."""
    default = GateRule()
    rule = GateRule(
        supervised=section.word("supervised", Supervision, default=default.supervised),
        target=section.share("target", default=default.target, low="0.5", high="0.9999"),
        audit=section.share("audit", default=default.audit, low="0.001"),
        needs=section.word("needs", Proof, default=default.needs),
        approvers=section.optional_text("approvers"),
        expires=section.duration("expires", default=default.expires),
        supervised_for=section.optional_duration("supervised_for"),
        hands_off=section.duration("hands_off", default=default.hands_off),
    )
    section.close()
    return rule
