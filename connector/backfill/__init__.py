"""One-off runs over records that existed before activation: named, resumable, stoppable, estimated before they start."""

from connector.backfill.backfill import Backfill, BackfillError, Estimate, estimate, find, start, stop, unfinished
from connector.backfill.sweep import carry_on, sweep

__all__ = [
    "Backfill", "BackfillError", "Estimate", "carry_on", "estimate", "find", "start", "stop", "sweep", "unfinished",
]
