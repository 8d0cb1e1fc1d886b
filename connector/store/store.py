"""Open the state database and run transactions; every table belongs to the stage that owns its noun.

A transaction is BEGIN IMMEDIATE: a deferred one fails at once with SQLITE_BUSY_SNAPSHOT when it turns from reading to
writing, whatever the time-out (measured: 466 of 800 upserts by 8 threads, none with the immediate form).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from connector.errors import StateError
from connector.store.complaints import StateErrors
from connector.store.sql import Dialect, Parameters, Row, translate


class Sync(StrEnum):
    """How hard a commit is pushed to disk. Only what can be read again from the CRM may be NORMAL."""

    FULL = "full"
    NORMAL = "normal"


class CommitPoint(StrEnum):
    """Which side of a commit a watcher is told about."""

    BEFORE = "before"
    AFTER = "after"


CommitWatcher = Callable[[str, CommitPoint], None]


class Transaction(Protocol):
    """Statements inside one transaction. Stages take it as their first argument and never keep it."""

    def run(self, sql: str, **parameters: Any) -> int:
        """Execute one statement; the number of rows it changed."""
        ...

    def run_many(self, sql: str, rows: Iterable[Parameters]) -> None: ...

    def rows(self, sql: str, **parameters: Any) -> list[Row]: ...

    def one(self, sql: str, **parameters: Any) -> Row | None: ...


class Store(Protocol):
    """The state database."""

    dialect: Dialect

    def transaction(self, name: str, sync: Sync = Sync.FULL) -> AbstractContextManager[Transaction]:
        """A named transaction: all of it is kept or none. The name is the commit point that crash tests aim at."""
        ...

    def snapshot(self) -> AbstractContextManager[Transaction]:
        """A consistent view for reading; writes in it are refused."""
        ...

    def rewrite(self) -> None:
        """Write what is kept anew, so that nothing deleted is left in the files; raises StateError when it cannot."""
        ...

    def close(self) -> None: ...


class SqliteTransaction:
    """A transaction on one SQLite connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, sql: str, **parameters: Any) -> int:
        return self._connection.execute(sql, parameters).rowcount

    def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        self._connection.executemany(sql, rows)

    def rows(self, sql: str, **parameters: Any) -> list[Row]:
        cursor = self._connection.execute(sql, parameters)
        found = cursor.fetchall()
        if not found:
            return []
        names = _names(cursor)
        return [dict(zip(names, values, strict=True)) for values in found]

    def one(self, sql: str, **parameters: Any) -> Row | None:
        cursor = self._connection.execute(sql, parameters)
        values = cursor.fetchone()
        return None if values is None else dict(zip(_names(cursor), values, strict=True))


def _names(cursor: sqlite3.Cursor) -> list[str]:
    return [column[0] for column in cursor.description]


class _Reading(SqliteTransaction):
    """A snapshot: whatever would write in it is refused, and undone.

    Not by `PRAGMA query_only`: that expires every prepared statement (sqlite.org/c3ref/prepare.html), so that each
    snapshot would have all of them compiled again. Nor by a second connection: what the first one commits empties the
    other's page cache.
    """

    def run(self, sql: str, **parameters: Any) -> int:
        raise _read_only(sql)

    def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        raise _read_only(sql)

    def rows(self, sql: str, **parameters: Any) -> list[Row]:
        before = self._connection.total_changes
        found = super().rows(sql, **parameters)
        if self._connection.total_changes != before:
            raise _read_only(sql)
        return found

    def one(self, sql: str, **parameters: Any) -> Row | None:
        before = self._connection.total_changes
        found = super().one(sql, **parameters)
        if self._connection.total_changes != before:
            raise _read_only(sql)
        return found


def _read_only(sql: str) -> StateError:
    return StateError(f"a snapshot is read-only, and was told to {' '.join(sql.split())[:60]}")


class _Here(threading.local):
    """The connection of one thread, opened when first needed, and what it was last told."""

    connection: sqlite3.Connection | None = None
    sync: Sync | None = None
    begun: str = ""  # what was begun last; it is under way while the connection is in a transaction


