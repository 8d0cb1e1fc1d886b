"""What a run leaves behind for whoever wants to judge it: the CRMs' logs and rows, the journal, the policies, the people.

All of it is plain data, as it would come out of an export; nothing of the road's own tables but the journal is in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.context.index import Index
from connector.journal import verify, walk
from connector.record import ObjectType
from connector.simulation.crm import SECRETS, SimulatedCrm
from connector.simulation.disk import StateFile
from connector.simulation.learner import POISON, STRANGE, UNHEARD
from connector.simulation.staff import WORDS
from connector.store import Store

Plain = Mapping[str, Any]

_AS_IS = json.JSONEncoder(ensure_ascii=False).encode
_SORTED = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmEvidence:
    """One org: every line of its log, and its tickets as they are now."""

    connection: str
    system: str
    log: tuple[Plain, ...]
    tickets: Mapping[str, Plain]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One run. `policies` are all policies that were ever in force; `people` is what the reviewers say they said."""

    seed: int
    crms: tuple[CrmEvidence, ...]
    journal: tuple[Plain, ...]
    policies: tuple[Plain, ...]
    people: tuple[Plain, ...]
    facts: Plain

    def digest(self) -> str:
        """The same for the same story."""
        hashed = hashlib.sha256()
        for line in self.lines():
            hashed.update(line.encode())
        return hashed.hexdigest()

    def lines(self) -> Iterable[str]:
        for crm in self.crms:
            yield from (_AS_IS({"crm": crm.connection, **line}) for line in crm.log)
        yield from (_SORTED({"journal": entry}) for entry in self.journal)
        yield from (_SORTED({"person": said}) for said in self.people)

    def export(self, folder: Path) -> None:
        """Write everything as JSON lines into one folder of its own."""
        target = folder / f"seed-{self.seed}"
        target.mkdir(parents=True, exist_ok=True)
        for crm in self.crms:
            _write(target / f"{crm.connection}.log.jsonl", crm.log)
            _write(target / f"{crm.connection}.tickets.jsonl", [{"id": key, **row} for key, row in crm.tickets.items()])
        _write(target / "journal.jsonl", self.journal)
        _write(target / "policies.jsonl", self.policies)
        _write(target / "people.jsonl", self.people)
        _write(target / "facts.jsonl", [self.facts])


def crm_evidence(crm: SimulatedCrm) -> CrmEvidence:
    rows = {
        row.id: {name: row.get(native) for name, native in crm.natives.fields.items()}
        | {"deleted": row.deleted is not None, "merged_into": row.merged_into, "created": row.created}
        for row in crm.org.rows(crm.natives.ticket, deleted=True)
    }
    log = tuple({**line._asdict(), "line": place} for place, line in enumerate(crm.org.log.entries()))
    return CrmEvidence(connection=crm.connection, system=crm.natives.system, log=log, tickets=rows)


def journal_export(store: Store) -> tuple[Plain, ...]:
    """Every entry as `journal export` writes it."""
    with store.snapshot() as tx:
        return tuple(
            {
                "seq": stored.seq, "at": stored.entry.at.timestamp(), "kind": stored.entry.kind.value,
                "ref": str(stored.entry.ref) if stored.entry.ref else None, "policy": stored.entry.policy,
                "decision": stored.entry.decision, "intent": stored.entry.intent, "run": stored.entry.run,
                "actor": stored.entry.actor, "body": stored.body,
            }
            for stored in walk(tx)
        )  # fmt: skip


def seal_problems(store: Store, key: bytes) -> list[str]:
    with store.snapshot() as tx:
        return list(verify(tx, key).problems)


def leaks(file: StateFile, log: Iterable[str], journal: Iterable[Plain]) -> list[str]:
    """Where a secret of a connection can be read."""
    places = {
        "the state file": file.bytes(),
        "the log": "\n".join(log).encode(),
        "the journal": json.dumps(list(journal), ensure_ascii=False).encode(),
    }
    return [f"{place} holds a secret" for place, text in places.items() if any(one.encode() in text for one in SECRETS)]


def texts_in(index: Index, connections: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """What the index holds of the tickets of each connection."""
    found: dict[str, dict[str, list[str]]] = {name: {} for name in connections}
    for word in (*WORDS, UNHEARD, STRANGE, POISON):
        for hit in index.search(word, None, limit=100):
            ref = hit.entry.ref
            if ref is not None and ref.object is ObjectType.TICKET:
                found[ref.connection].setdefault(ref.id, []).append(f"{hit.entry.title} {hit.entry.body}")
    return found


def times_hidden(crms: Iterable[SimulatedCrm]) -> int:
    """How often a field went out of our user's sight."""
    return sum(crm.faults.counts[name] for crm in crms for name in ("field_hidden", "describe_field_removed"))


def _write(path: Path, lines: Iterable[Plain]) -> None:
    with path.open("w", encoding="utf-8") as target:
        target.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
