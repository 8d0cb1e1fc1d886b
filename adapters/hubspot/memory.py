"""What polling has already handed over inside the overlap, so that the same rows are not read in full again.

The memory belongs to the cursor that was given out with them: only a caller that comes back with that cursor has
stored the rows, and any other cursor starts without memory.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from connector.adapter import Cursor, FieldName, ObjectType, Version


class Memory:
    """Versions handed over in this round and in the one before, as far as the same fields were asked for."""

    def __init__(self, fields: Collection[FieldName]) -> None:
        self.fields = frozenset(fields)
        self._before: dict[str, Version] = {}
        self._now: dict[str, Version] = {}

    def holds(self, record_id: str, version: Version) -> bool:
        return version in (self._now.get(record_id), self._before.get(record_id))

    def note(self, versions: Mapping[str, Version]) -> None:
        self._now.update(versions)

    def turn(self) -> None:
        """A new round begins: what the last one did not see has left the overlap."""
        self._before, self._now = self._now, {}


class Memories:
    """One memory per object, given back for the cursor it was kept under."""

    def __init__(self) -> None:
        self._kept: dict[ObjectType, tuple[Cursor, Memory]] = {}

    def recall(self, object: ObjectType, cursor: Cursor, fields: Collection[FieldName]) -> Memory:
        kept = self._kept.pop(object, None)
        if kept is None or kept[0] != cursor or kept[1].fields != frozenset(fields):
            return Memory(fields)
        return kept[1]

    def keep(self, object: ObjectType, cursor: Cursor, memory: Memory) -> None:
        self._kept[object] = (cursor, memory)

    def follow(self, object: ObjectType, cursor: Cursor, following: Cursor) -> None:
        """The same memory under the next cursor, when a page brought no rows to remember."""
        kept = self._kept.pop(object, None)
        if kept is not None and kept[0] == cursor:
            self._kept[object] = (following, kept[1])
