"""Write a judged case down: decision, verdicts, questions, handoff, outbox, visit and journal, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from connector.action import UpdateField, describe
from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.change import inbox, timers
from connector.change.aliases import note_merge
from connector.change.seen import look_up, note_known, note_snapshots, part_with
from connector.change.trigger import record_visits, watched_fields
from connector.context.context import PastDecision
from connector.context.past import RememberedDecision, remember_decisions
from connector.decision import decisions, kept
from connector.decision.decision import Decision
from connector.decision.decisions import RecordedDecision
from connector.gate import Allow, ClearedAction, approvals, audits, handoffs
from connector.gate.approval import Approval, ApprovalState
from connector.gate.audits import Audit, AuditState
from connector.gate.handoffs import HandoffState
from connector.journal import Entry, EntryKind, Journal
from connector.pipeline.cases import Sorted
from connector.pipeline.entries import detail_of, entries_of
from connector.pipeline.judge import Judged
from connector.policy import Policy
from connector.record import FieldName, Gone, Merged, RecordRef, display
from connector.store import Transaction
from connector.writeback import OutboxState, WritePurpose, outbox
from connector.writeback.entries import outcome_entry


def record_judged(tx: Transaction, journal: Journal, judged: Sequence[Judged], now: datetime) -> None:
    """Everything these cases cause, kept together or not at all."""
    for one in judged:
        _supersede(tx, journal, one, now)
    decisions.record(tx, [_recorded(one, now) for one in judged])
    kept.keep(tx, [(one.key, one.case.policy.name, one.context) for one in judged], now)
    approvals.ask(tx, [action.approval for one in judged for action in one.actions])
    audits.open_new(tx, _to_audit(tx, judged, now))
    outbox.enqueue(tx, [cleared for one in judged for cleared in _cleared(one)], now)
    handoffs.open_new(tx, [one.handoff for one in judged if one.handoff is not None])
    remember_decisions(tx, [_remembered(one, now) for one in judged])
    record_visits(tx, [(one.case.record.ref, one.case.policy.name, one.case.visit) for one in judged])
    journal.append(tx, *(entry for one in judged for entry in entries_of(one, now)))


def record_looked_at(
    tx: Transaction, journal: Journal, found: Sorted, policies: Sequence[Policy], now: datetime,
    for_all: Collection[RecordRef], *, heard: Collection[FieldName] = (),
) -> None:
    """The records were looked at: the present values of those `for_all` are what the next change is compared with.

    `heard` are fields that nobody watches for the record's own sake, but for that of the records it hangs on.
    """
    seen = [record for ref, record in found.records.items() if ref in for_all]
    note_snapshots(tx, seen, watched_fields(policies) | {*heard})
    note_known(tx, [record for ref, record in found.records.items() if ref not in for_all])
    timers.arm(tx, policies, list(found.records.values()), now)
    for gone in found.gone:
        record_gone(tx, journal, gone, now)
    for policy, ref, reason in found.undecidable:
        body = {"why": "the condition could not be evaluated, so it does not match", "reason": reason}
        journal.append(tx, Entry(kind=EntryKind.NOT_ENOUGH, at=now, ref=ref, policy=policy.name, body=body))


def record_gone(tx: Transaction, journal: Journal, gone: Gone | Merged, now: datetime) -> None:
    """A record was deleted or merged: nothing pending on it is written; a survivor is decided on afresh."""
    match gone:
        case Merged(into=into):
            note_merge(tx, gone.ref, into)
            why = f"the record was merged into {into}"
        case Gone():
            why = "the record was deleted"
    closed = _close_open_work(tx, journal, gone.ref, now, why)
    if isinstance(gone, Merged):
        _look_at_survivor(tx, gone, now, had_open_work=closed > 0)
    part_with(tx, [gone.ref])
    journal.append(tx, Entry(kind=EntryKind.GONE, at=now, ref=gone.ref, body={"why": why}))


def _look_at_survivor(tx: Transaction, merged: Merged, now: datetime, *, had_open_work: bool) -> None:
    """What was open on the merged record is decided afresh on the survivor, never redirected to it."""
    survivor = look_up(tx, [merged.into]).get(merged.into)
    if had_open_work or survivor is None or survivor.snapshot is None:
        event = ChangeEvent(
            ref=merged.into, kind=ChangeKind.MERGED, origin=ChangeOrigin.RECONCILE, occurred_at=now,
            slot=f"merge:{merged.ref.id}",
        )
        inbox.put(tx, [event])


def _close_open_work(
    tx: Transaction, journal: Journal, ref: RecordRef, now: datetime, why: str, policy: str | None = None,
    but: str | None = None,
) -> int:
    """Close questions, handoffs and unsent writes on a record, all or one policy's, except those of decision `but`."""
    closed = 0
    for asked in approvals.of_record(tx, ref, policy):
        if asked.state is ApprovalState.PENDING and asked.decision != but:
            closed += 1
            approvals.supersede(tx, asked, now, why)
            _note(tx, journal, EntryKind.STALE, asked.ref, asked.policy, asked.decision, asked.intent, now, why)
    for row in outbox.of_record(tx, ref):
        # What is put back or taken back is owed to a person: no newer decision of ours takes its place.
        replaced = policy is None or (row.policy == policy and row.purpose is WritePurpose.ACT)
        if row.state is OutboxState.READY and row.decision != but and replaced:
            closed += 1
            outbox.settle(tx, row.intent, OutboxState.CANCELLED, at=now, outcome={"why": why})
            # With what it was and how often it was sent: a lost answer may hide that it took effect.
            journal.append(tx, outcome_entry(row, EntryKind.STALE, now, why=why))
    for handoff in handoffs.of_record(tx, ref):
        is_open = handoff.state in (HandoffState.OPEN, HandoffState.CLAIMED)
        if is_open and handoff.decision != but and policy in (None, handoff.policy):
            closed += 1
            handoffs.settle(tx, handoff, HandoffState.SUPERSEDED, by="service", at=now, remark=why)
            _note(tx, journal, EntryKind.HANDOFF_CHANGED, ref, handoff.policy, handoff.decision, None, now, why)
    return closed


