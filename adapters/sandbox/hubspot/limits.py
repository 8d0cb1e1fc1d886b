"""The rate limits of one HubSpot account, enforced on the org's own clock when configured."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import RefusedError, policy_limit, secondly_limit
from .stamps import DAY_MS

TEN_SECONDS_MS = 10_000
SECOND_MS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How many calls an account may make; the defaults are the free tier's (facts §3).

    `daily_headers` is off for OAuth apps: their answers carry no Daily pair at all (recorded).
    """

    ten_secondly: int = 100
    search_secondly: int = 5
    daily: int = 250_000
    enforced: bool = False
    daily_headers: bool = True


@dataclass(slots=True)
class RateMeter:
    """Counts calls in the windows of an allowance; a refused call does not count."""

    allowance: Allowance
    _burst: deque[int] = field(default_factory=deque)
    _search: deque[int] = field(default_factory=deque)
    _day: int = -1
    _today: int = 0

    def admit(self, now_ms: int, *, search: bool) -> RefusedError | None:
        """Count one call, or say which limit refuses it."""
        self._forget(now_ms)
        allowance, window = self.allowance, self._search if search else self._burst
        if allowance.enforced:
            if self._today >= allowance.daily:
                return policy_limit("DAILY")
            if search and len(window) >= allowance.search_secondly:
                return secondly_limit()
            if not search and len(window) >= allowance.ten_secondly:
                return policy_limit("TEN_SECONDLY_ROLLING")
        window.append(now_ms)
        self._today += 1
        return None

    def _forget(self, now_ms: int) -> None:
        for window, width in ((self._burst, TEN_SECONDS_MS), (self._search, SECOND_MS)):
            while window and not window[0] <= now_ms < window[0] + width:
                window.popleft()
        if now_ms // DAY_MS != self._day:
            self._day, self._today = now_ms // DAY_MS, 0

    def headers(self, *, search: bool) -> Mapping[str, str]:
        """The headers of an answer; searches carry no burst headers (recorded)."""
        allowance = self.allowance
        headers: dict[str, str] = {}
        if allowance.daily_headers:
            headers["X-HubSpot-RateLimit-Daily"] = str(allowance.daily)
            left = max(allowance.daily - self._today, 0)
            headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(left)
        if search:
            return headers
        left = max(allowance.ten_secondly - len(self._burst), 0)
        secondly = max(allowance.ten_secondly // 10, 1)
        headers["X-HubSpot-RateLimit-Interval-Milliseconds"] = str(TEN_SECONDS_MS)
        headers["X-HubSpot-RateLimit-Max"] = str(allowance.ten_secondly)
        headers["X-HubSpot-RateLimit-Remaining"] = str(left)
        headers["X-HubSpot-RateLimit-Secondly"] = str(secondly)
        headers["X-HubSpot-RateLimit-Secondly-Remaining"] = str(min(secondly, left))
        return headers
