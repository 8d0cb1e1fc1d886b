"""I1, no lost change: the values a live ticket ended with were decided on, by every policy they concern."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.simulation.checker.account import Account, plain_value
from connector.simulation.checker.ended import POISON
from connector.simulation.checker.history import Change, CrmHistory, Ticket

Plain = Mapping[str, Any]
State = Mapping[str, str | None]


def lost_changes(history: CrmHistory, account: Account, policies: Sequence[Plain], facts: Plain) -> Iterator[str]:
    activated = min(
        (entry["at"] for entry in account.entries if entry["kind"] == "activated"), default=float("inf")
    )
    baselined = facts["baselined_at"].get(history.connection, 0)
    for ticket, row in history.rows.items():
        if row["deleted"] or row["merged_into"]:
            continue
        is_new = row["created"] / 1000 > activated + 1
        for policy in policies:
            if str(history.final(ticket)["subject"]).startswith(POISON):
                continue  # nobody can decide this one: that it is set aside and said is another rule
            owed = _not_replaced(history, account, ticket)
            wanted = _wanted(owed, policy, since=0 if is_new else baselined)
            if not wanted:
                continue
            ref = f"{history.connection}:ticket/{ticket}"
            decided = account.decisions(ref, policy["policy"])
            last = (decided[-1]["body"] or {}).get("detail", {}).get("fingerprint") if decided else None
            if last not in wanted and not _foreseen(account, decided, history.final(ticket), policy):
                final = {name: history.final(ticket)[name] for name in policy["when"]["fields"]}
                yield f"{ref}: {policy['policy']} never decided on {final} ({len(decided)} decisions)"


def _foreseen(account: Account, decided: Sequence[Plain], final: State, policy: Plain) -> bool:
    """Whether the last decision wanted just these values: somebody else was quicker to write what we were to write."""
    if not decided:
        return False
    last, before = decided[-1], dict(final)
    for entry in account.entries:
        action = (entry["body"] or {}).get("action", {}) if entry["decision"] == last["decision"] else {}
        name = str(action.get("field"))
        if entry["kind"] in ("allowed", "approved") and name in final and final[name] == plain_value(action["value"]):
            base = next(
                (one["body"]["bases"][name]["value"] for one in account.of_intent(entry["intent"])
                 if name in one["body"].get("bases", {})), None,
            )  # fmt: skip
            before[name] = plain_value(base)
    return bool(fingerprint(before, policy["when"]["fields"]) == last["body"]["detail"]["fingerprint"])


def _not_replaced(history: CrmHistory, account: Account, ticket: str) -> Ticket | None:
    """The ticket without edits that our next write replaced by the policy's own rule, their value kept in the journal."""
    found = history.own.get(ticket)
    replaced = {
        (claim.field, claim.theirs, claim.value) for claim in account.claimed_writes()
        if claim.has_theirs and claim.kind == "applied" and claim.ticket == ticket
    }  # fmt: skip
    if found is None or not replaced:
        return found
    kept = Ticket(ticket)
    for change in found.changes:
        following = next((one for one in found.changes if one.field == change.field and one.line > change.line), None)
        ours = following is not None and following.actor == "agent"
        if not (ours and following is not None and (change.field, change.after, following.after) in replaced):
            kept.changes.append(change)
    return kept


def _wanted(ticket: Ticket | None, policy: Plain, *, since: int) -> set[str]:
    """The fingerprints a last decision may have: of any state since somebody else last moved a trigger field.

    Empty when no decision is owed: nothing moved since `since`, or the condition did not hold all the time after.
    """
    fields = policy["when"]["fields"]
    states = list(ticket.states()) if ticket is not None else []
    moved = [place for place, (change, _) in enumerate(states) if change.field in fields and change.actor != "agent"]
    if not moved or states[moved[-1]][0].line < since:
        return set()
    # Fields of one write stand on several lines: the state that counts is the one after the last of them.
    place, time = moved[-1], states[moved[-1]][0].time
    while place + 1 < len(states) and states[place + 1][0].time == time and states[place + 1][0].actor != "agent":
        place += 1
    after = [state for _, state in states[place:]]
    if not all(_holds(policy, state) for state in after):
        return set()
    return {fingerprint(state, fields) for state in (*after, *_same_as(states, place, fields))}


def _same_as(states: Sequence[tuple[Change, State]], place: int, fields: Sequence[str]) -> Iterator[State]:
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
