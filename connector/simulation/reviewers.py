"""The people who answer the road: they approve, edit and reject what they are shown, settle handoffs, take writes back.

What they saw and said is kept by themselves, so that the checker need not believe the journal about it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from connector.action import UpdateField, encode_action
from connector.errors import PermanentError
from connector.gate import approvals, handoffs
from connector.gate.approval import Approval
from connector.journal import EntryKind, StoredEntry, walk
from connector.pipeline import Pipeline
from connector.revert import Selection, revert
from connector.simulation.staff import PRIORITIES

Tell = Callable[[str], None]


class Reviewers:
    """Draws what the reviewers do next; `said` is their own record of it."""

    def __init__(self, categories: dict[str, tuple[str, ...]], tell: Tell) -> None:
        self._categories = categories
        self._tell = tell
        self.said: list[dict[str, Any]] = []

    def act(self, road: Pipeline, chance: random.Random) -> None:
        """Answer about half of what waits."""
        with road.store.snapshot() as tx:
            asked, given = approvals.listed(tx, limit=20), handoffs.listed(tx, limit=10)
        for approval in asked:
            if chance.random() < 0.5:
                self._answer(road, approval, chance)
        for handoff in given:
            if chance.random() < 0.3:
                self._settle(road, handoff.id, chance)

    def take_back(self, road: Pipeline, policy: str) -> None:
        """Revert everything one policy wrote."""
        self._tell(f"somebody reverts policy {policy}")
        revert(
            road.store, road.journal, road.clock, road.adapters, Selection(policy=policy), by="boss", remark="simulated"
        )

    def old_update(self, road: Pipeline, chance: random.Random) -> StoredEntry | None:
        """Some field write the journal tells of."""
        with road.store.snapshot() as tx:
            written = [stored for stored in walk(tx) if stored.entry.kind is EntryKind.APPLIED and stored.body]
        updates = [one for one in written if one.body and one.body["action"]["kind"] == "update"]
        return chance.choice(updates) if updates else None

    def take_back_one(self, road: Pipeline, intent: str) -> None:
        """Revert one write, whatever was written over it since."""
        self._tell(f"somebody reverts action {intent}")
        revert(
            road.store, road.journal, road.clock, road.adapters, Selection(intent=intent), by="boss", remark="simulated"
        )

    def _answer(self, road: Pipeline, approval: Approval, chance: random.Random) -> None:
        kind = chance.choices(("approve", "edit", "reject"), (7, 2, 1))[0]
        action = approval.action
        if kind == "edit" and not isinstance(action, UpdateField):
            kind = "approve"
        shown = encode_action(action)
        if kind == "edit" and isinstance(action, UpdateField):
            options = PRIORITIES if action.field == "priority" else self._categories[approval.ref.connection]
            shown["value"] = chance.choice(options)
        # Noted before the call: a crash right after the commit leaves a verdict that did count.
        self.said.append({"approval": approval.id, "intent": approval.intent, "verdict": kind, "action": shown})
        self._tell(f"a reviewer says {kind} to {approval.ref} {shown.get('field', shown['kind'])}={shown.get('value')}")
        try:
            match kind:
                case "approve":
                    road.people.approve(approval.id, by="ann")
                case "edit":
                    road.people.edit(approval.id, shown["value"], by="ann")
                case _:
                    road.people.reject(approval.id, by="ann")
            if chance.random() < 0.2:
                road.people.approve(approval.id, by="bob")  # a colleague was a moment too late
        except PermanentError as error:
            self._tell(f"the answer did not count: {error.message}")

    def _settle(self, road: Pipeline, handoff: str, chance: random.Random) -> None:
        kind = chance.choice(("close", "close", "claim", "give_back"))
        self._tell(f"a person does {kind} on handoff {handoff}")
        try:
            match kind:
                case "close":
                    road.people.close(handoff, by="carl")
                case "claim":
                    road.people.claim(handoff, by="carl")
                case _:
                    road.people.give_back(handoff, by="carl")
        except PermanentError as error:
            self._tell(f"it did not count: {error.message}")
