"""Due timers: a policy's `every`, `after` and `before` as rows, each entering the inbox once per slot like any change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.change import inbox
from connector.clock import from_micros, micros
from connector.policy import Policy
from connector.record import ConnectionName, FieldName, FieldValue, ObjectType, Record, RecordRef
from connector.store import Transaction


def next_due(policy: Policy, record: Record, now: datetime) -> datetime | None:
    """When a record is due under a policy's own timer; None while its moment is unknown or past.

    `after` counts from the moment in its field, `before` towards it, `every` from now on in whole intervals.
    """
    when = policy.when
    if when.after is not None:
        moment = _moment(record.fields, when.after.field)
        return when.after.silent_for.after(moment, policy.zone) if moment is not None else None
    if when.before is not None:
        moment = _moment(record.fields, when.before.field)
        if moment is None or moment <= now:
            return None
        return moment - when.before.by.span
    if when.every is not None:
        return _next_slot(policy, now)
    return None


def _moment(fields: Mapping[FieldName, FieldValue], name: FieldName) -> datetime | None:
    value = fields.get(name)
    return value if isinstance(value, datetime) else None


def _next_slot(policy: Policy, now: datetime) -> datetime:
    every = policy.when.every
    assert every is not None
    if every.at is None:
        # Slots stand on a fixed grid, so that a restart neither adds nor drops one.
        step = every.interval.span or timedelta(days=1)
        passed = (micros(now) // (step // timedelta(microseconds=1))) + 1
        return from_micros(passed * (step // timedelta(microseconds=1)))
    local = now.astimezone(policy.zone)
    slot = local.replace(hour=every.at.hour, minute=every.at.minute, second=0, microsecond=0)
    while slot <= local:
        slot = every.interval.after(slot, policy.zone)
    return slot.astimezone(now.tzinfo)


def set_timer(tx: Transaction, policy: Policy, record: Record, now: datetime) -> None:
    """Set or move a record's timer to where its fields put it now; drop it when there is no such moment."""
    due = next_due(policy, record, now)
    key = _key(record.ref) | {"policy": policy.name}
    if due is None:
        tx.run(
            "DELETE FROM change_timers WHERE connection = :connection AND object = :object AND record = :record "
            "AND policy = :policy",
            **key,
        )
        return
    tx.run(
        """
        INSERT INTO change_timers (connection, object, record, policy, slot, due_at)
        VALUES (:connection, :object, :record, :policy, :slot, :due)
        ON CONFLICT (connection, object, record, policy) DO UPDATE SET slot = excluded.slot, due_at = excluded.due_at
        """,
        **key, slot=f"{policy.name}@{due.isoformat()}", due=micros(due),
    )


def fire(tx: Transaction, now: datetime, limit: int = 500) -> int:
    """Move due timers into the inbox, each as one event of its slot; how many. A lost or doubled tick changes nothing."""
    rows = tx.rows(
        "SELECT * FROM change_timers WHERE due_at <= :now ORDER BY due_at, record LIMIT :limit", now=micros(now), limit=limit
    )
    events = [
        ChangeEvent(
            ref=RecordRef(ConnectionName(row["connection"]), ObjectType(row["object"]), row["record"]), kind=ChangeKind.DUE,
            origin=ChangeOrigin.TIMER, occurred_at=from_micros(row["due_at"]), slot=row["slot"],
        )
        for row in rows
    ]
    inbox.put(tx, events)
    tx.run_many(
        "DELETE FROM change_timers WHERE connection = :connection AND object = :object AND record = :record "
        "AND policy = :policy",
        [{name: row[name] for name in ("connection", "object", "record", "policy")} for row in rows],
    )
    return len(events)


def _key(ref: RecordRef) -> dict[str, str]:
    return {"connection": ref.connection, "object": ref.object.value, "record": ref.id}
