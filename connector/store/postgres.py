"""The same tables on PostgreSQL: psycopg 3 behind the same two-method store.

The service does not offer it as its state yet; the contract of the tables runs on it, so that they stay portable.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from connector.store.sql import Dialect, Parameters, Row, translate
from connector.store.store import CommitPoint, CommitWatcher, Sync, Transaction

if TYPE_CHECKING:
    import psycopg


class PostgresTransaction:
    """A transaction on one PostgreSQL connection."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self._connection = connection

    def run(self, sql: str, **parameters: Any) -> int:
        return self._connection.execute(self._translated(sql), parameters or None).rowcount

    def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(self._translated(sql), list(rows))

    def rows(self, sql: str, **parameters: Any) -> list[Row]:
        return cast(list[Row], self._connection.execute(self._translated(sql), parameters or None).fetchall())

    def one(self, sql: str, **parameters: Any) -> Row | None:
        return self._connection.execute(self._translated(sql), parameters or None).fetchone()

    @staticmethod
    def _translated(sql: str) -> Any:
        return translate(sql, Dialect.POSTGRES)


class PostgresStore:
    """State in one PostgreSQL database, a connection per thread, serialised by one advisory lock per transaction."""

    dialect = Dialect.POSTGRES
    # Any constant does: every process of a fleet takes the same one, so writers queue as they do on SQLite.
    _LOCK = 0x63726D63

    def __init__(self, uri: str, *, watch: CommitWatcher | None = None) -> None:
        self._uri = uri
        self._watch = watch
        self._local = threading.local()
        self._all: list[psycopg.Connection[dict[str, Any]]] = []

    def _connection(self) -> psycopg.Connection[dict[str, Any]]:
        connection: psycopg.Connection[dict[str, Any]] | None = getattr(self._local, "connection", None)
        if connection is None:
            import psycopg
            from psycopg.rows import dict_row

            connection = psycopg.connect(self._uri, autocommit=True, row_factory=dict_row)
            self._local.connection = connection
            self._all.append(connection)
        return connection

    @contextmanager
    def transaction(self, name: str, sync: Sync = Sync.FULL) -> Iterator[Transaction]:
        connection = self._connection()
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (self._LOCK,))
            if sync is Sync.NORMAL:
                connection.execute("SET LOCAL synchronous_commit = off")
            yield PostgresTransaction(connection)
            if self._watch is not None:
                self._watch(name, CommitPoint.BEFORE)
        if self._watch is not None:
            self._watch(name, CommitPoint.AFTER)

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        connection = self._connection()
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield PostgresTransaction(connection)

    def rewrite(self) -> None:
        # The server's own write-ahead log and backups keep what they hold; their retention is the operator's.
        self._connection().execute("VACUUM FULL")

    def close(self) -> None:
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._local = threading.local()
