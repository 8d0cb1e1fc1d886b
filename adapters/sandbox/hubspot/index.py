"""The search index: it lags behind the rows, so a search filters on the past and shows the present.

What the index holds of a row is worked out from the row's history, so nothing has to be copied on writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from adapters.sandbox.faults import Faults
from adapters.sandbox.org import Org
from adapters.sandbox.rows import Row

from .definition import ObjectDefinition as Table
from .matching import Getter, Value
from .view import property_value, stamp_value

FAULT_SHORTEST_MS, FAULT_LONGEST_MS = 5_000, 30_000


@dataclass(slots=True, kw_only=True)
class SearchIndex:
    """How late each row's last write reaches the index: between two bounds, and later under the fault."""

    org: Org
    shortest_ms: int = 300
    longest_ms: int = 2_000
    _frozen_at: int = 0
    _frozen_until: int = 0

    @property
    def _faults(self) -> Faults:
        return self.org.faults

    def freeze_if_due(self) -> None:
        """Under the fault the index stops for a while; every row written meanwhile is missing or old in it."""
        now = self.org.clock.stamp()
        if now >= self._frozen_until and self._faults.due("search_lag"):
            self._frozen_at = now - 1
            self._frozen_until = now + self._faults.rng.randint(FAULT_SHORTEST_MS, FAULT_LONGEST_MS)
            self._faults.took_effect("search_lag")
            self._faults.on_heal(self.thaw)

    def thaw(self) -> None:
        """Let the index run again, when faults are healed."""
        self._frozen_until = 0

    def _horizon(self, row: Row, now: int) -> int:
        """Writes of a row after this moment are not indexed yet."""
        width = self.longest_ms - self.shortest_ms
        spread = crc32(f"{row.key}:{row.revision}".encode()) % (width + 1) if width > 0 else 0
        horizon = now - self.shortest_ms - spread
        return min(horizon, self._frozen_at) if now < self._frozen_until else horizon

    def entries(self, table: Table, *, since: int | None) -> Iterator[tuple[str, Getter]]:
        """Every row the index knows, with a getter of its indexed values; some may be gone by now.

        `since` may leave out rows whose last stamp is before it.
        """
        now = self.org.clock.stamp()
        for row in self.org.rows(table.name, deleted=True, since=since):
            horizon = self._horizon(row, now)
            if row.created > horizon:
                continue
            if row.stamp <= horizon:
                if row.deleted is None:
                    yield row.id, self._live(table, row)
            elif row.deleted is None or row.deleted > horizon:
                yield row.id, self._past(table, row, horizon)

    def _live(self, table: Table, row: Row) -> Getter:
        def get(name: str) -> Value:
            stamp = stamp_value(table, row, name)
            return property_value(self.org, table, row, name) if stamp is None else stamp

        return get

    def _past(self, table: Table, row: Row, horizon: int) -> Getter:
        """Values as they stood at the horizon: later changes are undone, newest first."""
        undone: dict[str, Value] = {}
        stamp = row.created
        for change in reversed(self.org.history.of(row.key)):
            if change.at <= horizon:
                stamp = change.at
                break
            undone[change.field] = None if change.before is None else str(change.before)
        live = self._live(table, row)

        def get(name: str) -> Value:
            if name == table.modified:
                return stamp
            return undone[name] if name in undone else live(name)

        return get
