"""I1, no lost change: the values a live ticket ended with were decided on, by every policy they concern."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.simulation.checker.account import Account
from connector.simulation.checker.ended import POISON
from connector.simulation.checker.history import Change, CrmHistory, Ticket

Plain = Mapping[str, Any]
State = Mapping[str, str | None]
States = Sequence[tuple[Change, State]]


def lost_changes(history: CrmHistory, account: Account, policies: Sequence[Plain], facts: Plain) -> Iterator[str]:
    activated = min(
        (entry["at"] for entry in account.entries if entry["kind"] == "activated"), default=float("inf")
    )
    set_aside = {entry["ref"] for entry in account.entries if entry["kind"] == "buried"}
    baselined = facts["baselined_at"].get(history.connection, 0)
    for ticket, row in history.rows.items():
        if row["deleted"] or row["merged_into"]:
            continue
        is_new = row["created"] / 1000 > activated + 1
        for policy in policies:
            wanted = _wanted(history, history.own.get(ticket), policy, facts, since=0 if is_new else baselined)
            if not wanted:
                continue
            ref = f"{history.connection}:ticket/{ticket}"
            if str(history.final(ticket)["subject"]).startswith(POISON) and ref in set_aside:
                continue  # nobody can decide this one, and that was said
            decided = account.decisions(ref, policy["policy"])
            last = (decided[-1]["body"] or {}).get("detail", {}).get("fingerprint") if decided else None
            if last not in wanted:
                final = {name: history.final(ticket)[name] for name in policy["when"]["fields"]}
                yield f"{ref}: {policy['policy']} never decided on {final} ({len(decided)} decisions)"


def _wanted(history: CrmHistory, ticket: Ticket | None, policy: Plain, facts: Plain, *, since: int) -> set[str]:
    """The fingerprints a last decision may have: of any state since somebody else last moved a trigger field.

    Empty when no decision is owed: nothing moved since `since`, or the condition did not hold all the time after.
    """
    fields = policy["when"]["fields"]
    states = list(ticket.states()) if ticket is not None else []
    moved = _last_moved(states, fields, [*facts["looks"], float("inf")], history.lag)
    if moved is None or states[moved][0].line < since:
        return set()
    after = [state for _, state in states[_end_of_write(states, moved) :]]
    if not all(_holds(policy, state) for state in after):
        return set()
    return {fingerprint(state, fields) for state in (*after, *_same_as(states, _end_of_write(states, moved), fields))}


def _last_moved(states: States, fields: Sequence[str], looks: Sequence[float], lag: int) -> int | None:
    """The last change of a trigger field by somebody else that a poll can show.

    Polling compares what stands with what it saw last: values that went away and came back between two looks (A → B → A)
    were never gone. A look counts once everything of that moment is visible to it.
    """
    places = [at for at, (change, _) in enumerate(states) if change.field in fields and change.actor != "agent"]
    while places:
        at = places.pop()
        wanted = fingerprint(states[_end_of_write(states, at)][1], fields)
        left = next((back for back in range(at - 1, -1, -1) if fingerprint(states[back][1], fields) == wanted), None)
        if left is None:
            return at
        gone, back = states[left + 1][0].time / 1000, states[at][0].time / 1000
        if any(gone + lag <= look <= back for look in looks):
            return at
        places = [place for place in places if place <= left]
    return None


def _end_of_write(states: States, place: int) -> int:
    """Fields of one write stand on several lines: the state that counts is the one after the last of them.

    A field that somebody sets twice in one millisecond is two writes.
    """
    time, written = states[place][0].time, {states[place][0].field}
    while place + 1 < len(states):
        after = states[place + 1][0]
        again = after.actor != "automation" and after.field in written
        if after.time != time or after.actor == "agent" or again:
            break
        written.add(after.field)
        place += 1
    return place


def _same_as(states: States, place: int, fields: Sequence[str]) -> Iterator[State]:
    """Earlier states that came to the same values by our own writes alone: what was decided on them stays decided."""
    target = fingerprint(states[place][1], fields)
    for earlier in range(place):
        at = earlier
        while at > 0 and fingerprint(states[earlier][1], fields) == target and states[at][0].actor == "agent":
            at -= 1
            yield states[at][1]


def _holds(policy: Plain, state: State) -> bool:
    return "where" not in policy["when"] or state.get("status") == "new"


def fingerprint(state: State, fields: Sequence[str]) -> str:
    """The published form: a hash over the trigger fields' values, names sorted, empty as null."""
    content = {name: state.get(name) or None for name in fields}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
