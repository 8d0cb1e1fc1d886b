"""The audit trail. Owns entries, bodies and seals; any stage may append inside its own transaction."""

from connector.journal.egress import departures_since, note_departures
from connector.journal.entry import Entry, EntryKind, StoredEntry, canonical
from connector.journal.journal import (
    MIGRATIONS,
    Journal,
    Seal,
    before,
    entries_after,
    erase_bodies,
    erase_bodies_holding,
    is_sealed,
    newest,
    newest_seq,
    of_decision,
    of_intent,
    of_record,
    seal,
    walk,
)
from connector.journal.verify import Verification, verify

__all__ = [
    "MIGRATIONS", "Entry", "EntryKind", "Journal", "Seal", "StoredEntry", "Verification", "before", "canonical",
    "departures_since", "entries_after", "erase_bodies", "erase_bodies_holding", "is_sealed", "newest", "newest_seq",
    "note_departures", "of_decision", "of_intent", "of_record", "seal", "verify", "walk",
]
