"""HubSpot moves `updatedAt` of a new contact or company by itself, 1-17 s after its creation (recorded)."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

from adapters.sandbox.org import Org
from adapters.sandbox.rows import Row

EARLIEST_MS, LATEST_MS = 1_000, 17_000


@dataclass(slots=True)
class SelfBumps:
    """Bumps that are still to come; they are applied when the org's time has passed them."""

    rng: Random
    _due: list[tuple[int, str, str]] = field(default_factory=list)

    def schedule(self, row: Row) -> None:
        """Let background work touch a row after a while."""
        heappush(self._due, (row.stamp + self.rng.randint(EARLIEST_MS, LATEST_MS), *row.key))

    def settle(self, org: Org) -> None:
        """Apply what is due: the row's stamp moves, no property changes."""
        now = org.clock.stamp()
        while self._due and self._due[0][0] <= now:
            due, object_name, row_id = heappop(self._due)
            row = org.find(object_name, row_id)
            if row is not None and row.deleted is None and row.stamp < due:
                org.touch(object_name, row_id, at=due)
