"""Named, resumable one-off runs over records older than activation."""

from connector.backfill.backfill import Backfill, BackfillError, Estimate, estimate, find, start, sweep

__all__ = ["Backfill", "BackfillError", "Estimate", "estimate", "find", "start", "sweep"]
