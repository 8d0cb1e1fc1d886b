"""The work of a backfill: old records are swept page by page into the inbox, then walk the ordinary road.

The place in the sweep commits together with the rows it queued, so a backfill goes on wherever it was cut off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.backfill.backfill import Backfill, unfinished
from connector.change import inbox
from connector.pipeline import Pipeline
from connector.pipeline.cases import fields_of
from connector.policy import Policy
from connector.record import Record
from connector.store import Store

AHEAD = 5  # batches that may wait in the inbox before another page is queued


def sweep(pipeline: Pipeline, policy: Policy, backfill: Backfill, *, batch: int = 200) -> Iterator[Backfill]:
    """Queue page after page, working the queue down in between; yields the place after every step."""
    while not backfill.done:
        backfill = queue_page(pipeline, policy, backfill)
        yield backfill
        while _waiting(pipeline.store) > (0 if backfill.done else batch * AHEAD):
            if pipeline.work(batch).quiet:
                return
            yield backfill


def carry_on(pipeline: Pipeline, *, batch: int) -> Backfill | None:
    """Queue one page of the oldest unfinished backfill, unless enough events wait already; None when nothing moved.

    One whose policy or connection is gone waits for its return, and lets the others pass.
    """
    with pipeline.store.snapshot() as tx:
        started = unfinished(tx)
    if not started or _waiting(pipeline.store) > batch * AHEAD:
        return None
    for backfill in started:
        policy = pipeline.policies.get(backfill.policy)
        if policy is not None and backfill.connection in pipeline.adapters:
            return queue_page(pipeline, policy, backfill)
    return None


def queue_page(pipeline: Pipeline, policy: Policy, backfill: Backfill) -> Backfill:
    """Queue the next page; where the backfill stands then."""
    changes = pipeline.adapters[backfill.connection].changes
    schema = pipeline.adapters[backfill.connection].records.schema(backfill.object)
    page = changes.sweep(backfill.object, backfill.place, fields_of([policy], schema))
    chosen = _chosen(page.records, backfill)
    queued = backfill.queued + len(chosen)
    done = not page.more or (backfill.limit is not None and queued >= backfill.limit)
    with pipeline.store.transaction("backfill: queued a page") as tx:
        inbox.put(tx, [_event(record, policy) for record in chosen], run=backfill.name)
        tx.run(
            "UPDATE change_backfills SET place = :place, queued = :queued, done = :done WHERE name = :name",
            place=page.cursor, queued=queued, done=int(done), name=backfill.name,
        )
    return replace(backfill, place=page.cursor, queued=queued, done=done)


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
