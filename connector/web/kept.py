"""What a page worked out, kept for everybody until something happens, as the journal tells; a minute is the longest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

Found = TypeVar("Found")

LONGEST = timedelta(minutes=1)  # a CRM changes without telling us at once
SHORTEST = timedelta(seconds=5)  # on a busy service something happens all the time


@dataclass(frozen=True, slots=True)
class _Worked:
    mark: object
    at: datetime
    found: Any


@dataclass(slots=True)
class Kept:
    """Costly views by name. Two people who look at once wait for one answer, and the CRM is asked once."""

    _worked: dict[str, _Worked] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, name: str, mark: object, now: datetime, work: Callable[[], Found]) -> Found:
        """What `work` found when it was last asked, unless `mark` has moved since or it is too old."""
        with self._lock:
            worked = self._worked.get(name)
            if worked is None or not _holds(worked, mark, now):
                worked = _Worked(mark, now, work())
                self._worked[name] = worked
            found: Found = worked.found
            return found


def _holds(worked: _Worked, mark: object, now: datetime) -> bool:
    age = now - worked.at
    return timedelta(0) <= age < (LONGEST if worked.mark == mark else SHORTEST)
