"""The API budget: calls counted over a rolling day, told in every answer, enforced when configured."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from adapters.sandbox.salesforce.call import Call, Reply

if TYPE_CHECKING:
    from adapters.sandbox.salesforce.state import FaceState

_DAY = 24 * 3600 * 1000


class ApiBudget:
    """Calls of the last 24 hours; `enforced` refuses those above the allowance."""

    def __init__(self, *, allowance: int = 15_000, enforced: bool = False) -> None:
        self.allowance = allowance
        self.enforced = enforced
        self._at: deque[int] = deque()

    def spend(self, now: int) -> bool:
        """Count a call; False when it is above the allowance and refused."""
        while self._at and self._at[0] <= now - _DAY:
            self._at.popleft()
        if self.enforced and len(self._at) >= self.allowance:
            return False
        self._at.append(now)
        return True

    @property
    def used(self) -> int:
        return len(self._at)

    def header(self, *, behind: int = 0) -> str:
        """`Sforce-Limit-Info`; the real counter is asynchronous and may lag."""
        return f"api-usage={max(0, self.used - behind)}/{self.allowance}"


def limits(state: FaceState, call: Call) -> Reply:
    """`/limits`: what is left of each allowance; `/limits/recordCount`: rows per object, roughly."""
    if len(call.path) > 1:
        return _record_count(state, call)
    left = max(0, state.budget.allowance - state.budget.used)
    body = {
        "DailyApiRequests": {"Max": state.budget.allowance, "Remaining": left},
        "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000 - state.jobs.count},
        "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562},
        "DataStorageMB": {"Max": 5, "Remaining": 5},
        "SingleEmail": {"Max": 15, "Remaining": 15},
    }
    return Reply(status=200, body=body)


def _record_count(state: FaceState, call: Call) -> Reply:
    asked = [name for name in call.params.get("sObjects", "").split(",") if name]
    known = [found for name in asked if (found := state.reader.object(name)) is not None]
    names = [each.name for each in known] if asked else list(state.org.schema.objects)
    counts = [
        {"count": sum(1 for _ in state.reader.rows(state.org.schema.objects[name], deleted=False)), "name": name}
        for name in names
    ]
    return Reply(status=200, body={"sObjects": counts})
