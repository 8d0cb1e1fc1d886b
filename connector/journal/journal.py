"""The audit trail: append inside any stage's transaction, read back, erase bodies, seal batches under a keyed head."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connector.clock import from_micros, micros
from connector.journal.entry import Entry, EntryKind, StoredEntry, canonical, digest_of_body, digest_of_entry
from connector.record import RecordRef
from connector.store import Migration, Row, Transaction, holding, word

MIGRATIONS = (
    Migration(
        stage="journal",
        number=1,
        name="entries, bodies and seals",
        script="""
        CREATE TABLE journal_entries (
            seq {identity},
            at BIGINT NOT NULL,
            kind TEXT NOT NULL,
            connection TEXT,
            object TEXT,
            record TEXT,
            policy TEXT,
            decision TEXT,
            intent TEXT,
            run TEXT,
            actor TEXT NOT NULL,
            body_digest TEXT NOT NULL,
            digest TEXT NOT NULL
        );
        CREATE INDEX journal_entries_record ON journal_entries (connection, object, record);
        CREATE INDEX journal_entries_decision ON journal_entries (decision);
        CREATE INDEX journal_entries_intent ON journal_entries (intent);
        CREATE TABLE journal_bodies (
            body_digest TEXT PRIMARY KEY,
            salt TEXT NOT NULL,
            body TEXT NOT NULL
        );
        CREATE TABLE journal_seals (
            first BIGINT PRIMARY KEY,
            last BIGINT NOT NULL,
            entries BIGINT NOT NULL,
            chain TEXT NOT NULL,
            head TEXT NOT NULL
        )
        """,
    ),
)

_COLUMNS = ("at", "kind", "connection", "object", "record", "policy", "decision", "intent", "run", "actor")
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A sealed batch: its entries hash to `chain`, and `head` binds it to everything before under the journal's key."""

    first: int
    last: int
    entries: int
    chain: str
    head: str


class Journal:
    """Appends and reads entries. `randomness` salts bodies; nothing else about an entry is random."""

    def __init__(self, randomness: random.Random) -> None:
        self._random = randomness

    def append(self, tx: Transaction, *entries: Entry) -> None:
        """Add entries inside the caller's transaction: they are kept exactly when the step they tell of is."""
        rows, bodies = [], []
        for entry in entries:
            body, salt = canonical(entry.body), f"{self._random.getrandbits(128):032x}"
            columns = _columns(entry)
            body_digest = digest_of_body(salt, body)
            bodies.append({"body_digest": body_digest, "salt": salt, "body": body})
            rows.append({**columns, "body_digest": body_digest, "digest": digest_of_entry(columns, body_digest)})
        tx.run_many(_INSERT_BODY, bodies)
        tx.run_many(_INSERT_ENTRY, rows)


_INSERT_BODY = "INSERT INTO journal_bodies (body_digest, salt, body) VALUES (:body_digest, :salt, :body)"
_INSERT_ENTRY = f"""
INSERT INTO journal_entries ({", ".join(_COLUMNS)}, body_digest, digest)
VALUES ({", ".join(":" + column for column in _COLUMNS)}, :body_digest, :digest)
"""
_SELECT = """
SELECT e.*, b.body FROM journal_entries e LEFT JOIN journal_bodies b ON b.body_digest = e.body_digest
"""


def _columns(entry: Entry) -> dict[str, Any]:
    ref = entry.ref
    return {
        "at": micros(entry.at),
        "kind": entry.kind.value,
        "connection": ref.connection if ref else None,
        "object": ref.object.value if ref else None,
        "record": ref.id if ref else None,
        "policy": entry.policy,
        "decision": entry.decision,
        "intent": entry.intent,
        "run": entry.run,
        "actor": entry.actor,
    }


def _stored(row: Row) -> StoredEntry:
    body = json.loads(row["body"]) if row["body"] is not None else None
    ref = (
        RecordRef.parse(f"{row['connection']}:{row['object']}/{row['record']}") if row["record"] is not None else None
    )
    entry = Entry(
        kind=word(EntryKind, row["kind"]), at=from_micros(row["at"]), ref=ref,
        policy=row["policy"], decision=row["decision"],
        intent=row["intent"], run=row["run"], actor=row["actor"], body=body or {},
    )
    return StoredEntry(seq=row["seq"], entry=entry, body=body, body_digest=row["body_digest"], digest=row["digest"])


