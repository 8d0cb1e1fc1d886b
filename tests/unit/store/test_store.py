"""The SQLite store: one writer at a time, nothing half, plain words when the disk is full or the file damaged."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from connector.errors import StateError
from connector.pipeline.state import MIGRATIONS, prepare
from connector.store import CommitPoint, Migration, SqliteStore, Sync, any_of, batches, damage, migrate
from connector.store.sql import Dialect, translate

NUMBERS = Migration(stage="test", number=1, name="numbers", script="CREATE TABLE numbers (n BIGINT PRIMARY KEY)")


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path / "state.db")
    migrate(store, [NUMBERS])
    yield store
    store.close()


def numbers(store):
    with store.snapshot() as tx:
        return [row["n"] for row in tx.rows("SELECT n FROM numbers ORDER BY n")]


def add(store, *values, name="test"):
    with store.transaction(name) as tx:
        tx.run_many("INSERT INTO numbers (n) VALUES (:n)", [{"n": value} for value in values])


def test_a_transaction_inside_another_is_refused_by_name(store):
    with store.transaction("outer"):
        for inner in (lambda: store.transaction("inner"), store.snapshot):
            with pytest.raises(StateError, match="opened inside"), inner():
                pass
    assert numbers(store) == []


def test_nothing_is_opened_inside_a_snapshot_and_it_stays_usable(store):
    add(store, 1)
    with store.snapshot() as tx:
        for inner in (lambda: store.transaction("inner"), store.snapshot):
            with pytest.raises(StateError, match="opened inside a snapshot"), inner():
                pass
        assert tx.rows("SELECT n FROM numbers") == [{"n": 1}]


@pytest.mark.parametrize("read", ["rows", "one"])
def test_a_snapshot_undoes_a_write_that_looks_like_a_read(store, read):
    with pytest.raises(StateError, match="read-only"), store.snapshot() as tx:
        getattr(tx, read)("INSERT INTO numbers (n) VALUES (1) RETURNING n")
    assert numbers(store) == []
    add(store, 2)
    assert numbers(store) == [2]


def test_a_snapshot_sees_what_the_last_transaction_of_its_thread_wrote(store):
    for value in range(3):
        add(store, value)
        assert numbers(store) == [*range(value + 1)]


def test_what_was_rolled_back_leaves_the_store_usable(store):
    with pytest.raises(sqlite3.IntegrityError):
        add(store, 1, 1)
    add(store, 2)
    assert numbers(store) == [2]


def test_two_threads_that_read_and_then_write_both_succeed(store):
    """BEGIN IMMEDIATE: a deferred transaction would fail at once when it turns from reading to writing."""
    failed: list[BaseException] = []

    def count(first: int) -> None:
        try:
            for place in range(50):
                with store.transaction("test") as tx:
                    tx.rows("SELECT COUNT(*) AS n FROM numbers")
                    tx.run("INSERT INTO numbers (n) VALUES (:n)", n=first + place)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=count, args=(first,)) for first in (0, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(numbers(store)) == 100


def test_a_snapshot_does_not_see_what_is_committed_after_it_began(store):
    add(store, 1)
    with store.snapshot() as tx:
        assert len(tx.rows("SELECT n FROM numbers")) == 1
        thread = threading.Thread(target=add, args=(store, 2))
        thread.start()
        thread.join()
        assert len(tx.rows("SELECT n FROM numbers")) == 1
    assert numbers(store) == [1, 2]


def test_a_watcher_is_told_before_and_after_each_commit_and_of_no_other(tmp_path):
    told = []
    store = SqliteStore(tmp_path / "state.db", watch=lambda name, point: told.append((name, point)))
    migrate(store, [NUMBERS])
    told.clear()
    add(store, 1, name="one")
    with pytest.raises(sqlite3.IntegrityError):
        add(store, 1, name="two")
    store.close()
    assert told == [("one", CommitPoint.BEFORE), ("one", CommitPoint.AFTER)]


def test_a_full_disk_keeps_nothing_of_the_step_wherever_it_strikes(tmp_path):
    """The database may not grow by one page more, for every number of pages a step could need."""
    store = SqliteStore(tmp_path / "state.db")
    migrate(store, [NUMBERS, Migration(stage="test", number=2, name="texts", script="CREATE TABLE texts (t TEXT)")])
    struck = 0
    for spare in range(12):
        before = len(numbers(store))
        connection = store._connection()
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {used + spare}")
        said = None
        try:
            with store.transaction("test") as tx:
                tx.run("INSERT INTO numbers (n) VALUES (:n)", n=spare)
                for place in range(8):
                    tx.run("INSERT INTO texts (t) VALUES (:t)", t=str(place) * 4096)
        except StateError as error:
            said = error
        if said is None:
            assert len(numbers(store)) == before + 1
        else:
            struck += 1
            assert "nothing of this step was kept" in said.message
            assert "free disk space" in said.hint
            assert len(numbers(store)) == before
        connection.execute("PRAGMA max_page_count = 1000000")
    assert 0 < struck < 12
    assert store._connection().execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.close()


def test_a_full_disk_in_the_middle_of_the_whole_products_steps_is_a_state_error(state, journal):
    from connector.journal import Entry, EntryKind
    from tests.support.given import NOW

    connection = state._connection()
    used = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {used}")
    with pytest.raises(StateError), state.transaction("test") as tx:
        journal.append(tx, *[Entry(kind=EntryKind.STARTED, at=NOW, body={"text": "x" * 5000})] * 20)
    with state.snapshot() as tx:
        assert tx.rows("SELECT * FROM journal_entries") == tx.rows("SELECT * FROM journal_bodies") == []


def test_a_damaged_file_is_said_plainly(tmp_path):
    path = tmp_path / "state.db"
    path.write_bytes(b"this is no database" * 100)
    store = SqliteStore(path)
    for opened in (lambda: store.transaction("test"), store.snapshot):
        with pytest.raises(StateError, match="damaged"), opened():
            pass


@pytest.mark.parametrize("instead", [None, b""], ids=["deleted", "replaced"])
def test_a_file_that_is_taken_away_in_use_is_noticed_before_the_next_commit(tmp_path, instead):
    path = tmp_path / "state.db"
    store = SqliteStore(path)
    prepare(store)
    path.rename(tmp_path / "away.db")
    if instead is not None:
        path.write_bytes(instead)
    for opened in (lambda: store.transaction("test"), store.snapshot):
        with pytest.raises(StateError, match="while it was in use"), opened():
            pass
    store.close()


def test_a_file_that_cannot_be_opened_is_no_traceback_and_no_damage(tmp_path):
    path = tmp_path / "state.db"
    path.mkdir()
    store = SqliteStore(path)
    with pytest.raises(StateError, match="cannot be opened for writing"), store.transaction("test"):
        pass
    assert damage(tmp_path / "absent.db") is None


def test_state_of_a_newer_version_is_refused(tmp_path):
    store = SqliteStore(tmp_path / "state.db")
    prepare(store)
    migrate(store, [*MIGRATIONS, NUMBERS])
    with pytest.raises(StateError, match="newer version"):
        prepare(store)
    store.close()


def test_a_migration_that_fails_leaves_no_trace(tmp_path):
    store = SqliteStore(tmp_path / "state.db")
    broken = Migration(stage="test", number=2, name="broken", script="CREATE TABLE fine (n BIGINT); CREATE NONSENSE")
    with pytest.raises(sqlite3.OperationalError):
        migrate(store, [NUMBERS, broken])
    with store.snapshot() as tx:
        assert [row["number"] for row in tx.rows("SELECT number FROM store_migrations")] == [1]
        assert tx.one("SELECT name FROM sqlite_master WHERE name = 'fine'") is None
    store.close()


def test_a_lazy_commit_survives_the_process(tmp_path):
    store = SqliteStore(tmp_path / "state.db")
    migrate(store, [NUMBERS])
    with store.transaction("test", Sync.NORMAL) as tx:
        tx.run("INSERT INTO numbers (n) VALUES (1)")
    store.close()
    again = SqliteStore(tmp_path / "state.db")
    assert numbers(again) == [1]
    again.close()


def test_parameters_are_translated_and_nothing_else():
    sql = "SELECT a::text, '%', ':x' FROM t WHERE b = :name AND c LIKE :like"
    assert translate(sql, Dialect.SQLITE) == sql
    assert "b = %(name)s AND c LIKE %(like)s" in translate(sql, Dialect.POSTGRES)
    assert "a::text, '%%'" in translate(sql, Dialect.POSTGRES)


def test_a_list_is_never_empty_sql():
    assert any_of("id", []) == ("NULL", {})
    names, parameters = any_of("id", list(range(500)))
    assert len(parameters) == len(set(names.split(", "))) == 500
    assert [len(some) for some in batches(range(1203))] == [500, 500, 203]
