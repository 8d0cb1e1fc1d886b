"""What a period holds, counted by policy: decisions, writes, verdicts, waits and money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from connector.clock import from_micros
from connector.gate import feedback
from connector.gate.cells import Cell
from connector.gate.labels import LabelSource
from connector.journal import EntryKind
from connector.report.period import Period
from connector.store import Row, Transaction, word


@dataclass(frozen=True, slots=True)
class JudgedProposal:
    policy: str
    day: str
    agreed: bool
    confidence: float
    source: LabelSource


@dataclass(slots=True)
class Tally:
    dispositions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    judged: list[JudgedProposal] = field(default_factory=list)
    usd: Decimal = Decimal(0)
    to_write: list[float] = field(default_factory=list)
    to_answer: list[float] = field(default_factory=list)
    to_settle: list[float] = field(default_factory=list)
    wrote: set[str] = field(default_factory=set)
    undone: set[str] = field(default_factory=set)
    quality: feedback.EscalationQuality | None = None


def judged_proposals(tx: Transaction, period: Period) -> Iterator[JudgedProposal]:
    rows = tx.rows(
        "SELECT cell, agreed, confidence, source, at FROM gate_labels WHERE at >= :since AND at < :until "
        "AND source <> :brought ORDER BY at, cell, content",
        brought=LabelSource.IMPORT.value, **period.parameters,
    )
    for row in rows:
        yield JudgedProposal(
            Cell.parse(row["cell"]).policy, from_micros(row["at"]).date().isoformat(), bool(row["agreed"]),
            row["confidence"], word(LabelSource, row["source"]),
        )


def tallies_of(tx: Transaction, period: Period, judged: Sequence[JudgedProposal]) -> dict[str, Tally]:
    tallies: dict[str, Tally] = defaultdict(Tally)
    for row in tx.rows(
        "SELECT policy, disposition, COUNT(*) AS n, SUM(CAST(usd AS DOUBLE PRECISION)) AS usd FROM decision_decisions "
        "WHERE decided_at >= :since AND decided_at < :until GROUP BY policy, disposition",
        **period.parameters,
    ):
        tallies[row["policy"]].dispositions[row["disposition"]] = row["n"]
        tallies[row["policy"]].usd += Decimal(str(round(row["usd"] or 0.0, 9)))
    for one in judged:
        tallies[one.policy].judged.append(one)
    for row in _written(tx, period):
        _count_write(tallies[row["policy"]], row)
    for row in tx.rows(
        "SELECT policy, decision, kind FROM journal_entries WHERE at >= :since AND at < :until "
        "AND kind IN (:corrected, :undone) AND decision IS NOT NULL",
        corrected=EntryKind.CORRECTED.value, undone=EntryKind.REVERTED.value, **period.parameters,
    ):
        _count_undone(tallies, row)
    _count_waits(tx, period, tallies)
    for policy, quality in feedback.quality(tx).items():
        tallies[policy].quality = quality
    return tallies


def _written(tx: Transaction, period: Period) -> list[Row]:
    return tx.rows(
        "SELECT o.policy, o.decision, o.state, o.purpose, o.settled_at, d.occurred_at FROM writeback_outbox o "
        "LEFT JOIN decision_decisions d ON d.decision = o.decision WHERE o.settled_at >= :since AND o.settled_at < :until",
        **period.parameters,
    )


def _count_write(tally: Tally, row: Row) -> None:
    if row["purpose"] != "act":
        return
    tally.outcomes[row["state"]] += 1
    if row["state"] == "applied":
        tally.wrote.add(row["decision"])
        if row["occurred_at"] is not None:
            tally.to_write.append((row["settled_at"] - row["occurred_at"]) / 1e6)


def _count_undone(tallies: Mapping[str, Tally], row: Row) -> None:
    """A correction's entry names no policy: the decision is looked for among those that wrote."""
    for tally in tallies.values():
        if row["decision"] in tally.wrote:
            tally.undone.add(row["decision"])
            tally.outcomes["corrected" if row["kind"] == EntryKind.CORRECTED.value else "taken_back"] += 1
            return


def _count_waits(tx: Transaction, period: Period, tallies: Mapping[str, Tally]) -> None:
    for table, begun, states, into in (
        ("gate_approvals", "asked_at", ("approved", "rejected"), "to_answer"),
        ("gate_handoffs", "opened_at", ("closed", "returned"), "to_settle"),
    ):
        for row in tx.rows(
            f"SELECT policy, {begun} AS begun, settled_at FROM {table} WHERE settled_at >= :since AND settled_at < :until "
            f"AND state IN ('{states[0]}', '{states[1]}')",
            **period.parameters,
        ):
            getattr(tallies[row["policy"]], into).append((row["settled_at"] - row["begun"]) / 3.6e9)
