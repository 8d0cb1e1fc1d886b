"""What a rehearsal showed, counted from the CRM's own log: lost, doubled and silently overwritten are never ours to say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class Line(Protocol):
    """One line of the CRM's log."""

    @property
    def kind(self) -> str: ...

    @property
    def actor(self) -> str: ...

    @property
    def record(self) -> str | None: ...

    @property
    def field(self) -> str | None: ...

    @property
    def before(self) -> object: ...

    @property
    def after(self) -> object: ...

    @property
    def marker(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """The effective writes to one field of each record, in order, as the CRM saw them."""

    by_record: Mapping[str, Sequence[Line]]
    created: Sequence[Line]
    calls: int


def record_id(address: str) -> str:
    """The id in the log's `object/id`."""
    return address.rpartition("/")[2]


def writes_of(lines: Iterable[Line], field: str) -> Writes:
    by_record: dict[str, list[Line]] = defaultdict(list)
    created, calls = [], 0
    for line in lines:
        if line.kind == "call":
            calls += 1
        elif line.record is not None and line.field == field:
            by_record[record_id(line.record)].append(line)
        elif line.field in ("task", "note") and line.actor == "agent":
            created.append(line)
    return Writes(by_record=by_record, created=created, calls=calls)


def agent_set(writes: Writes, records: Collection[str]) -> frozenset[str]:
    """Records whose field the agent wrote and nobody changed back or away since."""
    return frozenset(
        record for record in records if (lines := writes.by_record.get(record)) and lines[-1].actor == "agent"
        and not _is_restore(lines, len(lines) - 1)
    )


def duplicates(writes: Writes, records: Collection[str]) -> int:
    """Agent writes of a field that repeat the agent's own last write, and creates with a marker seen before."""
    doubled = 0
    for record in records:
        lines = writes.by_record.get(record, ())
        for place in range(1, len(lines)):
            one, other = lines[place - 1], lines[place]
            doubled += one.actor == other.actor == "agent" and not _is_restore(lines, place)
    markers = [line.marker or f"{line.record}:{line.after}" for line in writes.created]
    return doubled + len(markers) - len(set(markers))


def silent_overwrites(writes: Writes, records: Collection[str]) -> int:
    """Values a rep set that the agent replaced and did not put back as its next write to the field."""
    silent = 0
    for record in records:
        lines = writes.by_record.get(record, ())
        for place in range(1, len(lines)):
            was_theirs = lines[place - 1].actor == "rep" and lines[place].actor == "agent"
            if was_theirs and not _is_restore(lines, place):
                put_back = place + 1 < len(lines) and _is_restore(lines, place + 1)
                silent += not put_back
    return silent


def _is_restore(lines: Sequence[Line], place: int) -> bool:
    """Whether this agent write puts back what a rep had set before the agent's write just before it."""
    if place < 2 or lines[place].actor != "agent" or lines[place - 1].actor != "agent":
        return False
    return lines[place - 2].actor == "rep" and lines[place].after == lines[place - 2].after
