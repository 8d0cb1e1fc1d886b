"""How long deals that ended had stood in each stage: what an open deal's time in its stage is measured against."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Protocol

from connector.adapter import Stay
from connector.clock import from_micros, micros
from connector.context.refs import columns_of, ref_of
from connector.journal import canonical
from connector.record import ConnectionName, FieldName, ObjectType, Record, RecordRef
from connector.store import Migration, Store, Transaction

NEWEST = 2_000
"""How many deals that ended, the newest first, are kept to compare with."""
ENOUGH = 10
"""From how many won deals in a stage on the rest of them says something."""
STAGE, PIPELINE, AMOUNT = FieldName("stage"), FieldName("pipeline"), FieldName("amount")
_ALIKE = 3  # an amount that is at most so many times as large, or as small, is alike

MIGRATION = Migration(
    stage="context",
    number=5,
    name="stays in stages",
    script="""
    CREATE TABLE context_stays (
        connection TEXT NOT NULL,
        object TEXT NOT NULL,
        record TEXT NOT NULL,
        stays TEXT NOT NULL,
        known_at BIGINT NOT NULL,
        PRIMARY KEY (connection, object, record)
    )
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStays:
    """Whole days that deals which ended stood in the stage of the deal at hand, shortest first.

    `alike` says that only deals of about its size were taken.
    """

    stage: str
    won: tuple[int, ...]
    lost: tuple[int, ...]
    alike: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedDeal:
    """One deal that ended: the longest it stood in each stage, and what it was."""

    ref: RecordRef
    won: bool
    days: Mapping[str, int]
    pipeline: str = ""
    amount: Decimal | None = None


class EndedDeals(Protocol):
    """How the context builder learns of deals that ended: asked once per batch."""

    def __call__(self, connection: ConnectionName, object: ObjectType, policy: str) -> Sequence[EndedDeal]: ...


class StoredStays:
    """Deals that ended, from the state database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, connection: ConnectionName, object: ObjectType, policy: str) -> Sequence[EndedDeal]:
        with self._store.snapshot() as tx:
            return ended_deals(tx, connection, object, policy)


def unread(
    tx: Transaction, connection: ConnectionName, object: ObjectType, policy: str, *, limit: int
) -> tuple[tuple[RecordRef, datetime], ...]:
    """Ended records whose stays were not read since they ended, with when that became known."""
    rows = tx.rows(
        f"""
        SELECT n.connection, n.object, n.record, n.known_at FROM ({_NEWEST}) AS n
        LEFT JOIN context_stays s ON s.connection = n.connection AND s.object = n.object AND s.record = n.record
        WHERE s.known_at IS NULL OR s.known_at < n.known_at
        ORDER BY n.known_at DESC, n.record LIMIT :limit
        """,
        connection=connection, object=object.value, policy=policy, newest=NEWEST, limit=limit,
    )
    return tuple((ref_of(row), from_micros(row["known_at"])) for row in rows)


_NEWEST = """
    SELECT connection, object, record, cells, outcome, known_at, created_at FROM context_intake
    WHERE connection = :connection AND object = :object AND policy = :policy AND outcome IS NOT NULL
    ORDER BY created_at DESC, record DESC LIMIT :newest
"""


def remember_stays(
    tx: Transaction, found: Mapping[RecordRef, tuple[Stay, ...]], known: Mapping[RecordRef, datetime]
) -> None:
    """Keep or replace the stays of records; `known` is when their end became known."""
    tx.run_many(
        """
        INSERT INTO context_stays (connection, object, record, stays, known_at)
        VALUES (:connection, :object, :record, :stays, :known_at)
        ON CONFLICT (connection, object, record) DO UPDATE SET stays = excluded.stays, known_at = excluded.known_at
        """,
        [
            {**columns_of(ref), "stays": canonical(longest(stays)), "known_at": micros(known[ref])}
            for ref, stays in found.items()
        ],
    )


def longest(stays: Sequence[Stay]) -> dict[str, int]:
    """The longest finished stay in each stage, in whole days."""
    days: dict[str, int] = {}
    for stay in stays:
        if stay.left is not None:
            days[stay.stage] = max(days.get(stay.stage, 0), (stay.left - stay.entered) // timedelta(days=1))
    return days


def ended_deals(
    tx: Transaction, connection: ConnectionName, object: ObjectType, policy: str
) -> tuple[EndedDeal, ...]:
    """The newest deals that ended and whose stays are known."""
    rows = tx.rows(
        f"""
        SELECT n.connection, n.object, n.record, n.cells, n.outcome, s.stays FROM ({_NEWEST}) AS n
        JOIN context_stays s ON s.connection = n.connection AND s.object = n.object AND s.record = n.record
        """,
        connection=connection, object=object.value, policy=policy, newest=NEWEST,
    )
    return tuple(
        EndedDeal(
            ref=ref_of(row), won=bool(row["outcome"]), days=json.loads(row["stays"]),
            pipeline=(cells := json.loads(row["cells"])).get(PIPELINE, ""), amount=_amount(cells.get(AMOUNT)),
        )
        for row in rows
    )


def stays_beside(record: Record, ended: Sequence[EndedDeal]) -> StageStays | None:
    """What the deals that ended say of the stage a record stands in; of its size only, where those are enough."""
    stage = record.fields.get(STAGE)
    if not isinstance(stage, str) or not stage:
        return None
    own = record.fields.get(PIPELINE)
    line = own.strip().casefold() if isinstance(own, str) else ""
    others = (one for one in ended if stage in one.days and one.ref != record.ref)
    there = [one for one in others if not line or one.pipeline in ("", line)]
    size = record.fields.get(AMOUNT)
    alike = list(_of_size(there, size)) if isinstance(size, Decimal) else []
    enough = sum(one.won for one in alike) >= ENOUGH
    chosen = alike if enough else there
    won, lost = (tuple(sorted(one.days[stage] for one in chosen if one.won is end)) for end in (True, False))
    return StageStays(stage=stage, won=won, lost=lost, alike=enough)


def _of_size(ended: Sequence[EndedDeal], size: Decimal) -> Iterator[EndedDeal]:
    for one in ended:
        if one.amount is not None and size <= one.amount * _ALIKE and one.amount <= size * _ALIKE:
            yield one


def _amount(cell: str | None) -> Decimal | None:
    try:
        return Decimal(cell) if cell else None
    except InvalidOperation:
        return None
