"""Rows that stay as bare facts: what they said of a person goes, what kind of step it was stays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from connector.journal import canonical, erase_bodies, of_decision
from connector.record import RecordRef
from connector.store import Transaction

_OF_RECORD = "connection = :connection AND object = :object AND record = :record"
_UNTOLD = "rationale = '', reasons = '[]', citations = '[]'"


def blank_record(tx: Transaction, ref: RecordRef) -> None:
    """Decisions, questions, handoffs and outbox rows of one record."""
    parameters = {"connection": ref.connection, "object": ref.object.value, "record": ref.id}
    tx.run(f"DELETE FROM decision_batches WHERE {_OF_RECORD}", **parameters)
    _blank(tx, _OF_RECORD, parameters)


def blank_decision(tx: Transaction, decision: str) -> None:
    """All that one decision said and proposed."""
    _blank(tx, "decision = :decision", {"decision": decision})


def summaries_with(tx: Transaction, refs: Sequence[RecordRef]) -> tuple[str, ...]:
    """The decisions on other records that sum up these: the escalations over a set they were part of."""
    found: dict[str, None] = {}
    for ref in refs:
        rows = tx.rows("SELECT decision, detail FROM decision_decisions WHERE detail LIKE :named", named=f'%"{ref}"%')
        for row in rows:
            findings = json.loads(row["detail"]).get("findings", {})
            found |= {row["decision"]: None} if str(ref) in findings.get("escalated", ()) else {}
    return tuple(found)


def _blank(tx: Transaction, where: str, parameters: Mapping[str, str]) -> None:
    tx.run(f"UPDATE decision_decisions SET rationale = '', detail = '{{}}' WHERE {where}", **parameters)
    tx.run(f"UPDATE gate_approvals SET {_UNTOLD}, remark = NULL, pattern = NULL WHERE {where}", **parameters)
    tx.run(
        f"UPDATE gate_approvals SET state = 'superseded' WHERE {where} AND state = 'pending'", **parameters
    )
    tx.run(
        f"UPDATE gate_handoffs SET summary = '', tried = '[]', missing = '[]', remark = NULL, state = 'superseded' "
        f"WHERE {where} AND state IN ('open', 'claimed')",
        **parameters,
    )
    tx.run(
        f"UPDATE gate_handoffs SET summary = '', tried = '[]', missing = '[]', remark = NULL WHERE {where}",
        **parameters,
    )
    tx.run(f"UPDATE writeback_outbox SET state = 'cancelled' WHERE {where} AND state = 'ready'", **parameters)
    for row in tx.rows(f"SELECT approval, held FROM gate_approvals WHERE {where}", **parameters):
        held = _wordless(row["held"])
        tx.run("UPDATE gate_approvals SET held = :held WHERE approval = :id", held=held, id=row["approval"])
    for row in tx.rows(f"SELECT intent, action, bases FROM writeback_outbox WHERE {where}", **parameters):
        tx.run(
            "UPDATE writeback_outbox SET action = :action, bases = :bases, live = NULL, outcome = '{}', inverse = :inverse "
            "WHERE intent = :intent",
            action=_wordless(row["action"]), bases=_wordless(row["bases"]), inverse=canonical({"irreversible": "erased"}),
            intent=row["intent"],
        )


def untell_decisions(tx: Transaction, decisions: Sequence[str]) -> int:
    """Take the evidence out of decisions about other records; what they wrote stays, so that it can be undone.

    How many journal bodies went.
    """
    for decision in decisions:
        tx.run("UPDATE decision_decisions SET rationale = '', detail = '{}' WHERE decision = :decision", decision=decision)
        tx.run(f"UPDATE gate_approvals SET {_UNTOLD} WHERE decision = :decision", decision=decision)
        tx.run(
            "UPDATE gate_handoffs SET summary = '', tried = '[]', missing = '[]' WHERE decision = :decision",
            decision=decision,
        )
        tx.run("UPDATE context_past SET summary = '' WHERE decision = :decision", decision=decision)
    return sum(erase_bodies(tx, [stored.seq for stored in of_decision(tx, decision)]) for decision in decisions)


# What the keys of encoded actions and bases become; texts of tasks, notes and messages become empty ones.
_EMPTIED: Mapping[str, Any] = {"value": None, "before": None, "ours": None, "to": [], "parameters": {}}
_TEXTS = frozenset({"subject", "description", "body"})


def _wordless(encoded: str) -> str:
    """An action or its bases with everything a person may have written taken out; what kind it was stays."""
    return canonical(_without_words(json.loads(encoded)))


def _without_words(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    return {
        name: _EMPTIED[name] if name in _EMPTIED else _emptied_text(name, inner) for name, inner in content.items()
    }


def _emptied_text(name: str, inner: Any) -> Any:
    # Bases are keyed by field names, which may read like the texts of an action.
    return "" if name in _TEXTS and isinstance(inner, str) else _without_words(inner)
