"""`/sobjects/X/updated` and `/deleted`: ids that changed in a window, the seconds of its ends ignored."""

from __future__ import annotations

from adapters.sandbox.salesforce.call import Call, Reply
from adapters.sandbox.salesforce.errors import ApiError
from adapters.sandbox.salesforce.stamps import iso, parse_datetime, stamp_of
from adapters.sandbox.salesforce.state import FaceState
from adapters.sandbox.schema import ObjectDefinition

_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE


def updated(state: FaceState, call: Call, definition: ObjectDefinition) -> Reply:
    """Ids of rows stamped in the window, at most 30 days back."""
    start, end = _window(state, call, days=30)
    rows = state.org.rows(definition.name, since=start)
    ids = [row.id for row in rows if start <= row.stamp < end]
    return Reply(status=200, body={"ids": ids, "latestDateCovered": iso(_covered(state, definition, end))})


def deleted(state: FaceState, call: Call, definition: ObjectDefinition) -> Reply:
    """Rows deleted or merged away in the window, at most 15 days back."""
    start, end = _window(state, call, days=15)
    rows = [
        {"id": row.id, "deletedDate": iso(row.deleted)}
        for row in state.org.rows(definition.name, deleted=True)
        if row.deleted is not None and start <= row.deleted < end
    ]
    oldest = state.org.clock.stamp() - 15 * _DAY
    body = {
        "deletedRecords": rows,
        "earliestDateAvailable": iso(oldest),
        "latestDateCovered": iso(_covered(state, definition, end)),
    }
    return Reply(status=200, body=body)


def _window(state: FaceState, call: Call, *, days: int) -> tuple[int, int]:
    start, end = (_time(call, name) for name in ("start", "end"))
    if end - start <= _MINUTE:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate must be more than one minute before endDate")
    if start < state.org.clock.stamp() - days * _DAY:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"startDate before {days} days ago")
    return start, end


def _time(call: Call, name: str) -> int:
    found = parse_datetime(call.param(name).replace(" ", "+"))
    if found is None:
        raise ApiError(400, "INVALID_FIELD", f"invalid date-time in {name}")
    stamp = stamp_of(found)
    return stamp - stamp % _MINUTE


def _covered(state: FaceState, definition: ObjectDefinition, end: int) -> int:
    """How far the answer is complete: the start of the longest transaction that is still open."""
    now = state.org.clock.stamp()
    open_since = state.org.oldest_open_write(definition.name)
    covered = min(end, now if open_since is None else open_since)
    return covered - covered % _MINUTE
