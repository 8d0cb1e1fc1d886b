"""Lookups in databases: one query of yours on a connection that cannot write, its parameters bound, its time limited."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import quote

from adapters.channels.lookups import Source, a_file
from connector.adapter import ChannelEnvironment, Finding, Lookup, NotLookedUp, Options, Plain
from connector.errors import ConnectorError

_PLACE = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")


class SqliteSource(Source):
    """A SQLite file, opened read-only for each question."""

    def read(self, options: Options) -> None:
        self._file = a_file(options, self.environment)
        self._query = _query(options)

    def ask(self, given: Mapping[str, Plain]) -> Iterable[Mapping[str, Any]] | NotLookedUp:
        try:
            with closing(self._opened()) as database:
                clock = threading.Timer(self.seconds, database.interrupt)
                clock.start()
                try:
                    rows = database.execute(self._query, given).fetchmany(self.limit)
                finally:
                    clock.cancel()
                    clock.join()
        except sqlite3.Error as error:
            return NotLookedUp(why=f"the database says: {error}")
        return [dict(row) for row in rows]

    def check(self) -> tuple[Finding, ...]:
        try:
            with closing(self._opened()) as database:
                database.execute("SELECT 1")
        except sqlite3.Error as error:
            return (Finding(subject=str(self._file), problem=str(error), fix="check the file and its rights"),)
        return ()

    def _opened(self) -> sqlite3.Connection:
        database = sqlite3.connect(f"file:{quote(str(self._file))}?mode=ro", uri=True, check_same_thread=False)
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA query_only = ON")
        return database


class PostgresSource(Source):
    """A PostgreSQL database, asked in read-only transactions; needs the extra `postgres`."""

    def read(self, options: Options) -> None:
        self._host = options.text("host")
        self._port = options.whole("port", 5432, low=1, high=65535)
        self._database = options.text("database")
        self._user = options.text("username")
        self._encryption = options.word("security", ("verify-full", "require", "none"), "verify-full")
        self._query = _query(options)
        if self._encryption == "none" and not self.environment.dial.is_local(self._host):
            options.wrong("security", "questions leave this machine encrypted only: choose verify-full or require")

    @property
    def local(self) -> bool:
        return self.environment.dial.is_local(self._host)

    def ask(self, given: Mapping[str, Plain]) -> Iterable[Mapping[str, Any]] | NotLookedUp:
        import psycopg
        from psycopg.rows import dict_row

        try:
            address = self.environment.dial.addresses(self._host, self._port)[0]
            with psycopg.connect(**self._session(address), row_factory=dict_row) as database:
                return database.execute(bound(self._query), dict(given)).fetchmany(self.limit)
        except (ConnectorError, OSError, IndexError) as error:
            return NotLookedUp(why=str(error), away=True)
        except psycopg.Error as error:
            away = isinstance(error, psycopg.OperationalError)
            return NotLookedUp(why=f"the database says: {' '.join(str(error).split())[:200]}", away=away)

    def check(self) -> tuple[Finding, ...]:
        if self.environment.secrets.find("password") is None:
            return (Finding(subject="secret", problem="password is not set", fix="set it as docs/lookups.md says"),)
        return ()

    def _session(self, address: str) -> dict[str, Any]:
        """The judged address is connected to; the name is what the certificate must be for."""
        limits = f"-c default_transaction_read_only=on -c statement_timeout={self.seconds * 1000}"
        return {
            "host": self._host, "hostaddr": address, "port": self._port, "dbname": self._database, "user": self._user,
            "password": self.environment.secrets.get("password"), "connect_timeout": self.seconds, "options": limits,
            "sslmode": "disable" if self._encryption == "none" else self._encryption,
        }


def bound(query: str) -> bytes:
    """The query with its `:name` places as psycopg binds them; bytes, since it never holds a value."""
    return _PLACE.sub(r"%(\1)s", query.replace("%", "%%")).encode()


def _query(options: Options) -> str:
    """A single statement that reads; the connection cannot write in any case."""
    query = " ".join(options.text("query").split()).removesuffix(";")
    if not re.match(r"(?i)(select|with)\b", query) or ";" in query:
        options.wrong("query", "must be one SELECT, with places such as :email for its parameters")
    return query


def connect_sqlite(environment: ChannelEnvironment) -> Lookup:
    """The lookup of one block with `kind: sqlite`."""
    return SqliteSource(environment)


def connect_postgres(environment: ChannelEnvironment) -> Lookup:
    """The lookup of one block with `kind: postgres`."""
    return PostgresSource(environment)
