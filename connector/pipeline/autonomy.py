"""Autonomy as it is given and taken: scheduled looks, the watch over cells that act alone, audits, and people's word.

A cell that loses its autonomy stops at once: what it had cleared and not yet sent becomes a question, and one person is
told.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from connector.action import UpdateField
from connector.clock import Clock
from connector.context import activities
from connector.decision import kept
from connector.gate import CellState, approvals, audits, cells, handoffs, labels
from connector.gate.approval import Approval, ApprovalState
from connector.gate.audits import Audit
from connector.gate.autonomy import demote, promote, review, taught
from connector.gate.cells import Cell, Standing
from connector.gate.handoffs import Handoff, HandoffState, handed_off_body
from connector.gate.labels import Label, LabelSource
from connector.gate.watch import conduct, misconduct
from connector.journal import Entry, EntryKind, Journal
from connector.policy import Policy, PolicyName, PolicySet
from connector.record import FieldValue, RecordRef, display
from connector.store import Store, Transaction
from connector.writeback import OutboxState, outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Autonomy:
    """Gives and takes autonomy; each change is one transaction with its journal entries."""

    store: Store
    journal: Journal
    clock: Clock

    def review(self, policies: PolicySet) -> int:
        """Look again at every cell that has reached the next fixed number of labels, and watch those that act alone.

        How many stand differently now.
        """
        now, changed = self.clock.now(), 0
        with self.store.transaction("autonomy: reviewed") as tx:
            audits.lapse(tx, now)
            kept.trim(tx, now)
            activities.trim(tx, now)
            for row in tx.rows("SELECT DISTINCT cell, pins FROM gate_labels ORDER BY cell, pins"):
                cell = Cell.parse(row["cell"])
                policy = policies.get(PolicyName(cell.policy))
                if policy is not None:
                    changed += review(
                        tx, self.journal, cell, row["pins"], target=float(policy.gate.target), now=now,
                        not_before=earliest(tx, policy, cell), examples=taught(tx, cell),
                    ).changed
            changed += self._watch(tx, policies, now)
        return changed

    def judge_audit(self, audit: str, value: FieldValue, *, by: str) -> Audit:
        """A person's blind word on what an unasked write should have been; it becomes a label, nothing is written."""
        now = self.clock.now()
        with self.store.transaction("autonomy: audited") as tx:
            found = audits.find(tx, audit)
            given = display(value)
            audits.judge(tx, found, given, by=by, at=now)
            label = Label(
                content=found.content, proposed=found.proposed, actual=given, agreed=given == found.proposed,
                confidence=found.confidence, source=LabelSource.AUDIT, at=now, ref=found.ref, blind=True,
            )
            labels.add(tx, Cell.parse(found.cell), found.pins, [label])
            body = {"audit": found.id, "cell": found.cell, "given": given, "proposed": found.proposed}
            entry = Entry(
                kind=EntryKind.AUDITED, at=now, ref=found.ref, policy=found.policy, actor=by, body=body
            )
            self.journal.append(tx, entry)
            return audits.find(tx, found.id)

    def demote(self, cell: Cell, *, by: str, remark: str | None = None) -> int | None:
        """A person takes autonomy back at once; how many cleared actions became questions, None where none acted alone."""
        now = self.clock.now()
        why = f"{by} said so" + (f": {remark}" if remark else "")
        with self.store.transaction("autonomy: demoted by a person") as tx:
            if not demote(tx, self.journal, cell, why, now, by=by):
                return None
            return len(self._pause(tx, cell, why, now))

    def promote(self, cell: Cell, policies: PolicySet, *, by: str) -> Standing:
        """A person lets a demoted cell act again, where the labels still carry it. Raises AutonomyError otherwise."""
        policy = policies.get(PolicyName(cell.policy))
        target = float(policy.gate.target) if policy is not None else 1.0
        with self.store.transaction("autonomy: promoted by a person") as tx:
            return promote(tx, self.journal, cell, target=target, now=self.clock.now(), by=by, examples=taught(tx, cell))

    def _watch(self, tx: Transaction, policies: PolicySet, now: datetime) -> int:
        demoted = 0
        for name, standing in cells.standings(tx).items():
            cell = Cell.parse(name)
            policy = policies.get(PolicyName(cell.policy))
            if standing.state is not CellState.AUTONOMOUS or policy is None:
                continue
            seen = conduct(tx, cell, standing, now)
            why = misconduct(seen, target=float(policy.gate.target), error_budget=float(policy.limits.error_budget))
            if why is not None and demote(tx, self.journal, cell, why, now):
                paused = self._pause(tx, cell, why, now)
                self._escalate(tx, policy, cell, standing, why, paused, now)
                demoted += 1
        return demoted

    def _pause(self, tx: Transaction, cell: Cell, why: str, now: datetime) -> list[Approval]:
        """What the cell had cleared by itself and nobody sent yet is asked of a person instead."""
        paused: list[Approval] = []
        for row in outbox.in_state(tx, OutboxState.READY):
            asked = approvals.by_id(tx, row.approval)
            if asked is None or asked.cell != str(cell) or asked.state is not ApprovalState.ALLOWED:
                continue
            outbox.settle(tx, row.intent, OutboxState.CANCELLED, at=now, outcome={"why": why})
            again = approvals.ask_again(tx, asked, asked.bases, at=now, remark=f"paused: {why}")
            paused.append(again)
            entry = Entry(
                kind=EntryKind.APPROVAL_REQUESTED, at=now, ref=again.ref, policy=again.policy, decision=again.decision,
                intent=again.intent, run=again.run, body={"approval": again.id, "why": f"paused: {why}"},
            )
            self.journal.append(tx, entry)
        return paused

    def _escalate(
        self, tx: Transaction, policy: Policy, cell: Cell, standing: Standing, why: str, paused: list[Approval],
        now: datetime,
    ) -> None:
        """One case for one person, hung on the record where the trouble was last seen."""
        ref = _last_trouble(tx, cell, standing, now)
        if ref is None:
            return
        key = hashlib.sha256(f"demoted:{cell}:{standing.changed_at.isoformat()}".encode()).hexdigest()
        rule = policy.handoff
        handoff = Handoff(
            id=key[:12], decision=key, policy=policy.name, ref=ref, reason="stakes",
            summary=f"{cell.does} ({cell.policy}) no longer acts alone and asks again: {why}",
            tried=(_paused(len(paused)),),
            missing=("a look at what it wrote lately; Agents on the page, or: crm-connector autonomy list",),
            owner=rule.to, ladder=rule.ladder,
            step=0, fallback=rule.default, state=HandoffState.OPEN, opened_at=now, due_at=rule.due.after(now, policy.zone),
        )
        handoffs.open_new(tx, [handoff])
        entry = Entry(
            kind=EntryKind.HANDED_OFF, at=now, ref=ref, policy=policy.name, decision=key, body=handed_off_body(handoff)
        )
        self.journal.append(tx, entry)