def _note(
    tx: Transaction, journal: Journal, kind: EntryKind, ref: RecordRef, policy: str, decision: str, intent: str | None,
    now: datetime, why: str,
) -> None:
    entry = Entry(kind=kind, at=now, ref=ref, policy=policy, decision=decision, intent=intent, body={"why": why})
    journal.append(tx, entry)


def _supersede(tx: Transaction, journal: Journal, judged: Judged, now: datetime) -> None:
    """A newer decision of the same policy takes the place of what an older one still had open."""
    if judged.case.visit.number > 1:
        why = "the record changed and was decided again"
        _close_open_work(
            tx, journal, judged.case.record.ref, now, why, policy=judged.case.policy.name, but=judged.key
        )


def _cleared(judged: Judged) -> list[ClearedAction]:
    return [
        approvals.clear_allowed(action.approval, action.verdict.why)
        for action in judged.actions
        if isinstance(action.verdict, Allow)
    ]


def _to_audit(tx: Transaction, judged: Sequence[Judged], now: datetime) -> list[Audit]:
    """The drawn share of the field writes nobody is asked about, and at least one a day of every cell."""
    drawn: list[Audit] = []
    had: set[str] = set()
    for policy, action in ((one.case.policy, action) for one in judged for action in one.actions):
        written = action.approval.action
        if not isinstance(action.verdict, Allow) or not isinstance(written, UpdateField):
            continue
        cell = str(action.cell)
        chosen = audits.is_drawn(action.approval.intent, float(policy.gate.audit))
        if chosen or (cell not in had and not audits.had_today(tx, action.cell, now)):
            drawn.append(_audit(action.approval, written, policy, now))
        had.add(cell)
    return drawn


def _audit(approval: Approval, written: UpdateField, policy: Policy, now: datetime) -> Audit:
    return Audit(
        id=approval.id, cell=approval.cell, pins=approval.pins, content=approval.content, ref=approval.ref,
        policy=policy.name, proposed=display(written.value), confidence=approval.confidence, owner=approval.owner,
        state=AuditState.OPEN, asked_at=now, due_at=policy.gate.expires.after(now, policy.zone),
    )


def _recorded(judged: Judged, now: datetime) -> RecordedDecision:
    case, result = judged.case, judged.result
    return RecordedDecision(
        id=judged.key, ref=case.record.ref, policy=case.policy.name, policy_version=case.policy.version,
        tier=result.pins.tier.value, enough=isinstance(result, Decision), disposition=judged.disposition.value,
        rationale=result.rationale, detail=detail_of(judged), usd=str(result.usage.usd),
        occurred_at=case.event.occurred_at, decided_at=now, run=case.run,
    )


def _remembered(judged: Judged, now: datetime) -> RememberedDecision:
    result = judged.result
    proposed = result.actions if isinstance(result, Decision) else ()
    summary = "; ".join(describe(one.action) for one in proposed) or result.rationale[:200]
    past = PastDecision(at=now, policy=judged.case.policy.name, summary=summary, outcome=judged.disposition.value)
    return RememberedDecision(decision=judged.key, ref=judged.case.record.ref, past=past)
