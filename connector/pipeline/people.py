"""What people do: approve, edit, reject, take and close handoffs; and what time does when they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.action import Action, UpdateField, describe, encode_action
from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.change import inbox
from connector.change.trigger import forget_visit
from connector.clock import Clock
from connector.context.past import note_verdict
from connector.gate import approvals, handoffs, labels
from connector.gate.approvals import Approval, ApprovalError, ApprovalState
from connector.gate.handoffs import Handoff, HandoffState
from connector.gate.labels import Label, LabelSource
from connector.journal import Entry, EntryKind, Journal
from connector.pipeline.memory import cell_named
from connector.policy import PolicyName, PolicySet
from connector.record import FieldValue, display
from connector.store import Store, Transaction
from connector.writeback import outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The verdicts of people, each one transaction with its outbox row, its label and its journal entry."""

    store: Store
    journal: Journal
    clock: Clock

    def approve(self, approval: str, *, by: str, remark: str | None = None) -> Approval:
        """Let the action be written as it is. A second approval of the same item changes nothing and says so."""
        return self._clear(approval, by=by, value=None, edited=False, remark=remark)

    def edit(self, approval: str, value: FieldValue, *, by: str, remark: str | None = None) -> Approval:
        """Let another value be written instead; the label says that the agent was wrong."""
        return self._clear(approval, by=by, value=value, edited=True, remark=remark)

    def reject(self, approval: str, *, by: str, remark: str | None = None) -> Approval:
        now = self.clock.now()
        with self.store.transaction("people: rejected") as tx:
            found = approvals.find(tx, approval)
            approvals.reject(tx, found, by=by, at=now, remark=remark)
            self._label(tx, found, agreed=False, actual=None, now=now)
            note_verdict(tx, found.decision, "rejected")
            self._note(tx, EntryKind.REJECTED, found, by=by, now=now, remark=remark)
        return found

    def claim(self, handoff: str, *, by: str) -> Handoff:
        with self.store.transaction("people: claimed") as tx:
            found = handoffs.find(tx, handoff)
            handoffs.claim(tx, found, by=by)
            self._note_handoff(tx, found, by=by, change="claimed", remark=None)
            return handoffs.find(tx, found.id)

    def close(self, handoff: str, *, by: str, remark: str | None = None) -> Handoff:
        """The case is dealt with."""
        return self._settle_handoff(handoff, HandoffState.CLOSED, by=by, remark=remark)

    def give_back(self, handoff: str, *, by: str, remark: str | None = None) -> Handoff:
        """Return the case to the agent, which decides again on the record as it is now."""
        now = self.clock.now()
        with self.store.transaction("people: returned to the agent") as tx:
            found = self._settled_handoff(tx, handoff, HandoffState.RETURNED, by=by, remark=remark)
            event = ChangeEvent(
                ref=found.ref, kind=ChangeKind.BACKFILL, origin=ChangeOrigin.BACKFILL, occurred_at=now, slot=found.policy
            )
            forget_visit(tx, found.ref, found.policy, f"returned:{found.id}")
            inbox.put(tx, [event], run=f"returned-{found.id}")
        return found

    def tick(self, policies: PolicySet) -> int:
        """Expire questions nobody answered and let overdue handoffs climb; how many changed."""
        now = self.clock.now()
        with self.store.snapshot() as tx:
            late: tuple[Sequence[Approval], Sequence[Handoff]] = (approvals.overdue(tx, now), handoffs.overdue(tx, now))
        if not any(late):
            return 0
        with self.store.transaction("people: time ran out") as tx:
            for asked in approvals.overdue(tx, now):
                approvals.expire(tx, asked, now)
                self._note(tx, EntryKind.EXPIRED, asked, by="service", now=now, remark="nobody answered in time")
            for handoff in handoffs.overdue(tx, now):
                self._climb(tx, handoff, policies, now)
        return len(late[0]) + len(late[1])

    def _clear(self, approval: str, *, by: str, value: FieldValue, edited: bool, remark: str | None) -> Approval:
        now = self.clock.now()
        with self.store.transaction("people: approved") as tx:
            found = approvals.find(tx, approval)
            action = _edited(found, value) if edited else None
            cleared = approvals.approve(tx, found, by=by, at=now, edited=action, remark=remark)
            outbox.enqueue(tx, [cleared], now)
            actual = display(value) if edited else None
            self._label(tx, found, agreed=not edited or action == found.action, actual=actual, now=now)
            note_verdict(tx, found.decision, "edited" if edited else "approved")
            self._note(tx, EntryKind.APPROVED, found, by=by, now=now, remark=remark, action=cleared.action)
        return found

    def _climb(self, tx: Transaction, handoff: Handoff, policies: PolicySet, now: datetime) -> None:
        policy = policies.get(PolicyName(handoff.policy))
        span = handoff.due_at - handoff.opened_at
        due = policy.handoff.due.after(now, policy.zone) if policy is not None else now + span
        after = handoffs.climb(tx, handoff, policy.handoff if policy is not None else None, due)
        change = "denied by default" if after.state is HandoffState.DENIED else f"climbed to {after.owner}"
        self._note_handoff(tx, handoff, by="service", change=change, remark=None)

    def _settle_handoff(self, handoff: str, state: HandoffState, *, by: str, remark: str | None) -> Handoff:
        with self.store.transaction(f"people: handoff {state}") as tx:
            return self._settled_handoff(tx, handoff, state, by=by, remark=remark)

    def _settled_handoff(
        self, tx: Transaction, handoff: str, state: HandoffState, *, by: str, remark: str | None
    ) -> Handoff:
        found = handoffs.find(tx, handoff)
        handoffs.settle(tx, found, state, by=by, at=self.clock.now(), remark=remark)
        self._note_handoff(tx, found, by=by, change=state.value, remark=remark)
        return found

    def _label(self, tx: Transaction, found: Approval, *, agreed: bool, actual: str | None, now: datetime) -> None:
        name = found.action.field if isinstance(found.action, UpdateField) else None
        proposed = display(found.action.value) if isinstance(found.action, UpdateField) else describe(found.action)
        label = Label(
            content=found.content, proposed=proposed, actual=actual, agreed=agreed, confidence=found.confidence,
            source=LabelSource.VERDICT, at=now, ref=found.ref,
        )
        labels.add(tx, cell_named(found, name), found.pins, [label])

    def _note(
        self, tx: Transaction, kind: EntryKind, found: Approval, *, by: str, now: datetime, remark: str | None,
        action: Action | None = None,
    ) -> None:
        body = {"approval": found.id, "remark": remark, "action": encode_action(action or found.action)}
        entry = Entry(
            kind=kind, at=now, ref=found.ref, policy=found.policy, decision=found.decision, intent=found.intent,
            run=found.run, actor=by, body=body,
        )
        self.journal.append(tx, entry)

    def _note_handoff(self, tx: Transaction, found: Handoff, *, by: str, change: str, remark: str | None) -> None:
        body = {"handoff": found.id, "change": change, "owner": found.owner, "remark": remark}
        entry = Entry(
            kind=EntryKind.HANDOFF_CHANGED, at=self.clock.now(), ref=found.ref, policy=found.policy,
            decision=found.decision, actor=by, body=body,
        )
        self.journal.append(tx, entry)


def _edited(found: Approval, value: FieldValue) -> Action:
    if not isinstance(found.action, UpdateField):
        raise ApprovalError(f"approval {found.id} is not a field update; reject it and write it by hand")
    if found.state is not ApprovalState.PENDING:
        raise ApprovalError(f"approval {found.id} is {found.state} already")
    return replace(found.action, value=value)
