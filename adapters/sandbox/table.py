"""Where rows are kept: by id, by indexed field, by stamp; with late visibility and roll-back."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

from adapters.sandbox.rows import Row, RowKey, Value


def _index_value(value: Value) -> Value:
    return value.casefold() if isinstance(value, str) else value


class Table:
    """The rows of one object type, deleted ones included."""

    def __init__(self, name: str, indexed: Iterable[str] = ()) -> None:
        self.name = name
        self._rows: dict[str, Row] = {}
        self._by_value: dict[str, dict[Value, dict[str, None]]] = {field: {} for field in indexed}
        self._by_stamp: list[tuple[int, str]] = []
        self._unseen: dict[str, tuple[Row | None, int]] = {}
        self.created = 0

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, row_id: str) -> Row | None:
        """The stored row, committed or about to be."""
        return self._rows.get(row_id)

    def put(self, row: Row) -> None:
        before = self._rows.get(row.id)
        if before is not None:
            self._forget(before)
        self._rows[row.id] = row
        insort(self._by_stamp, (row.stamp, row.id))
        for field, ids_by_value in self._by_value.items():
            value = row.values.get(field)
            if value is not None:
                ids_by_value.setdefault(_index_value(value), {})[row.id] = None

    def drop(self, row_id: str) -> None:
        """Remove a row for good: hard delete or roll-back of a create."""
        self._forget(self._rows.pop(row_id))
        self._unseen.pop(row_id, None)

    def _forget(self, row: Row) -> None:
        del self._by_stamp[bisect_left(self._by_stamp, (row.stamp, row.id))]
        for field, ids_by_value in self._by_value.items():
            value = row.values.get(field)
            if value is not None:
                ids_by_value[_index_value(value)].pop(row.id, None)

    def add_index(self, field: str) -> None:
        """Index one more field, with the rows there are."""
        index: dict[Value, dict[str, None]] = {}
        for row in self._rows.values():
            if row.values.get(field) is not None:
                index.setdefault(_index_value(row.values[field]), {})[row.id] = None
        self._by_value[field] = index

    def is_indexed(self, field: str) -> bool:
        return field in self._by_value

    def ids_with(self, field: str, value: Value) -> list[str]:
        """Ids of rows with an indexed value, case-insensitively, in order of last write."""
        return list(self._by_value[field].get(_index_value(value), ()))

    def hide(self, row_id: str, before: Row | None, until: int) -> None:
        """Show `before` instead of the stored row until a moment: the write commits late."""
        earlier = self._unseen.get(row_id)
        self._unseen[row_id] = (before if earlier is None else earlier[0], until)

    def show(self, row_id: str) -> None:
        self._unseen.pop(row_id, None)

    def seen(self, row: Row, now: int) -> Row | None:
        """The row as a reader sees it now; None when its create has not committed yet."""
        if not self._unseen:
            return row
        pending = self._unseen.get(row.id)
        if pending is None:
            return row
        before, until = pending
        if now < until:
            return before
        del self._unseen[row.id]
        return row

    def rows(self, now: int) -> Iterator[Row]:
        """Every visible row in order of creation, deleted ones included."""
        return self._visible(list(self._rows.values()), now)

    def stamped_since(self, stamp: int, now: int) -> Iterator[Row]:
        """Visible rows whose stored stamp is not before `stamp`, plus those with a write still unseen."""
        ids = [row_id for _, row_id in self._by_stamp[bisect_left(self._by_stamp, (stamp, "")) :]]
        return self._visible([self._rows[row_id] for row_id in ids], now)

    def oldest_unseen(self, now: int) -> int | None:
        """Stamp of the longest write that is not visible yet."""
        stamps = [self._rows[row_id].stamp for row_id, (_, until) in self._unseen.items() if now < until]
        return min(stamps, default=None)

    def _visible(self, rows: list[Row], now: int) -> Iterator[Row]:
        if not self._unseen:
            return iter(rows)
        return (seen for row in rows if (seen := self.seen(row, now)) is not None)


class Tables:
    """All tables of an org, and what a transaction needs to undo."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}
        self._undo: list[tuple[RowKey, Row | None]] | None = None

    def add(self, table: Table) -> None:
        self._tables[table.name] = table

    def __getitem__(self, object_name: str) -> Table:
        return self._tables[object_name]

    def __contains__(self, object_name: str) -> bool:
        return object_name in self._tables

    def put(self, row: Row) -> None:
        table = self._tables[row.object]
        if self._undo is not None:
            self._undo.append((row.key, table.get(row.id)))
        table.put(row)

    def begin(self) -> None:
        self._undo = []

    def commit(self) -> None:
        self._undo = None

    def roll_back(self) -> list[RowKey]:
        """Restore every row the transaction wrote; the keys it had touched."""
        undo, self._undo = self._undo or [], None
        for key, before in reversed(undo):
            if before is None:
                self._tables[key.object].drop(key.id)
            else:
                self._tables[key.object].put(before)
        return [key for key, _ in undo]
