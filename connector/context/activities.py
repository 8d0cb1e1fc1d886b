"""What people did that the CRM does not keep: page views, downloads and opens, as a sender of ours told them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from connector.adapter import ToldActivity
from connector.clock import from_micros, micros
from connector.context.refs import OF_RECORDS, columns_of, ref_of, rows_of
from connector.record import ConnectionName, FieldName, FieldValue, ObjectType, Record, RecordRef, Version
from connector.store import Migration, Row, Store, Transaction

KEPT = timedelta(days=180)
_NEWEST = 50  # of each record are looked at

MIGRATION = Migration(
    stage="context",
    number=6,
    name="told activities",
    script="""
    CREATE TABLE context_activities (
        connection TEXT NOT NULL,
        object TEXT NOT NULL,
        record TEXT NOT NULL,
        source TEXT NOT NULL,
        event TEXT NOT NULL,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        url TEXT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (connection, object, record, source, event)
    );
    CREATE INDEX context_activities_when ON context_activities (at)
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One thing somebody did, told by the source of that name, on one record."""

    ref: RecordRef
    source: str
    told: ToldActivity

    @property
    def name(self) -> RecordRef:
        """What it is called where records are named; no CRM has a record of that name."""
        return RecordRef(self.ref.connection, ObjectType.ACTIVITY, f"{self.source}-{self.told.event}")


class ToldActivities(Protocol):
    """How the context builder learns what was told: asked once per batch and relation; newest first."""

    def __call__(self, refs: Sequence[RecordRef]) -> Mapping[RecordRef, Sequence[Record]]: ...


class StoredActivities:
    """Told activities from the state database, as records like those of a CRM that keeps them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, refs: Sequence[RecordRef]) -> Mapping[RecordRef, Sequence[Record]]:
        with self._store.snapshot() as tx:
            return {ref: [_record(one) for one in some] for ref, some in activities_of(tx, refs).items()}


def remember_activities(tx: Transaction, told: Sequence[Activity]) -> tuple[Activity, ...]:
    """Keep what was told; those that were not known yet."""
    fresh = []
    for one in told:
        columns = {
            **columns_of(one.ref), "source": one.source, "event": one.told.event, "kind": one.told.kind,
            "subject": one.told.subject, "url": one.told.url, "at": micros(one.told.at),
        }
        kept = tx.run(
            """
            INSERT INTO context_activities (connection, object, record, source, event, kind, subject, url, at)
            VALUES (:connection, :object, :record, :source, :event, :kind, :subject, :url, :at)
            ON CONFLICT (connection, object, record, source, event) DO NOTHING
            """,
            **columns,
        )
        fresh += [one] if kept else []
    return tuple(fresh)


def activities_of(tx: Transaction, refs: Sequence[RecordRef]) -> Mapping[RecordRef, Sequence[Activity]]:
    """The newest of each record, newest first."""
    found: dict[RecordRef, list[Activity]] = defaultdict(list)
    for row in rows_of(tx, f"SELECT * FROM context_activities WHERE {OF_RECORDS} ORDER BY at DESC, event DESC", refs):
        if len(found[ref_of(row)]) < _NEWEST:
            found[ref_of(row)].append(_activity(row))
    return found


def trim(tx: Transaction, now: datetime) -> int:
    """Forget what is older than activities are kept; how many."""
    return tx.run("DELETE FROM context_activities WHERE at < :before", before=micros(now - KEPT))


def _activity(row: Row) -> Activity:
    told = ToldActivity(
        object=ObjectType(row["object"]), id=row["record"], event=row["event"], kind=row["kind"],
        at=from_micros(row["at"]), subject=row["subject"], url=row["url"],
    )
    return Activity(ref=RecordRef(ConnectionName(row["connection"]), told.object, told.id), source=row["source"], told=told)


def _record(activity: Activity) -> Record:
    told = activity.told
    fields: dict[FieldName, FieldValue] = {
        FieldName("kind"): told.kind, FieldName("subject"): told.subject or None, FieldName("url"): told.url or None,
        FieldName("at"): told.at,
    }  # fmt: skip
    return Record(
        ref=activity.name, version=Version(told.event), fields=fields, created_at=told.at, modified_at=told.at,
        read_at=told.at,
    )
