"""Whatever is changed in a sealed journal is named; what was erased on purpose is not."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from connector.journal import Entry, EntryKind, Journal, erase_bodies, of_record, seal, verify
from tests.support.given import NOW, TICKET, ref

KEY = b"k" * 32


@pytest.fixture
def sealed(state):
    """Six entries in two seals, and the heads kept outside."""
    journal, heads = Journal(random.Random(1)), []
    for batch in range(2):
        with state.transaction("test") as tx:
            for place in range(3):
                journal.append(
                    tx,
                    Entry(
                        kind=EntryKind.DECIDED, at=NOW + timedelta(seconds=place), ref=ref(str(place)), policy="triage",
                        decision=f"d{place}", intent=f"i{place}", run="march", body={"text": f"{batch} {place}"},
                    ),
                )  # fmt: skip
            made = seal(tx, KEY)
            assert made is not None
            heads.append(made.head)
    return state, heads


def problems(state, heads=(), key=KEY):
    with state.snapshot() as tx:
        return verify(tx, key, heads).problems


COLUMNS = {
    "journal_entries": (
        "seq", "at", "kind", "connection", "object", "record", "policy", "decision", "intent", "run", "actor",
        "body_digest", "digest",
    ),
    "journal_bodies": ("body_digest", "salt", "body"),
    "journal_seals": ("first", "last", "entries", "chain", "head"),
}  # fmt: skip
FLIPS = [(table, column) for table, columns in COLUMNS.items() for column in columns]


def test_an_untouched_journal_verifies(sealed):
    assert problems(*sealed) == ()


def test_the_table_of_flips_is_complete(state):
    with state.snapshot() as tx:
        for table, columns in COLUMNS.items():
            assert {row["name"] for row in tx.rows(f"PRAGMA table_info({table})")} == set(columns)


@pytest.mark.parametrize(("table", "column"), FLIPS)
@pytest.mark.parametrize("place", [0, 1])
def test_any_changed_value_of_any_column_is_named(sealed, table, column, place):
    state, heads = sealed
    with state.transaction("tampering") as tx:
        row = tx.rows(f"SELECT rowid AS here, {column} AS value FROM {table} ORDER BY rowid")[place]
        value = row["value"] + 1000 if isinstance(row["value"], int) else flipped(row["value"])
        tx.run(f"UPDATE {table} SET {column} = :value WHERE rowid = :here", value=value, here=row["here"])
    assert problems(state, heads)


def flipped(text: str) -> str:
    middle = len(text) // 2
    return text[:middle] + ("0" if text[middle] != "0" else "1") + text[middle + 1 :]


def test_every_single_bit_of_a_body_counts(sealed):
    state, heads = sealed
    with state.snapshot() as tx:
        first = tx.rows("SELECT body_digest, body FROM journal_bodies ORDER BY body_digest")[0]
    for place in range(len(first["body"])):
        with state.transaction("tampering") as tx:
            changed = first["body"][:place] + chr(ord(first["body"][place]) ^ 1) + first["body"][place + 1 :]
            tx.run("UPDATE journal_bodies SET body = :body WHERE body_digest = :key", body=changed, key=first["body_digest"])
        assert problems(state, heads), place


@pytest.mark.parametrize("seq", range(1, 7))
def test_a_removed_entry_is_named(sealed, seq):
    state, heads = sealed
    with state.transaction("tampering") as tx:
        tx.run("DELETE FROM journal_entries WHERE seq = :seq", seq=seq)
    assert problems(state, heads)


def test_an_entry_slipped_in_between_is_named(sealed):
    state, heads = sealed
    with state.transaction("tampering") as tx:
        tx.run("UPDATE journal_entries SET seq = 60 WHERE seq = 6")
        Journal(random.Random(2)).append(tx, Entry(kind=EntryKind.APPLIED, at=NOW))
    assert problems(state, heads)


def test_the_end_cut_off_is_seen_by_the_heads_outside(sealed):
    state, heads = sealed
    with state.transaction("tampering") as tx:
        tx.run("DELETE FROM journal_entries WHERE seq > 3")
        tx.run("DELETE FROM journal_bodies WHERE body_digest NOT IN (SELECT body_digest FROM journal_entries)")
        tx.run("DELETE FROM journal_seals WHERE first > 3")
    assert problems(state) == ()
    [problem] = problems(state, heads)
    assert heads[1][:12] in problem


def test_a_journal_resealed_without_the_key_is_named(sealed):
    state, heads = sealed
    with state.transaction("tampering") as tx:
        tx.run("DELETE FROM journal_seals")
        seal(tx, b"another key" * 3)
    assert problems(state)
    assert problems(state, heads, b"another key" * 3)


def test_erased_bodies_are_counted_and_no_problem(sealed):
    state, heads = sealed
    journal = Journal(random.Random(3))
    with state.transaction("erase") as tx:
        removed = erase_bodies(tx, [stored.seq for stored in of_record(tx, ref("1"))])
        journal.append(tx, Entry(kind=EntryKind.ERASED, at=NOW, body={"records": 1, "bodies": removed}))
        seal(tx, KEY)
    with state.snapshot() as tx:
        found = verify(tx, KEY, heads)
    assert (found.erased, found.problems) == (2, ())


def test_a_body_removed_without_an_erasure_is_named(sealed):
    state, heads = sealed
    with state.transaction("tampering") as tx:
        erase_bodies(tx, [1])
    assert problems(state, heads) == ("1 entries have lost their bodies, and no erasure tells of it",)


def test_an_erasure_that_was_written_over_vouches_for_nothing(sealed):
    state, heads = sealed
    with state.transaction("tampering") as tx:
        erase_bodies(tx, [1])
        Journal(random.Random(3)).append(tx, Entry(kind=EntryKind.ERASED, at=NOW, body={"bodies": 0}))
        tx.run("UPDATE journal_bodies SET body = 'not even JSON' WHERE body LIKE '%bodies%'")
    assert "1 entries have lost their bodies, and no erasure tells of it" in problems(state, heads)


def test_entries_after_the_last_seal_are_counted(sealed):
    state, heads = sealed
    with state.transaction("test") as tx:
        Journal(random.Random(3)).append(tx, Entry(kind=EntryKind.STOPPED, at=NOW, ref=TICKET))
    with state.snapshot() as tx:
        found = verify(tx, KEY, heads)
    assert (found.unsealed, found.problems) == (1, ())


def test_two_equal_bodies_do_not_share_a_digest(state, journal):
    with state.transaction("test") as tx:
        journal.append(tx, *[Entry(kind=EntryKind.STARTED, at=NOW, body={"a": 1})] * 2)
        digests = {row["body_digest"] for row in tx.rows("SELECT body_digest FROM journal_entries")}
    assert len(digests) == 2
