"""The named commit points that a killed life can be aimed at: every transaction the service itself makes on this road."""

from __future__ import annotations

AIMED_AT = (
    "daemon: started", "change: activated", "change: baseline page", "change: captured page", "decide: recorded",
    "decide: released", "decide: buried", "decision: count examples", "decision: shelve a learner", "learning: learned",
    "learning: verdicts brought along", "autonomy: reviewed", "journal: sealed", "people: time ran out",
    "writeback: recovered", "writeback: waits", "writeback: sending", "writeback: settled", "writeback: resolved",
    "writeback: cut short", "writeback: given up", "store: migrations table",
)  # fmt: skip
OFTEN_PASSED = (
    "daemon: started", "change: captured page", "decide: recorded", "writeback: recovered", "writeback: sending",
    "writeback: settled", "journal: sealed",
)  # fmt: skip
