"""One-off work on records that existed before activation: swept page by page into the inbox, then the ordinary road.

A backfill is named and resumable: its place commits together with the rows it queued.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from connector.adapter import Adapter, ChangeEvent, ChangeKind, ChangeOrigin, Cursor
from connector.change import inbox
from connector.clock import Clock, from_micros, micros
from connector.errors import PermanentError
from connector.pipeline import Pipeline
from connector.pipeline.cases import fields_of
from connector.policy import Policy, PolicyName
from connector.record import ConnectionName, ObjectType, Record
from connector.store import Store, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """Where a named backfill stands."""

    name: str
    policy: PolicyName
    connection: ConnectionName
    object: ObjectType
    place: Cursor | None
    since: datetime | None
    limit: int | None
    queued: int
    done: bool
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a backfill will take, said before it starts. Calls are those to the CRM; usd is an upper bound."""

    records: int
    calls: int
    daily_calls_left: int | None
    usd_at_most: str


class BackfillError(PermanentError):
    """The backfill cannot be started or taken up like this."""

    hint = "crm-connector backfill --help"


def estimate(adapter: Adapter, policy: Policy, limit: int | None) -> Estimate:
    """Records and calls from the CRM's own count and batch sizes; the cost from the policy's own ceilings."""
    capabilities = adapter.capabilities
    total = adapter.changes.count(policy.when.object)
    records = total if limit is None else min(total, limit)
    reads = -(-total // capabilities.read_batch) + 2 * -(-records // capabilities.read_batch)
    writes = -(-records // capabilities.update_batch) * 2
    per_record = policy.reason.usd_per_record
    ceiling = str(per_record * records) if per_record is not None else str(policy.usd_per_day or 0)
    return Estimate(records=records, calls=reads + writes, daily_calls_left=None, usd_at_most=ceiling)


def start(
    store: Store, clock: Clock, policy: Policy, connection: ConnectionName, *, name: str, since: datetime | None,
    limit: int | None,
) -> Backfill:
    """Start a named backfill, or find it where it stood. The same name with other bounds is refused."""
    wanted = Backfill(
        name=name, policy=policy.name, connection=connection, object=policy.when.object, place=None, since=since,
        limit=limit, queued=0, done=False, started_at=clock.now(),
    )
    with store.transaction("backfill: started") as tx:
        tx.run(
            """
            INSERT INTO change_backfills (name, policy, connection, object, place, since, ceiling, queued, done, started_at)
            VALUES (:name, :policy, :connection, :object, NULL, :since, :ceiling, 0, 0, :started)
            ON CONFLICT (name) DO NOTHING
            """,
            name=name, policy=policy.name, connection=connection, object=policy.when.object.value,
            since=micros(since) if since is not None else None, ceiling=limit, started=micros(clock.now()),
        )
        found = find(tx, name)
    assert found is not None
    if (found.policy, found.connection, found.since, found.limit) != (wanted.policy, connection, since, limit):
        raise BackfillError(f"backfill {name!r} was started with other bounds; give this one another name")
    return found


def sweep(pipeline: Pipeline, policy: Policy, backfill: Backfill, *, ahead: int = 1000) -> Iterator[Backfill]:
    """Queue page after page, working the queue down in between; yields the place after every step."""
    adapter = pipeline.adapters[backfill.connection]
    fields = fields_of([policy], adapter.records.schema(backfill.object))
    while not backfill.done:
        page = adapter.changes.sweep(backfill.object, backfill.place, fields)
        chosen = _chosen(page.records, backfill)
        queued = backfill.queued + len(chosen)
        done = not page.more or (backfill.limit is not None and queued >= backfill.limit)
        backfill = replace(backfill, place=page.cursor, queued=queued, done=done)
        with pipeline.store.transaction("backfill: queued a page") as tx:
            inbox.put(tx, [_event(record, policy) for record in chosen], run=backfill.name)
            tx.run(
                "UPDATE change_backfills SET place = :place, queued = :queued, done = :done WHERE name = :name",
                place=page.cursor, queued=queued, done=int(done), name=backfill.name,
            )
        yield backfill
        while _waiting(pipeline.store) > (0 if done else ahead):
            if pipeline.work().quiet:
                return
            yield backfill


def find(tx: Transaction, name: str) -> Backfill | None:
    row = tx.one("SELECT * FROM change_backfills WHERE name = :name", name=name)
    if row is None:
        return None
    return Backfill(
        name=row["name"], policy=PolicyName(row["policy"]), connection=ConnectionName(row["connection"]),
        object=ObjectType(row["object"]), place=Cursor(row["place"]) if row["place"] is not None else None,
        since=from_micros(row["since"]) if row["since"] is not None else None, limit=row["ceiling"],
        queued=row["queued"], done=bool(row["done"]), started_at=from_micros(row["started_at"]),
    )


def _chosen(records: tuple[Record, ...], backfill: Backfill) -> list[Record]:
    fitting = [record for record in records if backfill.since is None or record.modified_at >= backfill.since]
    left = None if backfill.limit is None else max(0, backfill.limit - backfill.queued)
    return fitting if left is None else fitting[:left]


def _event(record: Record, policy: Policy) -> ChangeEvent:
    return ChangeEvent(
        ref=record.ref, kind=ChangeKind.BACKFILL, origin=ChangeOrigin.BACKFILL, occurred_at=record.read_at,
        version=record.version, slot=policy.name,
    )


def _waiting(store: Store) -> int:
    with store.snapshot() as tx:
        return inbox.depth(tx)[inbox.Burial.WAITING]
