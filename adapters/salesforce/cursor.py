"""How far a poll or a sweep has read, as the JSON text that stands behind an opaque cursor."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from adapters.salesforce.soql import literal, parse_stamp
from connector.adapter import Cursor
from connector.errors import StateError


@dataclass(frozen=True, slots=True, kw_only=True)
class PollCursor:
    """Where polling stands; every time in it is Salesforce's own.

    `stamp` and `last` are the place in the order (SystemModstamp, Id); `reading` says a round is under way. Rows up
    to `proven` have certainly been seen: every transaction that could still show one of them is over. A round that
    reads again from there carries in `proving` what will be proven when it ends. `seen_at` is the time of the last
    answer, `proved_at` that of the last such round, `deleted_until` how far hard deletes were asked for, `roles_until` how
    far contact roles were (empty: not yet, so from `seen_at`).
    """

    stamp: str
    last: str = ""
    reading: bool = False
    proven: str
    proving: str | None = None
    seen_at: str
    proved_at: str
    deleted_until: str
    roles_until: str = ""
    v: int = 1

    @classmethod
    def at(cls, now: datetime, *, settle: timedelta, overlap: timedelta) -> PollCursor:
        """A cursor at the server's present: what changes from now on, and what is still under way."""
        present = literal(now)
        return cls(
            stamp=literal(now - settle), proven=literal(now - overlap), seen_at=present, proved_at=present,
            deleted_until=present,
        )  # fmt: skip

    def text(self) -> Cursor:
        return Cursor(json.dumps(asdict(self), separators=(",", ":")))


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCursor:
    """Where a sweep stands: after which id, and in which bulk job if one is running."""

    after: str = ""
    job: str = ""
    locator: str = ""
    rows: int = 0
    v: int = 1

    def text(self) -> Cursor:
        return Cursor(json.dumps(asdict(self), separators=(",", ":")))


def poll_cursor(cursor: Cursor) -> PollCursor:
    """The cursor back from its text; raises StateError when it is not one of ours."""
    try:
        read = PollCursor(**json.loads(cursor))
        parse_stamp(read.stamp)
    except (ValueError, TypeError) as error:
        raise _foreign() from error
    return read


def sweep_cursor(cursor: Cursor | None) -> SweepCursor:
    try:
        return SweepCursor() if cursor is None else SweepCursor(**json.loads(cursor))
    except (ValueError, TypeError) as error:
        raise _foreign() from error


def _foreign() -> StateError:
    return StateError("a stored Salesforce cursor cannot be read; it was written by another version")
