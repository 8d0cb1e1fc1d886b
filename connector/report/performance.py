"""How the service did over a time, by policy and by day: what it decided, what came of it, what people said, the cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connector.calibration import ReliabilityBin, drift_of_probabilities, lower_bound, reliability_table
from connector.clock import from_micros
from connector.gate import feedback
from connector.gate.labels import LabelSource
from connector.report.integrity import Baseline, Integrity, baseline, integrity
from connector.report.period import MICROS_A_DAY, Period, middle, ninth, share
from connector.report.tally import JudgedProposal, Tally, judged_proposals, tallies_of
from connector.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFigures:
    """One policy's time. Shares are None where nothing was there to divide by.

    `task_success` is the share of judged proposals that people agreed with, `success_low` what it is at least (one-sided
    95 %). An accepted decision is one that led to a write nobody corrected or took back.
    """

    policy: str
    decisions: int
    alone: int
    asked: int
    handed_off: int
    braked: int
    judged: int
    agreed: int
    applied: int
    conflicts: int
    refused: int
    corrected: int
    taken_back: int
    accepted: int
    usd: Decimal
    seconds_to_write: float | None
    seconds_to_write_p90: float | None
    hours_to_answer: float | None
    hours_to_settle: float | None
    needed_said: int
    needed: int
    enough_said: int
    enough: int
    drift: float | None

    @property
    def coverage(self) -> float | None:
        return share(self.alone, self.decisions)

    @property
    def escalation_rate(self) -> float | None:
        return share(self.handed_off, self.decisions)

    @property
    def task_success(self) -> float | None:
        return share(self.agreed, self.judged)

    @property
    def success_low(self) -> float | None:
        return lower_bound(self.agreed, self.judged) if self.judged else None

    @property
    def usd_per_accepted(self) -> Decimal | None:
        return (self.usd / self.accepted).quantize(Decimal("0.000001")) if self.accepted else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of all policies together."""

    day: str
    alone: int
    asked: int
    handed_off: int
    judged: int
    agreed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """The whole report of one period."""

    period: Period
    policies: tuple[PolicyFigures, ...]
    days: tuple[Day, ...]
    integrity: Integrity
    baseline: Baseline
    reliability: tuple[ReliabilityBin, ...]


def performance(tx: Transaction, period: Period) -> Performance:
    """Read everything from the state alone."""
    judged = [*judged_proposals(tx, period)]
    tallies = tallies_of(tx, period, judged)
    return Performance(
        period=period,
        policies=tuple(_figures(name, tally) for name, tally in sorted(tallies.items())),
        days=tuple(_days(tx, period, judged)),
        integrity=integrity(tx, period),
        baseline=baseline(tx, period),
        reliability=reliability_table([one.confidence for one in judged], [one.agreed for one in judged]),
    )


def _figures(policy: str, tally: Tally) -> PolicyFigures:
    counted, outcomes = tally.dispositions, tally.outcomes
    agreed = sum(one.agreed for one in tally.judged)
    audits = [one for one in tally.judged if one.source is LabelSource.AUDIT]
    quality = tally.quality or feedback.EscalationQuality(needed_said=0, needed=0, enough_said=0, enough=0)
    drift = drift_of_probabilities([one.confidence for one in audits], [one.agreed for one in audits]) if audits else None
    return PolicyFigures(
        policy=policy, decisions=sum(counted.values()), alone=counted["auto"], asked=counted["approval"],
        handed_off=counted["handoff"], braked=counted["braked"], judged=len(tally.judged), agreed=agreed,
        applied=outcomes["applied"], conflicts=outcomes["conflicted"], refused=outcomes["refused"],
        corrected=outcomes["corrected"], taken_back=outcomes["taken_back"], accepted=len(tally.wrote - tally.undone),
        usd=tally.usd, seconds_to_write=middle(tally.to_write), seconds_to_write_p90=ninth(tally.to_write),
        hours_to_answer=middle(tally.to_answer), hours_to_settle=middle(tally.to_settle),
        needed_said=quality.needed_said, needed=quality.needed, enough_said=quality.enough_said, enough=quality.enough,
        drift=drift.deviations if drift is not None else None,
    )


def _days(tx: Transaction, period: Period, judged: Sequence[JudgedProposal]) -> Iterator[Day]:
    counted: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in tx.rows(
        f"SELECT decided_at / {MICROS_A_DAY} AS day, disposition, COUNT(*) AS n FROM decision_decisions "
        f"WHERE decided_at >= :since AND decided_at < :until GROUP BY decided_at / {MICROS_A_DAY}, disposition",
        **period.parameters,
    ):
        counted[from_micros(int(row["day"]) * MICROS_A_DAY).date().isoformat()][row["disposition"]] += row["n"]
    for day in period.days:
        own = [one.agreed for one in judged if one.day == day]
        yield Day(
            day=day, alone=counted[day]["auto"], asked=counted[day]["approval"] + counted[day]["braked"],
            handed_off=counted[day]["handoff"], judged=len(own), agreed=sum(own),
        )
