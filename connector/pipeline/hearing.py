"""What a sender of ours tells of people's doings: kept, and every policy woken that listens for activities of its record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin, ToldActivity
from connector.change import inbox
from connector.context.activities import Activity, remember_activities
from connector.policy import PolicySet, Wake
from connector.record import ConnectionName, ObjectType, RecordRef
from connector.store import Store


def hear(
    store: Store, policies: PolicySet, connection: ConnectionName, source: str, told: Sequence[ToldActivity], *, at: datetime
) -> int:
    """Keep activities on records that some policy is about, and wake those that listen; how many were new.

    Told twice is told once: an event is known by the name its sender gave it.
    """
    concerned = {policy.when.object for policy in policies if policy.serves(connection)}
    ours = [
        Activity(ref=RecordRef(connection, one.object, one.id), source=source, told=one)
        for one in told
        if one.object in concerned
    ]
    if not ours:
        return 0
    with store.transaction("change: activities told") as tx:
        fresh = remember_activities(tx, ours)
        inbox.put(tx, [event for one in fresh for event in _woken(policies, one, at)])
    return len(fresh)


def _woken(policies: PolicySet, activity: Activity, at: datetime) -> Iterator[ChangeEvent]:
    for policy in policies.woken_by_related(ObjectType.ACTIVITY, Wake.CREATED, connection=activity.ref.connection):
        if policy.when.object is activity.ref.object:
            slot = f"{policy.name}@related:{ObjectType.ACTIVITY}/{activity.name.id}:{Wake.CREATED}:"
            yield ChangeEvent(
                ref=activity.ref, kind=ChangeKind.RELATED, origin=ChangeOrigin.RELATED, occurred_at=at, slot=slot
            )
