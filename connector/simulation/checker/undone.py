"""I5, reversible: what we wrote can be taken back, is taken back where asked, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connector.simulation.checker.account import Account
from connector.simulation.checker.history import CrmHistory, Ticket, is_put_back
from connector.simulation.checker.written import Pair

Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Layer:
    """A write of ours that stands in a field. It is `sure` while nobody else has set the field since."""

    before: str | None
    after: str | None
    sure: bool = True


def wrongly_undone(
    history: CrmHistory, pairs: Sequence[Pair], policies: Sequence[Plain], facts: Plain
) -> Iterator[str]:
    """Undos that took somebody else's value, and writes of ours that stand although everything was taken back."""
    purposes = {pair.change.line: _purpose(pair) for pair in pairs}
    started = facts.get("reverted_at", {}).get(history.connection)
    if started is not None:
        purposes |= {pair.change.line: "anew" for pair in pairs if _is_new_work(history, pair, policies, started)}
    for ticket in history.own.values():
        row = history.rows[ticket.id]
        ends_empty = started is not None and not (row["deleted"] or row["merged_into"])
        for name in history.natives.fields:
            where = f"{history.connection}:ticket/{ticket.id} {name}"
            yield from (f"{where}: {what}" for what in _field(ticket, name, purposes, ends_empty=ends_empty))


def _field(ticket: Ticket, name: str, purposes: Mapping[int, str], *, ends_empty: bool) -> Iterator[str]:
    """One field from its first change to its last: our writes lie on each other, an undo takes away the topmost.

    A field that others set away from our value and back again looks like ours to whoever compares values, as the road
    does: neither taking it back nor leaving it is wrong then.
    """
    layers: list[_Layer] = []
    away = False
    changes = [change for change in ticket.changes if change.field == name]
    place = 0
    while place < len(changes):
        change, place = changes[place], place + 1
        purpose = purposes.get(change.line, "theirs")  # a write nobody could confirm is nobody's to take back
        if place < len(changes) and is_put_back(change, changes[place]):
            place += 1  # a flow of the org undid it in the same breath: it never stood
            layers = _unsure(layers) if purpose == "revert" else layers
        elif purpose == "theirs":
            layers = _unsure(layers)
            away = not layers or layers[-1].after != change.after
        elif purpose in ("act", "anew"):
            layers = [*(() if away else layers), _Layer(change.before, change.after, sure=purpose == "act")]
            away = False
        else:
            depth = next((at for at in reversed(range(len(layers))) if layers[at].before == change.after), None)
            if purpose == "revert" and (away or depth is None):
                yield f"an undo set {change.after!r} over {change.before!r}, which was not ours to take back"
            layers, away = layers[: depth or 0], False
    left = [layer for layer in layers if layer.sure]
    if ends_empty and left and not away:
        yield f"everything was taken back and {left[-1].after!r} of ours still stands, it had been {left[0].before!r}"


def _unsure(layers: Sequence[_Layer]) -> list[_Layer]:
    return [replace(layer, sure=False) for layer in layers]


def _purpose(pair: Pair) -> str:
    """What a write is to the layers of its field.

    Under an id that was merged away since it stays, and the undo says so: nobody's layer here. An undo that overran an
    edit of the same moment lies on that edit until it is put back, which is another rule.
    """
    if pair.claim.ticket != pair.ticket:
        return "theirs"
    return "act" if pair.claim.kind == "conflicted" else pair.claim.purpose


def _is_new_work(history: CrmHistory, pair: Pair, policies: Sequence[Plain], started: int) -> bool:
    """Whether a write answers what somebody else changed after everything had been taken back.

    Taking back is an order about what was written until then. A flow of the org that answers an undo by changing a field
    which the policy watches calls for a decision, like anybody: I9 holds that nothing less does.
    """
    watched = {
        name for policy in policies if policy["policy"] == pair.claim.policy for name in policy["when"]["fields"]
    }
    return _purpose(pair) == "act" and any(
        change.actor != "agent" and change.field in watched and started <= change.line < pair.change.line
        for change in history.own[pair.ticket].changes
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
