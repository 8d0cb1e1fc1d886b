"""The egress ledger of commands: the service counts in memory and writes in its ticks, a short command writes at once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from connector.adapter import Departure, Meter, Tally
from connector.journal import note_departures
from connector.settings import Settings
from connector.store import SqliteStore, Store, Sync

STATE_FILE = "state.db"


class WrittenThrough:
    """Counts into the state as it goes; before there is a state, nothing can be counted."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def count(self, departure: Departure) -> None:
        if not self._file.is_file():
            return
        with closing(SqliteStore(self._file)) as store, store.transaction("egress: counted", Sync.NORMAL) as tx:
            note_departures(tx, [departure])


def meter_of(settings: Settings, meter: Meter | None) -> Meter:
    """The meter somebody hands over, else one that writes at once: nothing leaves uncounted."""
    return meter if meter is not None else WrittenThrough(settings.state / STATE_FILE)


def keep_departures(store: Store, tally: Tally) -> None:
    """Take what was counted to the ledger; a quiet time costs no transaction."""
    if counted := tally.take():
        with store.transaction("egress: kept", Sync.NORMAL) as tx:
            note_departures(tx, counted)
