"""Whether the CRM is in order: what became of writes, how complete capture was, and how long the same took people before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from connector.clock import from_micros
from connector.journal import EntryKind
from connector.report.period import MICROS_A_DAY, Period, middle
from connector.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """What became of writes, and how complete capture was when last compared; None where it never was."""

    writes: int
    conflicts_kept: int
    restored: int
    unknown: int
    compared_at: datetime | None
    records: int | None
    matched: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """How long people took for the same fields in the week before activation, next to how long it takes now."""

    since: datetime | None
    values: int
    hours_before: float | None
    hours_now: float | None


def integrity(tx: Transaction, period: Period) -> Integrity:
    counted = {
        row["kind"]: row["n"]
        for row in tx.rows(
            "SELECT kind, COUNT(*) AS n FROM journal_entries WHERE at >= :since AND at < :until AND record IS NOT NULL "
            "GROUP BY kind",
            **period.parameters,
        )
    }
    unknown = tx.one("SELECT COUNT(*) AS n FROM writeback_outbox WHERE state = 'unknown'")
    compared = tx.one(
        "SELECT e.at, b.body FROM journal_entries e LEFT JOIN journal_bodies b ON b.body_digest = e.body_digest "
        "WHERE e.kind = :kind ORDER BY e.seq DESC LIMIT 1",
        kind=EntryKind.RECONCILED.value,
    )
    found = json.loads(compared["body"]) if compared is not None and compared["body"] else {}
    return Integrity(
        writes=counted.get(EntryKind.APPLIED.value, 0), conflicts_kept=counted.get(EntryKind.CONFLICTED.value, 0),
        restored=counted.get(EntryKind.RESTORED.value, 0), unknown=int(unknown["n"]) if unknown else 0,
        compared_at=from_micros(compared["at"]) if compared is not None else None, records=found.get("records"),
        matched=found.get("matched"),
    )


def baseline(tx: Transaction, period: Period) -> Baseline:
    """From the values people gave in the week before the first activation, by the CRM's own stamps.

    A value that came with its record tells nothing of how long somebody took for it.
    """
    first = tx.one("SELECT MIN(activated_at) AS at FROM change_cursors")
    if first is None or first["at"] is None:
        return Baseline(since=None, values=0, hours_before=None, hours_now=None)
    began = first["at"] - 7 * MICROS_A_DAY
    rows = tx.rows(
        "SELECT e.stamped_at - s.created_at AS took FROM context_examples e JOIN change_seen s "
        "ON s.connection = e.connection AND s.object = e.object AND s.record = e.record "
        "WHERE e.source = 'staff' AND s.created_at >= :began AND s.created_at < :activated AND e.stamped_at < :activated "
        "AND e.stamped_at > s.created_at",
        began=began, activated=first["at"],
    )
    now = [
        (row["settled_at"] - row["created_at"]) / 3.6e9
        for row in tx.rows(
            "SELECT o.settled_at, s.created_at FROM writeback_outbox o JOIN change_seen s ON s.connection = o.connection "
            "AND s.object = o.object AND s.record = o.record WHERE o.state = 'applied' AND o.purpose = 'act' "
            "AND o.kind = 'update' AND o.settled_at >= :since AND o.settled_at < :until AND s.created_at >= :activated",
            activated=first["at"], **period.parameters,
        )
    ]
    return Baseline(
        since=from_micros(began), values=len(rows), hours_before=middle([row["took"] / 3.6e9 for row in rows]),
        hours_now=middle(now),
    )
