"""What people do: approve, edit, reject, take and close handoffs; and what time does when they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.action import Action, UpdateField, encode_action
from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.change import inbox
from connector.change.trigger import forget_visit
from connector.clock import Clock
from connector.context.past import note_verdict
from connector.gate import approvals, bulks, feedback, handoffs, labels, letters, queue
from connector.gate.approval import Approval, ApprovalError, ApprovalState
from connector.gate.bulks import BulkStage
from connector.gate.feedback import Feedback
from connector.gate.handoffs import Handoff, HandoffState
from connector.gate.labels import Label, LabelSource
from connector.journal import Entry, EntryKind, Journal
from connector.pipeline.edits import edited_to, in_words, reworded_to
from connector.pipeline.memory import cell_named
from connector.policy import PolicyName, PolicySet
from connector.record import FieldValue, RecordRef, same_value
from connector.store import Store, Transaction
from connector.writeback import outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The verdicts of people, each one transaction with its outbox row, its label and its journal entry."""

    store: Store
    journal: Journal
    clock: Clock

    def approve(self, approval: str, *, by: str, remark: str | None = None, shown: str | None = None) -> Approval:
        """Let the action be written as it is. A second approval of the same item changes nothing and says so.

        `shown` is the seal of what the person looked at: a question that is another by now is not answered.
        """
        with self.store.transaction("people: approved") as tx:
            return self._clear(tx, _as_shown(tx, approval, shown), by=by, remark=remark)

    def judge(
        self, approval: str, value: FieldValue, *, by: str, remark: str | None = None, shown: str | None = None
    ) -> Approval:
        """A blind verdict: the person says what they would write without seeing ours; that is written.

        Where it is what we proposed, this is an approval, else an edit; either way it is a blind label, unless the
        person had looked at ours first.
        """
        with self.store.transaction("people: judged blind") as tx:
            found = _as_shown(tx, approval, shown)
            edited = edited_to(found, value)
            agreed = isinstance(found.action, UpdateField) and same_value(value, found.action.value)
            looked = found.is_blind and found.id not in queue.hidden_from(tx, by, [found])
            return self._clear(tx, found, by=by, remark=remark, edited=None if agreed else edited, blind=not looked)

    def reveal(self, approval: str, *, by: str) -> Approval:
        """Look at what a blind question proposes before answering it: the verdict is no blind one any more."""
        with self.store.transaction("people: looked first") as tx:
            found = _pending(tx, approval)
            if queue.reveal(tx, found, person=by, at=self.clock.now()):
                self._note_change(tx, found, by=by, change="looked at what was proposed before answering")
        return found

    def edit(
        self, approval: str, value: FieldValue, *, by: str, remark: str | None = None, shown: str | None = None
    ) -> Approval:
        """Let another value be written instead; the label says that the agent was wrong."""
        with self.store.transaction("people: approved") as tx:
            found = _as_shown(tx, approval, shown)
            return self._clear(tx, found, by=by, remark=remark, edited=edited_to(found, value))

    def reword(
        self, approval: str, words: Mapping[str, str], *, by: str, remark: str | None = None, shown: str | None = None
    ) -> Approval:
        """Let a task, note or message be written in a person's own words; where they differ, the agent was wrong."""
        with self.store.transaction("people: approved") as tx:
            found = _as_shown(tx, approval, shown)
            return self._clear(tx, found, by=by, remark=remark, edited=reworded_to(found, words))

    def reject(self, approval: str, *, by: str, remark: str | None = None, shown: str | None = None) -> Approval:
        with self.store.transaction("people: rejected") as tx:
            return self._reject(tx, _as_shown(tx, approval, shown), by=by, remark=remark)

    def snooze(self, approval: str, *, by: str, until: datetime) -> Approval:
        """Put a question off for oneself, never beyond its expiry; others still see it."""
        with self.store.transaction("people: put off") as tx:
            found = _pending(tx, approval)
            until = min(until, found.expires_at)
            queue.snooze(tx, found, person=by, until=until)
            self._note_change(tx, found, by=by, change=f"put off until {until:%Y-%m-%d %H:%M} UTC")
        return found

    def hand_to(self, approval: str, owner: str, *, by: str, remark: str | None = None) -> Approval:
        """Let somebody else answer; the expiry stays."""
        with self.store.transaction("people: handed on") as tx:
            found = _pending(tx, approval)
            queue.hand_to(tx, found, owner)
            if owner != found.owner:
                letters.has_another_owner(tx, found.id)
            self._note_change(tx, found, by=by, change=f"handed from {found.owner} to {owner}", remark=remark)
        return found

    def judge_together(self, bulk: str, *, by: str, approve: bool, remark: str | None = None) -> tuple[int, int]:
        """Give the rest of a bulk the verdict its sample had; how many were judged, and how many are another by now.

        Only what a person looked at is evidence: the rest leaves no labels.
        """
        with self.store.transaction("people: judged together") as tx:
            together = bulks.find(tx, bulk, by)
            wanted = BulkStage.AGREED if approve else BulkStage.REFUSED
            if (stage := bulks.stage_of(tx, together)) is not wanted:
                raise ApprovalError(_NOT_TOGETHER[stage])
            found = queue.of_ids(tx, [id for id, _ in together.rest])
            seen = f"judged with {len(together.members) - 1} alike, {len(together.sample)} of them looked at singly"
            judged = 0
            for id, seal in together.rest:
                asked = found.get(id)
                if asked is None or asked.state is not ApprovalState.PENDING or asked.seal != seal:
                    continue
                judge = self._clear if approve else self._reject
                judge(tx, asked, by=by, remark=f"{remark} ({seen})" if remark else seen, labelled=False)
                judged += 1
            bulks.settle(tx, together, "approved" if approve else "rejected", self.clock.now())
        return judged, len(together.rest) - judged

    def requeue(self, ref: RecordRef | None, *, by: str) -> tuple[RecordRef, ...]:
        """Put what was set aside back in the queue, all of it or one record's; which records."""
        with self.store.transaction("people: requeued") as tx:
            refs = tuple(one.event.ref for one in inbox.buried(tx) if ref in (None, one.event.ref))
            inbox.requeue(tx, ref)
            now = self.clock.now()
            self.journal.append(tx, *(Entry(kind=EntryKind.REQUEUED, at=now, ref=one, actor=by) for one in refs))
        return refs

    def claim(self, handoff: str, *, by: str) -> Handoff:
        with self.store.transaction("people: claimed") as tx:
            found = handoffs.find(tx, handoff)
            handoffs.claim(tx, found, by=by)
            self._note_handoff(tx, found, by=by, change="claimed", remark=None)
            return handoffs.find(tx, found.id)

    def close(self, handoff: str, *, by: str, remark: str | None = None) -> Handoff:
        """The case is dealt with."""
        return self._settle_handoff(handoff, HandoffState.CLOSED, by=by, remark=remark)

    def rate(self, handoff: str, said: Feedback, *, by: str) -> Handoff:
        """Say of a case whether it was needed and whether its context was enough."""
        with self.store.transaction("people: said of a case") as tx:
            found = handoffs.find(tx, handoff)
            feedback.give(tx, found.id, by, said, self.clock.now())
            words = {"needed": said.needed, "context enough": said.enough}
            told = ", ".join(f"{name}: {'yes' if value else 'no'}" for name, value in words.items() if value is not None)
            self._note_handoff(tx, found, by=by, change=f"feedback ({told})", remark=None)
        return found

    def give_back(self, handoff: str, *, by: str, remark: str | None = None) -> Handoff:
        """Return the case to the agent, which decides again on the record as it is now."""
        now = self.clock.now()
        with self.store.transaction("people: returned to the agent") as tx:
            found = self._settled_handoff(tx, handoff, HandoffState.RETURNED, by=by, remark=remark)
            event = ChangeEvent(
                ref=found.ref, kind=ChangeKind.BACKFILL, origin=ChangeOrigin.AGAIN, occurred_at=now, slot=found.policy
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

    def _clear(
        self, tx: Transaction, found: Approval, *, by: str, remark: str | None, edited: Action | None = None,
        labelled: bool = True, blind: bool = False,
    ) -> Approval:
        now = self.clock.now()
        cleared = approvals.approve(tx, found, by=by, at=now, edited=edited, remark=remark)
        outbox.enqueue(tx, [cleared], now)
        if labelled:
            actual = in_words(edited) if edited is not None else None
            self._label(tx, found, agreed=edited in (None, found.action), actual=actual, now=now, blind=blind)
        note_verdict(tx, found.decision, "approved" if edited in (None, found.action) else "edited")
        self._note(tx, EntryKind.APPROVED, found, by=by, now=now, remark=remark, action=cleared.action)
        return found

    def _reject(
        self, tx: Transaction, found: Approval, *, by: str, remark: str | None, labelled: bool = True
    ) -> Approval:
        now = self.clock.now()
        unseen = found.id in queue.hidden_from(tx, by, [found])  # in a task or in Slack a blind one can be turned down
        approvals.reject(tx, found, by=by, at=now, remark=remark)
        if labelled:
            self._label(tx, found, agreed=False, actual=None, now=now, blind=unseen)
        note_verdict(tx, found.decision, "rejected")
        self._note(tx, EntryKind.REJECTED, found, by=by, now=now, remark=remark)
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

    def _label(
        self, tx: Transaction, found: Approval, *, agreed: bool, actual: str | None, now: datetime, blind: bool = False
    ) -> None:
        name = found.action.field if isinstance(found.action, UpdateField) else None
        proposed = in_words(found.action)
        label = Label(
            content=found.content, proposed=proposed, actual=actual, agreed=agreed, confidence=found.confidence,
            source=LabelSource.VERDICT, at=now, ref=found.ref, blind=blind,
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

    def _note_change(
        self, tx: Transaction, found: Approval, *, by: str, change: str, remark: str | None = None
    ) -> None:
        entry = Entry(
            kind=EntryKind.APPROVAL_CHANGED, at=self.clock.now(), ref=found.ref, policy=found.policy,
            decision=found.decision, intent=found.intent, actor=by,
            body={"approval": found.id, "change": change, "remark": remark},
        )
        self.journal.append(tx, entry)

    def _note_handoff(self, tx: Transaction, found: Handoff, *, by: str, change: str, remark: str | None) -> None:
        body = {"handoff": found.id, "change": change, "owner": found.owner, "remark": remark}
        entry = Entry(
            kind=EntryKind.HANDOFF_CHANGED, at=self.clock.now(), ref=found.ref, policy=found.policy,
            decision=found.decision, actor=by, body=body,
        )
        self.journal.append(tx, entry)


_NOT_TOGETHER: dict[BulkStage, str] = {
    BulkStage.LOOKING: "some of the sample wait to be looked at singly",
    BulkStage.AGREED: "you approved the sample, so the rest cannot be rejected together",
    BulkStage.REFUSED: "you rejected the sample, so the rest cannot be approved together",
    BulkStage.SPLIT: "the sample was not judged alike, so the rest has to be looked at singly",
    BulkStage.DONE: "this bulk is judged already",
}


def _as_shown(tx: Transaction, approval: str, shown: str | None) -> Approval:
    """The question, which must be the one that was shown."""
    found = approvals.find(tx, approval)
    if shown is not None and found.state is ApprovalState.PENDING and found.seal != shown:
        raise ApprovalError(f"approval {found.id} changed since it was shown; look at it again")
    return found


def _pending(tx: Transaction, approval: str) -> Approval:
    found = approvals.find(tx, approval)
    if found.state is not ApprovalState.PENDING:
        raise ApprovalError(f"approval {found.id} is {found.state} already (by {found.settled_by or 'nobody'})")
    return found
