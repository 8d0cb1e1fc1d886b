"""I6: everything that was begun came to an end with a reason, and what is set aside says what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.simulation.checker.account import ENDED, Account
from connector.simulation.checker.history import CrmHistory, Ticket

Plain = Mapping[str, Any]


POISON = "poison"


def set_aside(history: CrmHistory, account: Account, facts: Plain) -> Iterator[str]:
    """Only what cannot be decided stays set aside, and that is said with a reason and a next step."""
    buried = {ref.rpartition("/")[2] for ref in facts["buried"] if ref.startswith(f"{history.connection}:")}
    said = {
        str(entry["ref"]) for entry in account.entries
        if entry["kind"] == "buried" and entry["body"].get("reason") and entry["body"].get("next")
    }  # fmt: skip
    for ticket in sorted(buried | history.rows.keys()):
        row, ref = history.rows[ticket], f"{history.connection}:ticket/{ticket}"
        poisonous = str(history.final(ticket)["subject"]).startswith(POISON)
        gone = row["deleted"] or row["merged_into"]
        if ticket in buried and not poisonous and not gone:
            yield f"{ref}: set aside although nothing is wrong with it any more"
        if ticket in buried and ref not in said:
            yield f"{ref}: set aside without a word, a reason or a next step"


def unended(account: Account, facts: Plain) -> Iterator[str]:
    """What still hangs although nothing has gone wrong for hours."""
    if not facts["settled"]:
        yield "the road did not come to rest after everything had healed"
    begun = {entry["intent"]: entry for entry in account.entries if entry["kind"] in ("allowed", "approved")}
    for intent, entry in begun.items():
        if _is_open(account, intent, entry["seq"]) and not _waits_for_people(account, entry):
            yield f"{entry['ref']}: the {entry['kind']} action {intent[:8]} has no outcome"


def abandoned(history: CrmHistory, account: Account) -> Iterator[str]:
    """Actions given up because something moved, on which nobody decided or was asked again."""
    own_reasons = ("deleted", "merged", "decided again", "follow")
    for entry in account.entries:
        body = entry["body"] or {}
        if entry["kind"] != "stale" or "action" not in body or "asked_again" in body or body["purpose"] != "act":
            continue
        ticket = entry["ref"].rpartition("/")[2]
        ours = entry["ref"].startswith(f"{history.connection}:")
        if not ours or ticket in history.gone or any(reason in body["why"] for reason in own_reasons):
            continue
        owner = history.own.get(ticket)
        moved = [name for name, base in body["bases"].items() if name in body["why"]]
        ours_alone = owner is not None and moved and all(_last_by_us(owner, name) for name in moved)
        later = any(one["seq"] > entry["seq"] for one in account.decisions(entry["ref"], entry["policy"]))
        if ours_alone and not later:
            yield f"{entry['ref']}: {body['why']} by our own write, and nobody took over"


def asked_in_vain(history: CrmHistory, account: Account) -> Iterator[str]:
    """Questions that are still put to people although their record is deleted or merged away."""
    for entry in account.entries:
        ticket = str(entry["ref"]).rpartition("/")[2]
        row = history.rows.get(ticket) if str(entry["ref"]).startswith(f"{history.connection}:ticket/") else None
        if entry["kind"] not in ("approval_requested", "braked") or row is None:
            continue
        if (row["deleted"] or row["merged_into"]) and not _answered(account, entry["intent"]):
            yield f"{entry['ref']}: gone, and people are still asked about it"


def _last_by_us(ticket: Ticket, name: str) -> bool:
    changes = [change for change in ticket.changes if change.field == name]
    return bool(changes) and all(change.actor == "agent" for change in changes)


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
