"""I2, I3 and I4: each intent took effect once, replaced only what it had seen, and stands in the journal as it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from connector.simulation.checker.account import Account, ClaimedWrite, plain_value
from connector.simulation.checker.history import Change, CrmHistory, is_put_back

Plain = Mapping[str, Any]
Said = tuple[str, str]
Line = tuple[str, Change]
Claims = dict[tuple[str, str], list[ClaimedWrite]]


@dataclass(frozen=True, slots=True)
class Pair:
    """An effective write of ours with the journal entry that accounts for it."""

    ticket: str
    change: Change
    claim: ClaimedWrite


def paired(history: CrmHistory, account: Account) -> tuple[list[Pair], list[Said]]:
    """Match the CRM's lines with the journal's claims, field by field; what is left over on either side is a finding.

    First claims that say exactly what the CRM says, under the very id they name before others that merged with it, of
    writes that stood before those a flow put back at once; then writes whose effect the journal leaves open; then claims
    of the same value that err about what was replaced.
    """
    claims: dict[tuple[str, str], list[ClaimedWrite]] = {}
    for claim in account.claimed_writes():
        if claim.connection == history.connection:
            claims.setdefault((history.survivor(claim.ticket), claim.field), []).append(claim)
    pairs: list[Pair] = []
    open_ended = _OpenEnded(history, account)
    fleeting, stood = _by_stay(history)
    left = _take(_take(stood, claims, pairs, _is_told_of), claims, pairs, _is_exact)
    left += _take(open_ended.without_put_back(fleeting, claims), claims, pairs, _is_exact)
    left = _take(open_ended.without(left), claims, pairs, _has_value)
    left = [line for line in left if not _is_second(line, pairs, open_ended)]
    return pairs, [*_wrong_before(history, pairs), *_unclaimed(history, left, pairs), *_unseen(history, claims)]


def _by_stay(history: CrmHistory) -> tuple[list[Line], list[Line]]:
    """Our writes that a flow put back at once, and those that stood."""
    lines = _ours(history)
    put_back = [
        ours for ours, after in pairwise(sorted(_all(history), key=lambda found: (found[0], found[1].field, found[1].line)))
        if ours[1].actor == "agent" and ours[0] == after[0] and is_put_back(ours[1], after[1])
    ]  # fmt: skip
    return [line for line in lines if line in put_back], [line for line in lines if line not in put_back]


def _take(
    lines: Sequence[Line], claims: Claims, pairs: list[Pair], fits: Callable[[ClaimedWrite, Change], bool]
) -> list[Line]:
    left = []
    for ticket, change in lines:
        waiting = claims.get((ticket, change.field), [])
        chosen = next((claim for claim in waiting if fits(claim, change)), None)
        if chosen is None:
            left.append((ticket, change))
        else:
            waiting.remove(chosen)
            pairs.append(Pair(ticket, change, chosen))
    return left


def _has_value(claim: ClaimedWrite, change: Change) -> bool:
    return claim.value == change.after


def _is_exact(claim: ClaimedWrite, change: Change) -> bool:
    return _has_value(claim, change) and claim.before == change.before


def _is_told_of(claim: ClaimedWrite, change: Change) -> bool:
    return _is_exact(claim, change) and claim.ticket == change.ticket


def _is_second(line: Line, pairs: list[Pair], open_ended: _OpenEnded) -> bool:
    """Whether this is the write that was confirmed, and its claim was given to the same write before it, which was not."""
    ticket, change = line
    for place, pair in enumerate(pairs):
        same = pair.ticket == ticket and _alike(pair.change, change) and pair.change.before == change.before
        if same and not open_ended.without([(ticket, pair.change)]):
            pairs[place] = Pair(ticket, change, pair.claim)
            return True
    return False


class _OpenEnded:
    """Writes that the journal tells of and whose effect nobody could see any more; each explains one line."""

    def __init__(self, history: CrmHistory, account: Account) -> None:
        self._history = history
        self._doubtful = [claim for claim in account.doubtful_writes() if claim.connection == history.connection]
        self._undone = [claim for claim in account.undone_writes() if claim.connection == history.connection]

    def without(self, lines: Sequence[Line]) -> list[Line]:
        sure = [line for line in lines if not _may_be(self._doubtful, *line, self._history)]
        return [line for line in sure if not _put_back(self._undone, *line, self._history)]

    def without_put_back(self, lines: Sequence[Line], claims: Claims) -> list[Line]:
        """The lines but for those the journal says did not stay.

        A record has one write under way at a time, so of several that are alike the journal tells the earlier one first.
        What the CRM merely ignored is told in the same words and has no line, so claims that are sure go before.
        """
        left: list[Line] = []
        given: set[int] = set()
        for place, line in enumerate(lines):
            applied = [claim for claim in _exact_claims(claims, line) if claim.seq not in given]
            undone = _first_put_back(self._undone, *line, self._history)
            still = sum(_exactly_alike(other, line) for other in lines[place:])
            if undone is None or len(applied) >= still or (applied and applied[0].seq < undone.seq):
                given |= {claim.seq for claim in applied[:1]}
                left.append(line)
            else:
                self._undone.remove(undone)
        return left


def _exact_claims(claims: Claims, line: Line) -> list[ClaimedWrite]:
    """The claims that say exactly what a line says, in the order the journal tells them."""
    ticket, change = line
    waiting = claims.get((ticket, change.field), ())
    return [one for one in waiting if (one.before, one.value) == (change.before, change.after)]


def _exactly_alike(one: Line, other: Line) -> bool:
    return one[0] == other[0] and _alike(one[1], other[1]) and one[1].before == other[1].before


def _where(history: CrmHistory, ticket: str, change: Change) -> str:
    return f"{history.connection}:ticket/{ticket} {change.field} {change.before!r} → {change.after!r}"


def _wrong_before(history: CrmHistory, pairs: Sequence[Pair]) -> Iterator[Said]:
    for pair in pairs:
        if pair.claim.before != pair.change.before:
            where = _where(history, pair.ticket, pair.change)
            yield "I4", f"{where}: the journal says that {pair.claim.before!r} was replaced"


def _unclaimed(history: CrmHistory, lines: Sequence[Line], pairs: Sequence[Pair]) -> Iterator[Said]:
    for ticket, change in lines:
        where = _where(history, ticket, change)
        again = any(pair.ticket == ticket and _alike(pair.change, change) for pair in pairs)
        yield ("I2", f"{where}: written again") if again else ("I4", f"{where}: no journal entry")


def _unseen(history: CrmHistory, claims: Claims) -> Iterator[Said]:
    for (ticket, field), left in claims.items():
        for claim in left:
            yield "I4", f"{history.connection}:ticket/{ticket} {field}={claim.value!r}: in the journal only"


def _all(history: CrmHistory) -> list[Line]:
    return [(history.survivor(ticket.id), change) for ticket in history.own.values() for change in ticket.changes]


def _ours(history: CrmHistory) -> list[Line]:
    return sorted((line for line in _all(history) if line[1].actor == "agent"), key=lambda found: found[1].line)


def _may_be(doubtful: list[ClaimedWrite], ticket: str, change: Change, history: CrmHistory) -> bool:
    """Whether this is a write of open outcome that nobody could see any more.

    Its record went away, or, where the CRM keeps no history, somebody changed the field before it was read again.
    """
    covered = history.system == "salesforce" and any(
        other.actor != "agent" and other.field == change.field and other.line > change.line
        for other in history.own[ticket].changes
    ) if ticket in history.own else False  # fmt: skip
    for claim in doubtful:
        fits = (claim.field, claim.value) == (change.field, change.after)
        if fits and history.survivor(claim.ticket) == ticket and (covered or claim.ticket in history.gone):
            doubtful.remove(claim)
            return True
    return False


def _put_back(undone: list[ClaimedWrite], ticket: str, change: Change, history: CrmHistory) -> bool:
    """Whether a flow of the org put the earlier value back at once, and the journal says that ours did not stay."""
    claim = _first_put_back(undone, ticket, change, history)
    if claim is not None:
        undone.remove(claim)
    return claim is not None


def _first_put_back(
    undone: list[ClaimedWrite], ticket: str, change: Change, history: CrmHistory
) -> ClaimedWrite | None:
    changes = [other for each in history.own.values() if history.survivor(each.id) == ticket for other in each.changes]
    followed = any(
        _alike(ours, change) and ours.before == change.before and is_put_back(ours, other)
        for ours in changes for other in changes
    )
    for claim in undone if followed else ():
        fits = (claim.field, claim.before, claim.value) == (change.field, change.before, change.after)
        if fits and history.survivor(claim.ticket) == ticket:
            return claim
    return None


def _alike(one: Change, other: Change) -> bool:
    return one.field == other.field and one.after == other.after


def duplicates(history: CrmHistory, account: Account) -> Iterator[Said]:
    """Tasks: one for each marker, each in the journal, and none in the journal only."""
    made = Counter(line["marker"] for line in history.creates)
    for marker, times in made.items():
        if times > 1:
            yield "I2", f"{history.connection}: the task of intent {marker} was made {times} times"
    claimed = Counter(
        entry["intent"][:20] for entry in account.claimed_creates() if entry["ref"].startswith(f"{history.connection}:")
    )
    open_ended = {
        str(entry["intent"])[:20] for entry in account.entries
        if entry["kind"] in ("stale", "refused") and (entry["body"] or {}).get("attempts")
        and str(entry["ref"]).rpartition("/")[2] in history.gone
    }  # fmt: skip
    for marker in made.keys() - claimed.keys() - open_ended:
        yield "I4", f"{history.connection}: a task with marker {marker} is in no journal entry"
    for marker in claimed.keys() - made.keys():
        yield "I4", f"{history.connection}: the journal tells of a task {marker} that the CRM never saw"
    seen: set[str] = set()
    for claim in account.claimed_writes():
        if claim.connection == history.connection and claim.purpose == "act":
            if claim.intent in seen:
                yield "I2", f"{history.connection}: intent {claim.intent} took effect twice"
            seen.add(claim.intent)


def overwrites(
    history: CrmHistory, account: Account, pairs: Sequence[Pair], policies: Sequence[Plain], facts: Plain
) -> Iterator[str]:
    """Every write replaced what it had seen, or the rule allows it and the lost value is kept, or it was put back."""
    for pair in pairs:
        change, claim = pair.change, pair.claim
        if change.before == claim.base or _permitted(claim, change, policies):
            if not facts["clock_jumps"] and _too_new(history, account, pair, policies):
                yield f"{_where(history, pair.ticket, change)}: newer_wins, and the other edit was the newer one"
            continue
        where = f"{history.connection}:ticket/{pair.ticket} {change.field}: {change.before!r} lost to {change.after!r}"
        if claim.kind == "conflicted" and claim.theirs == change.before:
            tried = {entry["kind"] for entry in account.of_intent(f"{claim.intent}-restore")}
            if not tried & {"restored", "conflicted", "applied", "handed_off"} and claim.ticket not in history.gone:
                yield f"{where}, noticed and never put back"
            continue
        yield f"{where}, while the decision had seen {claim.base!r}"


def stale_evidence(history: CrmHistory, account: Account, pairs: Sequence[Pair]) -> Iterator[str]:
    """Every write rests on values that stood until shortly before it: none on what had moved minutes ago."""
    for pair in pairs:
        if pair.claim.purpose != "act" or len(history.family(pair.ticket)) > 1:
            continue
        entry = next(one for one in account.entries if one["seq"] == pair.claim.seq)
        for name, base in entry["body"]["bases"].items():
            if name == pair.change.field or name not in history.natives.fields:
                continue
            changes = [one for one in history.own[pair.ticket].changes if one.field == name and one.line < pair.change.line]
            foreign = [one for one in changes if one.actor != "agent"]
            moved = bool(foreign) and changes[-1] is foreign[-1] and changes[-1].after != plain_value(base["value"])
            if moved and pair.change.time - changes[-1].time > _LONG_AGO:
                where = _where(history, pair.ticket, pair.change)
                yield f"{where}: rests on {name}={plain_value(base['value'])!r}, which had moved long before"


def _too_new(history: CrmHistory, account: Account, pair: Pair, policies: Sequence[Plain]) -> bool:
    """Whether a newer-wins write replaced an edit that came after its own decision."""
    rules = {
        policy["may"].get("update", {}).get(pair.change.field, {}).get("conflict")
        for policy in policies if policy["policy"] == pair.claim.policy
    }  # fmt: skip
    decided = [one["at"] for one in account.of_intent(pair.claim.intent) if one["kind"] in ("allowed", "approved")]
    replaced = [
        one for one in history.own[pair.ticket].changes
        if one.field == pair.change.field and one.line < pair.change.line
    ] if pair.ticket in history.own else []  # fmt: skip
    if rules != {"newer_wins"} or pair.claim.purpose != "act" or not decided or not replaced:
        return False
    moved = pair.claim.kind == "applied" and replaced[-1].actor != "agent" and pair.change.before != pair.claim.base
    return moved and replaced[-1].time / 1000 > max(decided) + _STAMPED[history.system]


_STAMPED: Mapping[str, float] = {"hubspot": 0.0, "salesforce": 1.0}
"""How much later than it really was an edit may look: Salesforce tells whole seconds."""
_LONG_AGO = 5 * 60_000  # milliseconds: longer than any call is waited for and repeated


def _permitted(claim: ClaimedWrite, change: Change, policies: Sequence[Plain]) -> bool:
    rules = {
        policy["may"].get("update", {}).get(claim.field, {}).get("conflict", "human_wins")
        for policy in policies
        if policy["policy"] == claim.policy
    }
    return claim.purpose == "act" and bool(rules & {"agent_owned", "newer_wins"}) and claim.theirs == change.before
