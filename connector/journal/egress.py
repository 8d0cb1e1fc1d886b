"""The egress ledger: per day, host, purpose and cause how many requests left this machine, and how many bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from connector.adapter import Departure, Purpose
from connector.store import Migration, Transaction

KEPT = timedelta(days=400)

MIGRATION = Migration(
    stage="egress",
    number=1,
    name="egress ledger",
    script="""
    CREATE TABLE egress_days (
        day TEXT NOT NULL,
        host TEXT NOT NULL,
        purpose TEXT NOT NULL,
        on_behalf TEXT NOT NULL,
        requests BIGINT NOT NULL,
        sent BIGINT NOT NULL,
        received BIGINT NOT NULL,
        PRIMARY KEY (day, host, purpose, on_behalf)
    )
    """,
)


def note_departures(tx: Transaction, departures: Sequence[Departure]) -> None:
    """Add what was counted to the days it belongs to, and forget days that are older than they are kept."""
    tx.run_many(
        """
        INSERT INTO egress_days (day, host, purpose, on_behalf, requests, sent, received)
        VALUES (:day, :host, :purpose, :on_behalf, :requests, :sent, :received)
        ON CONFLICT (day, host, purpose, on_behalf) DO UPDATE SET requests = egress_days.requests + excluded.requests,
            sent = egress_days.sent + excluded.sent, received = egress_days.received + excluded.received
        """,
        [
            {
                "day": one.day.isoformat(), "host": one.host, "purpose": one.purpose.value, "on_behalf": one.on_behalf,
                "requests": one.requests, "sent": one.sent, "received": one.received,
            }
            for one in departures
        ],
    )
    if departures:
        oldest = max(one.day for one in departures) - KEPT
        tx.run("DELETE FROM egress_days WHERE day < :oldest", oldest=oldest.isoformat())


def departures_since(tx: Transaction, day: date) -> tuple[Departure, ...]:
    """What left from a day on, newest day first."""
    rows = tx.rows(
        "SELECT * FROM egress_days WHERE day >= :day ORDER BY day DESC, host, purpose, on_behalf", day=day.isoformat()
    )
    return tuple(
        Departure(
            day=date.fromisoformat(row["day"]), host=row["host"], purpose=Purpose(row["purpose"]),
            on_behalf=row["on_behalf"], requests=row["requests"], sent=row["sent"], received=row["received"],
        )
        for row in rows
    )
