"""I2, I3 and I4: each intent took effect once, replaced only what it had seen, and stands in the journal as it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.simulation.checker.account import Account, ClaimedWrite
from connector.simulation.checker.history import Change, CrmHistory

Plain = Mapping[str, Any]
Said = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """An effective write of ours with the journal entry that accounts for it."""

    ticket: str
    change: Change
    claim: ClaimedWrite


def paired(history: CrmHistory, account: Account) -> tuple[list[Pair], list[Said]]:
    """Match the CRM's lines with the journal's claims, field by field; what is left over on either side is a finding."""
    claims: dict[tuple[str, str], list[ClaimedWrite]] = {}
    for claim in account.claimed_writes():
        if claim.connection == history.connection:
            claims.setdefault((history.survivor(claim.ticket), claim.field), []).append(claim)
    doubtful = [claim for claim in account.doubtful_writes() if claim.connection == history.connection]
    undone = [claim for claim in account.undone_writes() if claim.connection == history.connection]
    pairs: list[Pair] = []
    said: list[Said] = []
    for survivor, change in _ours(history):
        open_claims = claims.get((survivor, change.field), [])
        claim = _best(open_claims, change)
        where = f"{history.connection}:ticket/{survivor} {change.field} {change.before!r} → {change.after!r}"
        if claim is None and (_may_be(doubtful, survivor, change, history) or _put_back(undone, survivor, change, history)):
            continue
        if claim is None:
            again = [pair for pair in pairs if pair.ticket == survivor and _alike(pair.change, change)]
            said.append(("I2", f"{where}: written again") if again else ("I4", f"{where}: no journal entry"))
            continue
        open_claims.remove(claim)
        pairs.append(Pair(survivor, change, claim))
        if claim.before != change.before:
            said.append(("I4", f"{where}: the journal says that {claim.before!r} was replaced"))
    for (ticket, field), left in claims.items():
        where = f"{history.connection}:ticket/{ticket} {field}"
        said += [("I4", f"{where}={claim.value!r}: in the journal only") for claim in left]
    return pairs, said


def _ours(history: CrmHistory) -> Iterator[tuple[str, Change]]:
    changes = [
        (history.survivor(ticket.id), change)
        for ticket in history.own.values()
        for change in ticket.changes
        if change.actor == "agent"
    ]
    return iter(sorted(changes, key=lambda found: found[1].line))


def _may_be(doubtful: list[ClaimedWrite], ticket: str, change: Change, history: CrmHistory) -> bool:
    """Whether this is a write of open outcome on a record that went away before anybody could read it again."""
    for claim in doubtful:
        if claim.ticket in history.gone and history.survivor(claim.ticket) == ticket and (claim.field, claim.value) == (change.field, change.after):
            doubtful.remove(claim)
            return True
    return False


def _put_back(undone: list[ClaimedWrite], ticket: str, change: Change, history: CrmHistory) -> bool:
    """Whether a flow of the org put the earlier value back at once, and the journal says that ours did not stay."""
    changes = [other for each in history.own.values() if history.survivor(each.id) == ticket for other in each.changes]
    followed = any(
        _alike(ours, change) and ours.before == change.before and other.actor == "automation"
        and ours.line < other.line and other.time - ours.time < 1000
        and (other.field, other.after) == (change.field, change.before)
        for ours in changes for other in changes
    )  # fmt: skip
    for claim in undone if followed else ():
        fits = (claim.field, claim.before, claim.value) == (change.field, change.before, change.after)
        if fits and history.survivor(claim.ticket) == ticket:
            undone.remove(claim)
            return True
    return False


def _alike(one: Change, other: Change) -> bool:
    return one.field == other.field and one.after == other.after


def _best(claims: Sequence[ClaimedWrite], change: Change) -> ClaimedWrite | None:
    fitting = [claim for claim in claims if claim.value == change.after]
    exact = [claim for claim in fitting if claim.before == change.before]
    return next(iter(exact or fitting), None)


def duplicates(history: CrmHistory, account: Account) -> Iterator[Said]:
    """Tasks: one for each marker, each in the journal, and none in the journal only."""
    made = Counter(line["marker"] for line in history.creates)
    for marker, times in made.items():
        if times > 1:
            yield "I2", f"{history.connection}: the task of intent {marker} was made {times} times"
    claimed = Counter(
        entry["intent"][:20] for entry in account.claimed_creates() if entry["ref"].startswith(f"{history.connection}:")
    )
    for marker in made.keys() - claimed.keys():
        yield "I4", f"{history.connection}: a task with marker {marker} is in no journal entry"
    for marker in claimed.keys() - made.keys():
        yield "I4", f"{history.connection}: the journal tells of a task {marker} that the CRM never saw"
    seen: set[str] = set()
    for claim in account.claimed_writes():
        if claim.connection == history.connection and claim.purpose == "act":
            if claim.intent in seen:
                yield "I2", f"{history.connection}: intent {claim.intent} took effect twice"
            seen.add(claim.intent)


def overwrites(history: CrmHistory, account: Account, pairs: Sequence[Pair], policies: Sequence[Plain]) -> Iterator[str]:
    """Every write replaced what it had seen, or the rule allows it and the lost value is kept, or it was put back."""
    for pair in pairs:
        change, claim = pair.change, pair.claim
        if change.before == claim.base or _permitted(claim, change, policies):
            continue
        where = f"{history.connection}:ticket/{pair.ticket} {change.field}: {change.before!r} lost to {change.after!r}"
        if claim.kind == "conflicted" and claim.theirs == change.before:
            if not any(entry["intent"] == f"{claim.intent}-restore" for entry in account.entries):
                yield f"{where}, noticed and never put back"
            continue
        yield f"{where}, while the decision had seen {claim.base!r}"


def _permitted(claim: ClaimedWrite, change: Change, policies: Sequence[Plain]) -> bool:
    rules = {
        policy["may"].get("update", {}).get(claim.field, {}).get("conflict", "human_wins")
        for policy in policies
        if policy["policy"] == claim.policy
    }
    return claim.purpose == "act" and bool(rules & {"agent_owned", "newer_wins"}) and claim.theirs == change.before
