"""I5 and I6: everything that was begun came to an end with a reason, and what was taken back is as it was before us."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.simulation.checker.account import ENDED, Account
from connector.simulation.checker.history import CrmHistory

Plain = Mapping[str, Any]


def unended(account: Account, facts: Plain) -> Iterator[str]:
    """What still hangs although nothing has gone wrong for hours."""
    if not facts["settled"]:
        yield "the road did not come to rest after everything had healed"
    if facts["buried"]:
        yield f"{facts['buried']} changes are set aside although nothing is wrong with them any more"
    for entry in account.entries:
        if entry["kind"] == "buried" and not (entry["body"].get("reason") and entry["body"].get("next")):
            yield f"{entry['ref']}: set aside without a reason or a next step"
    begun = {entry["intent"]: entry for entry in account.entries if entry["kind"] in ("allowed", "approved")}
    for intent, entry in begun.items():
        if _is_open(account, intent, entry["seq"]) and not _waits_for_people(account, entry):
            yield f"{entry['ref']}: the {entry['kind']} action {intent[:8]} has no outcome"


def _is_open(account: Account, intent: str, seq: int) -> bool:
    return not any(entry["kind"] in ENDED and entry["seq"] > seq for entry in account.of_intent(intent))


def _waits_for_people(account: Account, entry: Plain) -> bool:
    """Whether it may wait for another action of its decision that a person has still to answer."""
    asked = {
        other["intent"]
        for other in account.entries
        if other["decision"] == entry["decision"] and other["kind"] in ("approval_requested", "braked")
    }
    return any(not _answered(account, intent) for intent in asked)


def _answered(account: Account, intent: str) -> bool:
    return any(entry["kind"] in ("approved", *ENDED) for entry in account.of_intent(intent))


def not_taken_back(history: CrmHistory, account: Account, facts: Plain) -> Iterator[str]:
    """After everything was reverted: fields that nobody else touched after us hold what they held before us."""
    started = facts.get("reverted_at", {}).get(history.connection)
    if started is None:
        return
    for ticket in history.own.values():
        if history.rows[ticket.id]["deleted"] or history.rows[ticket.id]["merged_into"]:
            continue
        for field in history.natives.fields:
            changes = [change for change in ticket.changes if change.field == field]
            before = [change for change in changes if change.line < started]
            ours = []
            while before and before[-1].actor == "agent":
                ours.append(before.pop())
            followed = any(change.actor != "agent" for change in changes if change.line >= started)
            if ours and not followed and history.final(ticket.id)[field] != ours[-1].before:
                yield (
                    f"{history.connection}:ticket/{ticket.id} {field}: reverted to {history.final(ticket.id)[field]!r}, "
                    f"it had been {ours[-1].before!r}"
                )


def without_inverse(account: Account) -> Iterator[str]:
    """Every applied update says what it replaced, every create what it made: that is what undoing needs."""
    for entry in account.entries:
        body = entry["body"] or {}
        if entry["kind"] != "applied" or not body.get("wrote"):
            continue
        needed = "before" if body["action"]["kind"] == "update" else "created"
        if needed not in body:
            yield f"{entry['ref']}: applied without {needed}, so it cannot be taken back"