def of_record(tx: Transaction, ref: RecordRef) -> list[StoredEntry]:
    """One record's story, oldest first."""
    where = "WHERE e.connection = :connection AND e.object = :object AND e.record = :record ORDER BY e.seq"
    rows = tx.rows(f"{_SELECT} {where}", connection=ref.connection, object=ref.object.value, record=ref.id)
    return [_stored(row) for row in rows]


def of_decision(tx: Transaction, decision: str) -> list[StoredEntry]:
    return [_stored(row) for row in tx.rows(f"{_SELECT} WHERE e.decision = :decision ORDER BY e.seq", decision=decision)]


def of_intent(tx: Transaction, intent: str) -> list[StoredEntry]:
    return [_stored(row) for row in tx.rows(f"{_SELECT} WHERE e.intent = :intent ORDER BY e.seq", intent=intent)]


def newest(tx: Transaction, limit: int) -> list[StoredEntry]:
    rows = tx.rows(f"{_SELECT} ORDER BY e.seq DESC LIMIT :limit", limit=limit)
    return [_stored(row) for row in reversed(rows)]


def newest_seq(tx: Transaction) -> int:
    """How far the journal goes; 0 when it is empty."""
    row = tx.one("SELECT MAX(seq) AS seq FROM journal_entries")
    return int(row["seq"]) if row is not None and row["seq"] is not None else 0


def before(tx: Transaction, seq: int, *, limit: int) -> list[StoredEntry]:
    """The entries before `seq`, newest first: the way to leaf back."""
    rows = tx.rows(f"{_SELECT} WHERE e.seq < :seq ORDER BY e.seq DESC LIMIT :limit", seq=seq, limit=limit)
    return [_stored(row) for row in rows]


def entries_after(tx: Transaction, seq: int, *, limit: int = 1000) -> list[StoredEntry]:
    """Entries after `seq` in order; the way to walk a long journal page by page."""
    rows = tx.rows(f"{_SELECT} WHERE e.seq > :seq ORDER BY e.seq LIMIT :limit", seq=seq, limit=limit)
    return [_stored(row) for row in rows]


def walk(tx: Transaction) -> Iterator[StoredEntry]:
    seq = 0
    while page := entries_after(tx, seq):
        yield from page
        seq = page[-1].seq


def is_sealed(tx: Transaction) -> bool:
    """Whether any entry stands under a seal."""
    return tx.one("SELECT 1 AS found FROM journal_seals LIMIT 1") is not None


def seal(tx: Transaction, key: bytes) -> Seal | None:
    """Link all entries since the last seal under a keyed head; None when there are none.

    The caller writes the head outside the state as well: whoever can rewrite the state cannot rewrite both.
    """
    last = tx.one("SELECT last, head FROM journal_seals ORDER BY first DESC LIMIT 1")
    since, head = (last["last"], last["head"]) if last else (0, GENESIS)
    rows = tx.rows("SELECT seq, digest FROM journal_entries WHERE seq > :since ORDER BY seq", since=since)
    if not rows:
        return None
    made = _sealed(rows, head, key)
    tx.run(
        "INSERT INTO journal_seals (first, last, entries, chain, head) VALUES (:first, :last, :entries, :chain, :head)",
        first=made.first, last=made.last, entries=made.entries, chain=made.chain, head=made.head,
    )
    return made


def _sealed(rows: Sequence[Row], previous: str, key: bytes) -> Seal:
    chain = hashlib.sha256()
    for row in rows:
        chain.update(f"{row['seq']}:{row['digest']}\n".encode())
    hashed = chain.hexdigest()
    first, last = rows[0]["seq"], rows[-1]["seq"]
    head = hmac.new(key, f"{previous}:{first}:{last}:{hashed}".encode(), hashlib.sha256).hexdigest()
    return Seal(first=first, last=last, entries=len(rows), chain=hashed, head=head)


def erase_bodies(tx: Transaction, seqs: Sequence[int]) -> int:
    """Remove the bodies of these entries; their digests stay, so the chain still verifies."""
    removed = 0
    for seq in seqs:
        removed += tx.run(
            "DELETE FROM journal_bodies WHERE body_digest IN (SELECT body_digest FROM journal_entries WHERE seq = :seq)",
            seq=seq,
        )
    return removed


def erase_bodies_holding(tx: Transaction, words: str) -> int:
    """Remove the bodies in which these words stand, in any case of letters; how many."""
    return tx.run("DELETE FROM journal_bodies WHERE LOWER(body) LIKE :like ESCAPE '!'", like=holding(words))
