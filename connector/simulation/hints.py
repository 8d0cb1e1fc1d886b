"""The seed that found each planted bug when it was last hunted; tried first, and never believed."""

from __future__ import annotations

from collections.abc import Mapping

HINTS: Mapping[str, int] = {
    "one_wake_per_record": 0, "rules_set_off": 1, "snapshot_when_captured": 0, "strict_cursor": 25,
}  # fmt: skip