def _paused(count: int) -> str:
    match count:
        case 0:
            return "nothing that it had cleared was still unsent"
        case 1:
            return "one write that it had cleared, not sent yet, became a question"
        case _:
            return f"{count} writes that it had cleared, not sent yet, became questions"


def earliest(tx: Transaction, policy: Policy, cell: Cell) -> datetime | None:
    """The first moment a policy's calendar lets a cell be promoted; None where it has no calendar."""
    if policy.gate.supervised_for is None:
        return None
    first = labels.first_at(tx, cell)
    return policy.gate.supervised_for.after(first, policy.zone) if first is not None else None


def _last_trouble(tx: Transaction, cell: Cell, standing: Standing, now: datetime) -> RecordRef | None:
    """The record of the newest label against the cell, else of the newest thing it wrote alone."""
    against = [one.ref for one in labels.of_cell(tx, cell, standing.pins, now) if not one.agreed and one.ref is not None]
    if against:
        return against[-1]
    row = tx.one(
        "SELECT approval FROM gate_approvals WHERE cell = :cell AND state IN ('allowed', 'stale') "
        "ORDER BY asked_at DESC, approval LIMIT 1",
        cell=str(cell),
    )
    found = approvals.by_id(tx, row["approval"]) if row is not None else None
    return found.ref if found is not None and isinstance(found.action, UpdateField) else None
