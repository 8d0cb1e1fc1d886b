"""The journal as the road's own account of a run: what was decided, allowed, agreed to, written, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

Plain = Mapping[str, Any]
ENDED = ("applied", "conflicted", "refused", "stale", "restored", "reverted", "rejected", "expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedWrite:
    """An update the journal says we made. `before` and `value` are as the journal has them."""

    seq: int
    intent: str
    connection: str
    ticket: str
    field: str
    before: str | None
    value: str | None
    base: str | None
    kind: str
    purpose: str
    policy: str
    theirs: str | None
    has_theirs: bool


@dataclass(frozen=True, slots=True)
class Account:
    """The journal's entries in order."""

    entries: tuple[Plain, ...]

    def of_intent(self, intent: str) -> list[Plain]:
        return [entry for entry in self.entries if entry["intent"] == intent]

    def decisions(self, ref: str, policy: str) -> list[Plain]:
        return [
            entry
            for entry in self.entries
            if entry["kind"] in ("decided", "not_enough") and entry["ref"] == ref and entry["policy"] == policy
            and entry["decision"]
        ]  # fmt: skip

    def claimed_writes(self) -> list[ClaimedWrite]:
        return [_claimed(entry) for entry in self.entries if _is_claimed_write(entry)]

    def doubtful_writes(self) -> list[ClaimedWrite]:
        """Updates that were sent and never confirmed: they may have taken effect before somebody else changed more.

        Also those that were sent again after a lost answer and confirmed then: the first may have arrived as well. That an
        answer was lost, also in a crash, is for the journal to say.
        """
        lost = {entry["intent"] for entry in self.entries if entry["kind"] == "unknown"}
        return [
            replace(_claimed({**entry, "body": {"before": None, **entry["body"]}}), kind="doubtful")
            for entry in self.entries
            for _ in range(max(1, (entry["body"] or {}).get("attempts", 1)))  # each time it was sent, it may have arrived
            if entry["kind"] in ("stale", "conflicted", "refused", "applied", "reverted") and entry["intent"] in lost
            and "action" in (entry["body"] or {}) and entry["body"]["action"]["kind"] == "update"
        ]  # fmt: skip

    def undone_writes(self) -> list[ClaimedWrite]:
        """Updates the CRM took and left as it was: a flow may have put the earlier value back in the same breath."""
        return [
            replace(_claimed(entry), kind="undone")
            for entry in self.entries
            if entry["kind"] == "conflicted" and "after" in (entry["body"] or {}) and "theirs_at" not in entry["body"]
            and entry["body"]["action"]["kind"] == "update"
        ]  # fmt: skip

    def claimed_creates(self) -> list[Plain]:
        return [entry for entry in self.entries if entry["kind"] == "applied" and (entry["body"] or {}).get("created")]


def plain_value(encoded: Any) -> str | None:
    """A value of the journal as a text; lists as HubSpot writes them."""
    if isinstance(encoded, dict):
        inner = next(iter(encoded.values()))
        return ";".join(inner) if isinstance(inner, list) else str(inner)
    return str(encoded) if encoded not in (None, "") else None


def split_ref(ref: str) -> tuple[str, str, str]:
    connection, _, rest = ref.partition(":")
    kind, _, ticket = rest.partition("/")
    return connection, kind, ticket


def _is_claimed_write(entry: Plain) -> bool:
    body = entry["body"] or {}
    if (body.get("action") or {}).get("kind") != "update" or entry["kind"] not in (
        "applied", "restored", "reverted", "conflicted",
    ):  # fmt: skip
        return False
    if entry["kind"] == "conflicted":
        return "theirs_at" in body
    return bool(body.get("wrote")) and plain_value(body["before"]) != plain_value(body["action"]["value"])


def _claimed(entry: Plain) -> ClaimedWrite:
    body, action = entry["body"], entry["body"]["action"]
    connection, _, ticket = split_ref(action["ref"])
    base = body["bases"].get(action["field"], {}).get("value")
    return ClaimedWrite(
        seq=entry["seq"], intent=entry["intent"], connection=connection, ticket=ticket, field=action["field"],
        before=plain_value(body["before"]), value=plain_value(action["value"]), base=plain_value(base),
        kind=entry["kind"], purpose=body["purpose"], policy=entry["policy"], theirs=plain_value(body.get("theirs")),
        has_theirs="theirs" in body,
    )
