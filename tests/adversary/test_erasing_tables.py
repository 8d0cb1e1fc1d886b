"""Every table of the state, accounted for: each column either goes with an erased person or can hold no word of one."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.change.aliases import note_merge
from connector.context.memory_index import MemoryIndex
from connector.journal import Entry, EntryKind, Journal, verify, walk
from connector.pipeline.erase import erase
from connector.record import ConnectionName, ObjectType, RecordRef
from connector.store import SqliteStore
from tests.support.databases import sqlite

NOW = datetime(2026, 9, 1, tzinfo=UTC)
CANARY = "canarykestrel"
REF = RecordRef(ConnectionName("crm"), ObjectType.CONTACT, "c1")
# Names, hashes, closed words, and people of the house. What is not named here gets a canary, which must be gone afterwards.
BARE: Mapping[str, frozenset[str]] = {
    "change_aliases": frozenset({"into_record"}),
    "change_due": frozenset({"policy", "rule"}),
    "change_inbox": frozenset(),
    "change_seen": frozenset(),
    "change_triggers": frozenset({"policy"}),
    "context_activities": frozenset({"source", "event", "kind"}),
    "context_agent_values": frozenset({"field"}),
    "context_examples": frozenset({"field"}),
    "context_intake": frozenset({"policy"}),
    "context_past": frozenset({"policy"}),
    "context_stays": frozenset(),
    "decision_batches": frozenset(),
    "decision_decisions": frozenset({"decision", "policy", "policy_version", "tier", "disposition", "usd", "run"}),
    "decision_questions": frozenset({"policy"}),
    "decision_spending": frozenset({"policy", "day"}),
    "gate_approvals": frozenset({
        "approval", "intent", "decision", "policy", "cell", "pins", "content", "action_hash", "rule", "on_overwrite",
        "after_intent", "run", "state", "owner", "settled_by",
    }),
    "gate_audits": frozenset(),
    "gate_handoffs": frozenset({
        "handoff", "decision", "policy", "reason", "owner", "ladder", "fallback", "state", "settled_by",
    }),
    "gate_hands_off": frozenset(),
    "gate_labels": frozenset(),
    "gate_passes": frozenset({"intent", "policy", "kind", "run"}),
    "journal_entries": frozenset({
        "kind", "policy", "decision", "intent", "run", "actor", "body_digest", "digest",
    }),
    "writeback_outbox": frozenset({
        "intent", "decision", "policy", "approval", "kind", "purpose", "rule", "on_overwrite", "cleared_by",
        "after_intent", "run", "state",
    }),
}  # fmt: skip
# Tables without a record: why none of them can hold a customer's words.
NOBODY: Mapping[str, str] = {
    "asking_accounts": "accounts of people of the house elsewhere",
    "asking_letters": "ids of approvals, and what the way out answered",
    "asking_tasks": "ids of approvals and of tasks that ask people of the house",
    "change_backfills": "a policy, its object and how far it has come",
    "change_completeness": "counts",
    "change_cursors": "how far an object was read",
    "decision_examples": "counts",
    "decision_learners": "file names, digests and counts; the files have a test of their own",
    "egress_days": "hosts and counts",
    "gate_cells": "counts, and values that dozens of records share",
    "gate_conflicts": "hashes",
    "gate_looks": "counts",
    "journal_bodies": "go with their entries",
    "journal_seals": "hashes",
    "people_bulks": "ids of approvals and hashes",
    "people_feedback": "yes or no of a person of the house",
    "people_reveals": "ids of approvals and people of the house",
    "people_persons": "people of the house: crm-connector users remove",
    "people_sessions": "people of the house",
    "people_snoozes": "people of the house",
    "people_tries": "people of the house and network addresses of this machine's door",
    "sqlite_sequence": "counts",
    "store_migrations": "numbers of migrations",
}
_JSON = json.dumps({"kind": "note", "value": CANARY, "body": CANARY, "bases": {"x": {"value": CANARY}}})
_SHAPED = frozenset({"held", "action", "bases"})


@pytest.fixture
def store(tmp_path: Path):
    made = sqlite(tmp_path)
    yield made
    made.close()


def columns(store: SqliteStore) -> dict[str, list[tuple[str, str, int]]]:
    with store.snapshot() as tx:
        names = [row["name"] for row in tx.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: [
                (row["name"], row["type"].upper(), row["pk"])
                for row in tx.rows(f"SELECT name, type, pk FROM pragma_table_info('{name}')")
            ]
            for name in names
        }


def fill(store: SqliteStore, ref: RecordRef) -> None:
    """One row about `ref` in every table that keeps records, a canary in every column that could hold a word."""
    for table, shape in columns(store).items():
        if table not in BARE:
            continue
        row: dict[str, object] = {}
        for name, kind, _ in shape:
            if name in ("connection", "object", "record"):
                row[name] = {"connection": ref.connection, "object": ref.object.value, "record": ref.id}[name]
            elif kind != "TEXT":
                row[name] = 1
            elif name in BARE[table]:
                row[name] = f"{table}-{name}-{ref.id}" if name != "state" else "pending"
            else:
                row[name] = _JSON if name in _SHAPED else CANARY
        if table in ("journal_entries", "change_aliases"):
            continue
        listed = ", ".join(row)
        with store.transaction("test: fill") as tx:
            tx.run(f"INSERT INTO {table} ({listed}) VALUES ({', '.join(f':{name}' for name in row)})", **row)


def holding(store: SqliteStore, word: str = CANARY) -> dict[str, list[str]]:
    """Tables with the word, and in which columns."""
    found: dict[str, list[str]] = {}
    with store.snapshot() as tx:
        for table in columns_names(tx):
            for row in tx.rows(f"SELECT * FROM {table}"):
                found.setdefault(table, []).extend(name for name, value in row.items() if word in str(value))
    return {table: sorted(set(names)) for table, names in found.items() if names}


def columns_names(tx) -> list[str]:
    return [row["name"] for row in tx.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]


def test_every_table_of_the_state_is_accounted_for(store: SqliteStore) -> None:
    known = {*BARE, *NOBODY}
    tables = columns(store)
    assert set(tables) == known, "say in BARE or NOBODY, and in connector/pipeline/erase.py, what becomes of a new table"
    of_records = {name for name, shape in tables.items() if "record" in {column for column, *_ in shape}}
    assert of_records == set(BARE)


def test_no_column_of_any_table_keeps_a_word_of_an_erased_person(store: SqliteStore) -> None:
    fill(store, REF)
    before = holding(store)
    assert len(before) >= 15, before
    erase(store, Journal(random.Random(1)), MemoryIndex(), [REF], by="dpo", at=NOW)
    assert holding(store) == {}


def test_a_record_merged_into_an_erased_one_is_erased_with_it(store: SqliteStore) -> None:
    """Old ids keep their story: of the person who lives on under the new one as well."""
    older, oldest = (RecordRef(REF.connection, REF.object, one) for one in ("c0", "c00"))
    with store.transaction("test: merged") as tx:
        note_merge(tx, oldest, older)
        note_merge(tx, older, REF)
    fill(store, oldest)
    erased = erase(store, Journal(random.Random(1)), MemoryIndex(), [REF], by="dpo", at=NOW)
    assert holding(store) == {}
    assert set(erased.records) == {REF, older, oldest}


@pytest.mark.parametrize("mentioned", [f'{{"ref":"{REF}"}}', '{"email":"JO@example.com"}'])
def test_a_decision_about_another_record_loses_its_evidence_and_keeps_what_it_wrote(
    store: SqliteStore, mentioned: str
) -> None:
    deal = RecordRef(REF.connection, ObjectType.OPPORTUNITY, "d1")
    fill(store, deal)
    journal = Journal(random.Random(1))
    with store.transaction("test: a relative") as tx:
        tx.run("UPDATE decision_questions SET decision = 'd', context = :context", context=mentioned)
        for table in ("decision_decisions", "gate_approvals", "gate_handoffs", "context_past"):
            tx.run(f"UPDATE {table} SET decision = 'd'")
        journal.append(tx, Entry(kind=EntryKind.DECIDED, at=NOW, ref=deal, decision="d", body={"quote": CANARY}))
    erase(store, journal, MemoryIndex(), [REF], by="dpo", at=NOW, addresses=("jo@example.com",))
    found = holding(store)
    assert "decision_questions" not in found
    assert "decision_decisions" not in found
    assert "journal_bodies" not in found
    assert found["gate_approvals"] == ["held", "pattern", "remark"]
    assert "inverse" in found["writeback_outbox"], "it can still be undone"
    with store.snapshot() as tx:
        assert verify(tx, b"a key").problems == ()


def test_entries_of_no_record_that_name_an_erased_person_lose_their_words(store: SqliteStore) -> None:
    journal = Journal(random.Random(1))
    told = Entry(kind=EntryKind.DEMOTED, at=NOW, body={"why": "ann said so: Jo_B@example.com complained"})
    other = Entry(kind=EntryKind.DEMOTED, at=NOW, body={"why": "ann said so: joxb@example.com complained"})
    with store.transaction("test: told") as tx:
        journal.append(tx, told, other)
    erase(store, journal, MemoryIndex(), [REF], by="dpo", at=NOW, addresses=("jo_b@example.com",))
    with store.snapshot() as tx:
        bodies = [stored.body for stored in walk(tx)]
    assert bodies[0] is None
    assert bodies[1] is not None