class SqliteStore:
    """State in one SQLite file: WAL, a connection of its own for each thread, one writer at a time."""

    dialect = Dialect.SQLITE

    def __init__(self, path: Path, *, watch: CommitWatcher | None = None, busy_seconds: float = 30.0) -> None:
        self._path = path
        self._watch = watch
        self._busy_seconds = busy_seconds
        self._address = str(path)
        self._place: tuple[int, int] | None = None  # device and file, as first opened
        self._here = _Here()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    def _connection(self) -> sqlite3.Connection:
        self._check_standing()
        connection = self._here.connection
        if connection is None:
            connection = self._here.connection = self._open()
        return connection

    def _open(self) -> sqlite3.Connection:
        from sqlite_utils import Database  # slow to import: not for `--help`

        raw = sqlite3.connect(
            self._path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        database = Database(raw)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA foreign_keys=ON")
        found = self._path.stat()
        self._place = self._place or (found.st_dev, found.st_ino)
        with self._lock:
            self._all.append(raw)
        return raw

    def _check_standing(self) -> None:
        """Raise StateError where the file is no longer the one we opened: what we commit would be lost with it."""
        if self._place is None:
            return
        try:
            found = os.stat(self._address)  # noqa: PTH116 - before every transaction, where a Path is twice as slow
        except FileNotFoundError:
            raise StateError(
                f"{self._path} was deleted while it was in use",
                hint="restore a backup of the state folder, then: crm-connector run",
            ) from None
        if (found.st_dev, found.st_ino) != self._place:
            raise StateError(
                f"{self._path} was replaced while it was in use", hint="stop the service, then: crm-connector check"
            )

    @contextmanager
    def transaction(self, name: str, sync: Sync = Sync.FULL) -> Iterator[Transaction]:
        with StateErrors():
            connection = self._free(f"transaction {name!r} was")
            self._push(connection, sync)
            self._here.begun = "transaction"
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteTransaction(connection)
                if self._watch is not None:
                    self._watch(name, CommitPoint.BEFORE)
                connection.execute("COMMIT")
            finally:
                _roll_back(connection)
        if self._watch is not None:
            self._watch(name, CommitPoint.AFTER)

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        with StateErrors():
            connection = self._free("a snapshot was")
            self._here.begun = "snapshot"
            connection.execute("BEGIN")
            try:
                yield _Reading(connection)
            finally:
                _roll_back(connection)

    def _free(self, wanted: str) -> sqlite3.Connection:
        """This thread's connection; raises StateError where something is under way on it."""
        connection = self._connection()
        if connection.in_transaction:
            raise StateError(f"{wanted} opened inside a {self._here.begun}")
        return connection

    def _push(self, connection: sqlite3.Connection, sync: Sync) -> None:
        """How hard the next commit is pushed. SQLite compiles this pragma anew each time, so it is said when it changes."""
        if self._here.sync is not sync:
            # A no-op inside a transaction, so it is set before BEGIN.
            connection.execute(f"PRAGMA synchronous={sync.value}")
            self._here.sync = sync

    def rewrite(self) -> None:
        # A deleted row stays readable in freed pages, in the gaps of used ones, and in the write-ahead log, until all
        # three are written over (sqlite.org/lang_vacuum.html, sqlite.org/pragma.html#pragma_wal_checkpoint).
        connection = self._connection()
        with StateErrors():
            try:
                self._push(connection, Sync.FULL)
                connection.execute("VACUUM")
                busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                busy = 1
        if busy:
            raise StateError(
                "what was erased is gone from every table, but the old file is still being read, so its bytes remain",
                hint="stop the daemon, then repeat the command",
            )

    def close(self) -> None:
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()
        self._here = _Here()


def _roll_back(connection: sqlite3.Connection) -> None:
    """End what is still open; after a commit, or when SQLITE_FULL rolled back by itself, nothing is."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def statements(script: str) -> Sequence[str]:
    """The statements of a migration; none of ours holds a semicolon inside a literal."""
    return [part.strip() for part in script.split(";") if part.strip()]


def run_script(transaction: Transaction, script: str, dialect: Dialect) -> None:
    for statement in statements(script):
        transaction.run(translate(statement, dialect))
