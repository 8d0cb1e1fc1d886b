"""How much of a property's past an answer shows."""

from __future__ import annotations

from collections.abc import Sequence

from .portal import Portal


def depth_now(portal: Portal, history: Sequence[str]) -> int | None:
    """Under the fault one entry is shown only, so that an older baseline has fallen off the list."""
    return 1 if history and portal.faults.fire("shallow_history") else None
