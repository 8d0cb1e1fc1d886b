"""A backfill as a named row: its bounds, how far it is, what it will take, and whether somebody stopped it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from connector.adapter import Adapter, Cursor
from connector.clock import Clock, from_micros, micros
from connector.errors import PermanentError
from connector.policy import Policy, PolicyName
from connector.record import ConnectionName, ObjectType
from connector.store import Row, Store, Transaction, word


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
    stopped: bool
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
    """Start a named backfill, or take it up where it stood. The same name with other bounds is refused."""
    wanted = Backfill(
        name=name, policy=policy.name, connection=connection, object=policy.when.object, place=None, since=since,
        limit=limit, queued=0, done=False, stopped=False, started_at=clock.now(),
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
        _refuse_other_bounds(found, wanted)
        tx.run("UPDATE change_backfills SET stopped = 0 WHERE name = :name", name=name)
    return replace(found, stopped=False)


def _refuse_other_bounds(found: Backfill, wanted: Backfill) -> None:
    known, asked = ((one.policy, one.connection, one.since, one.limit) for one in (found, wanted))
    if known != asked:
        raise BackfillError(f"backfill {wanted.name!r} was started with other bounds; give this one another name")


def stop(store: Store, name: str) -> bool:
    """Have nobody go on with it until it is started again; False when there is none of this name."""
    with store.transaction("backfill: stopped") as tx:
        return tx.run("UPDATE change_backfills SET stopped = 1 WHERE name = :name", name=name) > 0


def find(tx: Transaction, name: str) -> Backfill | None:
    row = tx.one("SELECT * FROM change_backfills WHERE name = :name", name=name)
    return _backfill(row) if row is not None else None


def unfinished(tx: Transaction) -> list[Backfill]:
    """Those that somebody started and nobody stopped, oldest first."""
    rows = tx.rows("SELECT * FROM change_backfills WHERE done = 0 AND stopped = 0 ORDER BY started_at, name")
    return [_backfill(row) for row in rows]


def _backfill(row: Row) -> Backfill:
    return Backfill(
        name=row["name"], policy=PolicyName(row["policy"]), connection=ConnectionName(row["connection"]),
        object=word(ObjectType, row["object"]), place=Cursor(row["place"]) if row["place"] is not None else None,
        since=from_micros(row["since"]) if row["since"] is not None else None, limit=row["ceiling"],
        queued=row["queued"], done=bool(row["done"]), stopped=bool(row["stopped"]),
        started_at=from_micros(row["started_at"]),
    )
