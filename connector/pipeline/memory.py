"""What the road pushes back to memory: outcomes of decisions, values agents wrote, and what people's edits teach."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connector.action import UpdateField
from connector.clock import Clock
from connector.context.agent_values import AgentValue, agent_values, confirm, forget, remember_values, value_digest
from connector.context.examples import Example, ExampleSource, remember_examples
from connector.context.past import note_outcome
from connector.decision.learner import learning_text
from connector.gate import approvals, hands_off, labels, watch
from connector.gate.approval import Approval, ApprovalState
from connector.gate.cells import Cell
from connector.gate.labels import Label, LabelSource
from connector.journal import Entry, EntryKind, Journal
from connector.record import FieldName, FieldValue, Origin, Record, RecordRef, display
from connector.store import Transaction
from connector.writeback import OutboxRow, OutboxState, WritePurpose

_TRUST = tuple(Origin)  # from most to least trusted


def tell_memory(clock: Clock, tx: Transaction, row: OutboxRow, state: OutboxState) -> None:
    """An action was settled: remember what the agent wrote, and what became of the decision."""
    if row.purpose is WritePurpose.ASK:
        return  # a question is no outcome
    note_outcome(tx, row.decision, state.value)
    if state is OutboxState.CONFLICTED and row.purpose is WritePurpose.ACT:
        _note_conflict(tx, row, clock.now())
    action = row.action
    if not isinstance(action, UpdateField) or state is not OutboxState.APPLIED:
        return
    if row.purpose is not WritePurpose.ACT:
        forget(tx, row.ref, [action.field])
        return
    by_a_person, origins = approvals.evidence_of(tx, row.approval)
    # Nothing cited counts as an outsider's word; else the least trusted of what was.
    lowest = max(origins, key=_TRUST.index, default=Origin.OUTSIDER)
    value = AgentValue(
        ref=action.ref, field=action.field, digest=value_digest(action.value), origin=lowest, decision=row.decision,
        at=clock.now(),
    )
    remember_values(tx, [value])
    if by_a_person:
        confirm(tx, action.ref, [action.field], now=clock.now())


def _note_conflict(tx: Transaction, row: OutboxRow, now: datetime) -> None:
    """A write that nobody was asked about met somebody's edit: it counts against its cell."""
    approval = approvals.by_id(tx, row.approval)
    if approval is not None and approval.state is ApprovalState.ALLOWED:
        watch.note_conflict(tx, intent=row.intent, cell=approval.cell, pins=approval.pins, at=now)


def learn_from_records(
    tx: Transaction, journal: Journal, records: Sequence[Record], fields: Sequence[FieldName], now: datetime
) -> None:
    """Keep what people put into the fields that learners predict; an edit of any value an agent wrote is a correction."""
    if not records:
        return
    written = agent_values(tx, [record.ref for record in records])
    kept: list[Example] = []
    for record in records:
        ours = {value.field: value for value in written.get(record.ref, ())}
        for name, own in ours.items():
            if name in record.fields and not own.is_still(record.fields[name]):
                _correct(tx, journal, record.ref, name, record.fields[name], own, now)
        text = learning_text(record)
        for name in fields:
            value = record.fields.get(name)
            if value is None or not text:
                continue
            if name in ours and ours[name].is_still(value):
                continue  # what only an agent said teaches nothing
            stamp = record.stamps.get(name)
            kept.append(
                Example(
                    ref=record.ref, field=name, text=text, value=value, source=ExampleSource.STAFF,
                    stamped_at=stamp.at if stamp is not None else record.modified_at,
                )
            )
    remember_examples(tx, kept, now=now)


def _correct(
    tx: Transaction, journal: Journal, ref: RecordRef, name: FieldName, value: FieldValue, own: AgentValue, now: datetime
) -> None:
    """Somebody changed what an agent wrote: a label against it, and the field of this record is left to people."""
    forget(tx, ref, [name])
    hands_off.mark(tx, ref, name, at=now)
    judged = [
        approval
        for approval in approvals.of_record(tx, ref)
        if approval.decision == own.decision and isinstance(approval.action, UpdateField) and approval.action.field == name
    ]
    for approval in judged[:1]:
        proposed = approval.action.value if isinstance(approval.action, UpdateField) else None
        label = Label(
            content=approval.content, proposed=display(proposed), actual=display(value), agreed=False,
            confidence=approval.confidence, source=LabelSource.CORRECTION, at=now, ref=ref,
        )
        labels.add(tx, cell_named(approval, name), approval.pins, [label])
    body = {"field": name, "decision": own.decision}
    journal.append(tx, Entry(kind=EntryKind.CORRECTED, at=now, ref=ref, decision=own.decision, body=body))


def cell_named(approval: Approval, name: FieldName | None) -> Cell:
    """The cell an approval's verdict counts for."""
    return Cell(approval.ref.connection, approval.policy, approval.ref.object, approval.action.kind, name)
