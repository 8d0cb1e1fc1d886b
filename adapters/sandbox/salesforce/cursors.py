"""Open query cursors: what is left of a result that did not fit one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adapters.sandbox.salesforce.ids import base62

_LIFETIME = 2 * 24 * 3600 * 1000  # cursors live two days (apicursors)
_MOST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCursor:
    records: Sequence[dict[str, Any]]
    page_size: int
    expires: int


class Cursors:
    """Cursors by locator; the oldest goes when there are too many."""

    def __init__(self) -> None:
        self._open: dict[str, OpenCursor] = {}
        self._made = 0

    def open(self, records: Sequence[dict[str, Any]], page_size: int, now: int) -> str:
        self._made += 1
        locator = "0r8" + base62(self._made, 12) + "AAQ"
        self._open[locator] = OpenCursor(records=records, page_size=page_size, expires=now + _LIFETIME)
        if len(self._open) > _MOST:
            del self._open[next(iter(self._open))]
        return locator

    def find(self, locator: str, now: int) -> OpenCursor | None:
        found = self._open.get(locator)
        return found if found is not None and now < found.expires else None

    def expire(self, locator: str) -> bool:
        return self._open.pop(locator, None) is not None
