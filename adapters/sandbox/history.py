"""Every value a field ever had: when, by whom, from which source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from adapters.sandbox.rows import ActorKind, RowKey, Value


class FieldChange(NamedTuple):
    """One effective change of one field."""

    at: int
    field: str
    before: Value
    after: Value
    actor: ActorKind
    user: str
    source: str
    source_id: str
    request: str | None


class History:
    """The field changes of every row, oldest first, append-only but for a rolled-back transaction."""

    def __init__(self) -> None:
        self._changes: dict[RowKey, list[FieldChange]] = {}

    def append(self, key: RowKey, change: FieldChange) -> None:
        self._changes.setdefault(key, []).append(change)

    def of(self, key: RowKey, field: str | None = None) -> Sequence[FieldChange]:
        """Changes of a row, or of one of its fields, oldest first."""
        changes = self._changes.get(key, [])
        if field is None:
            return tuple(changes)
        return tuple(change for change in changes if change.field == field)

    def length(self, key: RowKey) -> int:
        return len(self._changes.get(key, ()))

    def truncate(self, key: RowKey, length: int) -> None:
        """Forget what a rolled-back transaction added."""
        if key in self._changes:
            del self._changes[key][length:]

    def keys(self, object_name: str) -> list[RowKey]:
        """Rows of one object that have a history, in order of first write."""
        return [key for key in self._changes if key.object == object_name]
