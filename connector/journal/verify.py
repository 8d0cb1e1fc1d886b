"""Prove that no entry was changed, added or removed since it was sealed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from connector.journal.entry import EntryKind, digest_of_body, digest_of_entry
from connector.journal.journal import _COLUMNS, GENESIS, _sealed
from connector.store import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What `journal verify` found. `problems` names entries; an empty tuple is the proof."""

    entries: int
    seals: int
    erased: int
    unsealed: int
    problems: tuple[str, ...]


def verify(tx: Transaction, key: bytes, heads: Sequence[str] = ()) -> Verification:
    """Recompute every digest and seal. `heads` are the heads kept outside the state, oldest first; each must exist."""
    problems: list[str] = []
    rows = tx.rows(
        "SELECT e.*, b.salt, b.body FROM journal_entries e "
        "LEFT JOIN journal_bodies b ON b.body_digest = e.body_digest ORDER BY e.seq"
    )
    erased = sum(row["body"] is None for row in rows)
    for row in rows:
        problems.extend(_entry_problems(row))
    problems.extend(_body_problems(tx, rows, erased))
    seals = tx.rows("SELECT * FROM journal_seals ORDER BY first")
    problems.extend(_seal_problems(rows, seals, key))
    known = {row["head"] for row in seals}
    lost = (head for head in heads if head not in known)
    problems.extend(f"head {head[:12]}… kept outside the state is missing from the journal" for head in lost)
    last = seals[-1]["last"] if seals else 0
    unsealed = sum(row["seq"] > last for row in rows)
    return Verification(
        entries=len(rows), seals=len(seals), erased=erased, unsealed=unsealed, problems=tuple(problems)
    )


def _entry_problems(row: Row) -> list[str]:
    problems = []
    columns = {name: row[name] for name in _COLUMNS}
    if digest_of_entry(columns, row["body_digest"]) != row["digest"]:
        problems.append(f"entry {row['seq']}: its columns were changed")
    if row["body"] is not None and digest_of_body(row["salt"], row["body"]) != row["body_digest"]:
        problems.append(f"entry {row['seq']}: its body was changed")
    return problems


def _body_problems(tx: Transaction, rows: Sequence[Row], missing: int) -> list[str]:
    """Bodies that belong to no entry, and entries whose bodies are gone although no erasure tells of them."""
    problems = []
    strays = tx.one(
        "SELECT COUNT(*) AS n FROM journal_bodies b "
        "WHERE NOT EXISTS (SELECT 1 FROM journal_entries e WHERE e.body_digest = b.body_digest)"
    )
    if strays is not None and strays["n"]:
        problems.append(f"{strays['n']} bodies belong to no entry")
    told = sum(
        int(json.loads(row["body"]).get("bodies", 0))
        for row in rows
        if row["kind"] == EntryKind.ERASED.value and row["body"] is not None and not _entry_problems(row)
    )
    if missing > told:
        problems.append(f"{missing - told} entries have lost their bodies, and no erasure tells of it")
    return problems


def _seal_problems(rows: Sequence[Row], seals: Sequence[Row], key: bytes) -> list[str]:
    problems, head, position = [], GENESIS, 0
    for kept in seals:
        start = position
        while position < len(rows) and rows[position]["seq"] <= kept["last"]:
            position += 1
        batch = rows[start:position]
        if not batch:
            problems.append(f"entries {kept['first']} to {kept['last']}: sealed, and missing now")
            head = kept["head"]
            continue
        again = _sealed(batch, head, key)
        if any(getattr(again, name) != kept[name] for name in ("first", "last", "entries", "chain")):
            problems.append(f"entries {kept['first']} to {kept['last']}: the sealed batch was changed")
        elif again.head != kept["head"]:
            problems.append(f"entries {kept['first']} to {kept['last']}: the seal does not follow from the one before")
        head = kept["head"]
    return problems
