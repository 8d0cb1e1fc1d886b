"""The state file of a simulated daemon, and what a power cut leaves of it: everything up to the last FULL commit."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.pipeline import prepare
from connector.store import CommitPoint, CommitWatcher, SqliteStore, Sync, Transaction

_SIDES = ("", "-wal")


class StateFile:
    """One database file that outlives its processes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state.db"
        self.power_may_fail = True
        self._kept: dict[str, memoryview] | None = None
        self._room = {side: bytearray() for side in _SIDES}  # to copy into: fresh memory costs more than the copying

    def start_from(self, template: Path) -> None:
        shutil.copyfile(template, self.path)

    def keep(self) -> None:
        """Remember the file as a FULL commit left it, for when the power fails."""
        if not self.power_may_fail:
            return
        self._kept = {side: self._copy(side) for side in _SIDES if self._side(side).exists()}

    def durable(self) -> None:
        """All there is has been pushed to disk: a power cut takes nothing."""
        self._kept = None

    def cut_power(self) -> bool:
        """Put back what was on disk for certain; whether that took commits away."""
        if self._kept is None:
            return False
        for side in (*_SIDES, "-shm"):
            self._side(side).unlink(missing_ok=True)
            if side in self._kept:
                self._side(side).write_bytes(self._kept[side])
        self._kept = None
        return True

    def damage(self) -> list[str]:
        """What SQLite finds wrong with the file; empty when it is whole."""
        connection = sqlite3.connect(self.path)
        try:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
        except sqlite3.DatabaseError as error:
            found = [str(error)]
        finally:
            connection.close()
        return [line for line in found if line != "ok"]

    def bytes(self) -> bytes:
        return b"".join(self._side(side).read_bytes() for side in _SIDES if self._side(side).exists())

    def _copy(self, side: str) -> memoryview:
        with self._side(side).open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if len(self._room[side]) < size:
                self._room[side] = bytearray(2 * size)
            return memoryview(self._room[side])[: file.readinto(memoryview(self._room[side])[:size])]

    def _side(self, side: str) -> Path:
        return self.path.with_name(self.path.name + side)


class SimulatedStore(SqliteStore):
    """The real store, which also keeps what a power cut would leave.

    A FULL commit makes all earlier ones durable with it; a NORMAL one is lost with the power until the next FULL one.
    """

    def __init__(self, file: StateFile, watch: CommitWatcher) -> None:
        super().__init__(file.path, watch=self._committed)
        self._file = file
        self._told = watch
        self._at_risk = False
        self._pushing = False
        self._changes = 0

    @contextmanager
    def transaction(self, name: str, sync: Sync = Sync.FULL) -> Iterator[Transaction]:
        if sync is Sync.NORMAL and not self._at_risk:
            self._file.keep()
            self._at_risk = True
        self._pushing = sync is Sync.FULL
        self._changes = self._connection().total_changes
        with super().transaction(name, sync) as tx:
            yield tx

    def _committed(self, name: str, point: CommitPoint) -> None:
        if point is CommitPoint.AFTER and self._pushing and self._connection().total_changes != self._changes:
            self._at_risk = False
            self._file.durable()
        self._told(name, point)


def make_template(folder: Path) -> Path:
    """An empty, migrated state file to start runs from: migrating once is enough."""
    path = folder / "template.db"
    store = SqliteStore(path)
    prepare(store)
    store.close()
    return path
