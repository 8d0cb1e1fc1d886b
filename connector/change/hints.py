"""Hints: somebody says that a record changed. The record is read again; what the hint claims is never used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.change import inbox
from connector.record import RecordRef
from connector.store import Store, Sync


def take_hints(store: Store, refs: Sequence[RecordRef], *, at: datetime) -> None:
    """Queue a look at these records. Fifty copies of a hint are one look; a lost hint costs only latency."""
    events = [
        ChangeEvent(ref=ref, kind=ChangeKind.CHANGED, origin=ChangeOrigin.HINT, occurred_at=at) for ref in set(refs)
    ]
    with store.transaction("change: hints", Sync.NORMAL) as tx:
        inbox.put(tx, sorted(events, key=lambda event: event.ref))
