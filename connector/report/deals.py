"""How every open deal stands, as the pipeline agent's newest decision says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from connector.decision.decisions import RecordedDecision
from connector.record import RecordRef

WORST_FIRST = ("red", "amber", "green")


@dataclass(frozen=True, slots=True, kw_only=True)
class DealStanding:
    """How one deal stood when it was last looked at."""

    ref: RecordRef
    health: str
    reasons: tuple[str, ...]
    next_step: str
    policy: str
    decision: str
    at: datetime


def standings(found: Iterable[RecordedDecision]) -> tuple[DealStanding, ...]:
    """The newest word on each deal, the worst first, then the longest unchanged."""
    newest: dict[RecordRef, DealStanding] = {}
    for one in found:
        said = one.detail.get("findings") or {}
        health = next(iter(said.get("health", ())), None)
        if health is not None:
            newest[one.ref] = DealStanding(
                ref=one.ref, health=health, reasons=tuple(said.get("reasons", ())),
                next_step=next(iter(said.get("next_step", ())), ""), policy=one.policy, decision=one.id, at=one.decided_at,
            )
        else:
            newest.pop(one.ref, None)  # looked at again without a finding: it was closed
    return tuple(sorted(newest.values(), key=lambda one: (WORST_FIRST.index(one.health), one.at, str(one.ref))))
