"""I9, I10, I11 and I12: limits hold, nothing echoes, no secret leaks, the state stays whole, the index follows the CRM."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from connector.simulation.checker.account import Account
from connector.simulation.checker.history import CrmHistory, Ticket

Plain = Mapping[str, Any]


def over_limits(account: Account, policies: Sequence[Plain]) -> Iterator[str]:
    """More than a policy may do to one record, or of one kind, in a day. No run lasts as long as a day."""
    of_record: Counter[tuple[str, str]] = Counter()
    of_kind: Counter[tuple[str, str, str]] = Counter()
    for entry in account.entries:
        if entry["kind"] == "allowed":
            of_record[entry["policy"], entry["ref"]] += 1
            connection = entry["ref"].partition(":")[0]
            of_kind[entry["policy"], connection, entry["body"]["action"]["kind"]] += 1
    for (name, ref), times in of_record.items():
        most = max(policy["limits"]["writes_per_record_per_day"] for policy in policies if policy["policy"] == name)
        if times > most:
            yield f"{ref}: {name} allowed {times} actions by itself, the limit is {most}"
    for (name, connection, kind), times in of_kind.items():
        limits = [policy["limits"].get("per_day", {}).get(kind) for policy in policies if policy["policy"] == name]
        if limits and all(limit is not None for limit in limits) and times > max(limits):
            yield f"{connection}: {name} allowed {times} of {kind}, the limit is {max(limits)}"


def echoes(history: CrmHistory, account: Account, policies: Sequence[Plain], facts: Plain) -> Iterator[str]:
    """Writes after everybody else had come to rest, and decisions that nobody's change called for."""
    settled, reverted = facts["settled_at"][history.connection], facts.get("reverted_at", {}).get(history.connection)
    for ticket in history.own.values():
        late = [one for one in ticket.changes if one.actor == "agent" and one.line >= settled]
        if late and reverted is None:
            yield f"{history.connection}:ticket/{ticket.id}: still written when nothing had moved for a long time"
    again_for = Counter(entry["ref"] for entry in account.entries if _calls_again(entry))
    for policy in policies:
        watched = {*policy["when"]["fields"], *(("status",) if "where" in policy["when"] else ())}
        for ticket in history.own.values():
            ref = f"{history.connection}:ticket/{ticket.id}"
            moments = _moments(ticket, watched)
            back = again_for[ref] + sum(row["merged_into"] == ticket.id for row in history.rows.values())
            # Each time a ticket comes back from the recycle bin, what it says is looked at again.
            again = max(history.returns[ticket.id], ticket.id in history.gone)
            back += _undone_beneath(account, ref, policy)
            times = len(account.decisions(ref, policy["policy"]))
            if times > moments + back + moments * again:
                yield f"{ref}: {policy['policy']} decided {times} times on {moments} changes by others"


def _calls_again(entry: Plain) -> bool:
    """Whether a ticket is looked at again though nobody changed it."""
    if entry["kind"] == "handoff_changed":
        return (entry["body"] or {}).get("change") == "returned"
    # An edit that we overran can be looked at while our value stands, and is when it has been put back.
    return bool(entry["kind"] == "restored")


def _undone_beneath(account: Account, ref: str, policy: Plain) -> int:
    """Decisions whose actions rested on a watched value that a person then had us take back, before they were written.

    What somebody takes back is their change, though our hand makes it: nothing may be written on it any more. An undo
    that meets no waiting action calls for no decision.
    """
    undone = [
        (entry["seq"], entry["body"]["action"]["field"]) for entry in account.entries
        if entry["kind"] == "reverted" and entry["ref"] == ref and "field" in (entry["body"] or {}).get("action", {})
    ]  # fmt: skip
    decided = {entry["decision"]: entry["seq"] for entry in account.decisions(ref, policy["policy"])}
    return len({
        entry["decision"] for entry in account.entries
        if entry["kind"] == "stale" and entry["decision"] in decided
        and any(
            decided[entry["decision"]] < seq < entry["seq"] and field in policy["when"]["fields"]
            and field in (entry["body"] or {}).get("why", "")
            for seq, field in undone
        )
    })  # fmt: skip


def _moments(ticket: Ticket, watched: Collection[str]) -> int:
    """How often others changed a watched field. Fields of one write and what a flow makes of them share a moment.

    Two people can edit within the same millisecond, and a reader can see one edit without the other.
    """
    others = [one for one in ticket.changes if one.field in watched and one.actor != "agent"]
    edits = Counter((one.time, one.field) for one in others if one.actor != "automation")
    moments = {one.time: 1 for one in others}
    for (time, _), times in edits.items():
        moments[time] = max(moments[time], times)
    return sum(moments.values())


def moved_back(facts: Plain) -> Iterator[str]:
    """Cursors that went back within one life of the daemon."""
    highest: dict[tuple[int, str], str] = {}
    for life, connection, cursor in facts["cursors"]:
        read = json.loads(cursor)
        place = str(read.get("since", read.get("proven"))).zfill(30)
        if place < highest.get((life, connection), ""):
            yield f"{connection}: the cursor went back in life {life}"
        highest[life, connection] = place


def stale_index(history: CrmHistory, facts: Plain) -> Iterator[str]:
    """Texts of live tickets that the index lacks, and texts it still has of tickets that are gone."""
    indexed = facts["indexed"].get(history.connection)
    if indexed is None:
        return
    for ticket, row in history.rows.items():
        texts, subject = indexed.get(ticket, ()), history.final(ticket)["subject"]
        gone = row["deleted"] or row["merged_into"]
        if gone and texts:
            yield f"{history.connection}:ticket/{ticket}: gone, and still in the index"
        # A field that was hidden from our user when a record was read is not in the index until the record changes.
        shown = not gone and not facts["hidden"] and ticket in facts["own_tickets"]
        if shown and not any(str(subject) in text for text in texts):
            yield f"{history.connection}:ticket/{ticket}: the index does not hold {subject!r}"
