"""Undo: choose applied actions, show what each undo would do now, and queue the undoing on the same guarded road.

Three-way, so a person's later edit stays; idempotent, since every undo has the intent of its original.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from connector.action import Action, Irreversible, RemoveCreated, RestoreField, UpdateField, decode_inverse
from connector.adapter import Adapter
from connector.clock import Clock, micros
from connector.decision import decisions
from connector.decision.decisions import RecordedDecision
from connector.gate import Bases, FieldBase
from connector.journal import Entry, EntryKind, Journal
from connector.record import ConnectionName, FieldName, FieldValue, Found, Record, RecordRef, same_value
from connector.store import Store, Transaction
from connector.writeback import OutboxRow, WritePurpose, layers, outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which applied actions to take back; what is None does not narrow. At least one must be given."""

    intent: str | None = None
    decision: str | None = None
    policy: str | None = None
    run: str | None = None
    record: RecordRef | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_empty(self) -> bool:
        return not any((self.intent, self.decision, self.policy, self.run, self.record, self.since, self.until))


@dataclass(frozen=True, slots=True, kw_only=True)
class WillRestore:
    """The field still holds what we wrote: `before` goes back."""

    row: OutboxRow
    before: FieldValue


@dataclass(frozen=True, slots=True, kw_only=True)
class WillRemove:
    """The task or note we made is deleted again."""

    row: OutboxRow
    created: RecordRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Stays:
    """Nothing is undone, and why: a later edit, a gone record, or an action that cannot be called back."""

    row: OutboxRow
    why: str
    now: FieldValue = None


Reversal: TypeAlias = WillRestore | WillRemove | Stays


@dataclass(frozen=True, slots=True, kw_only=True)
class RevertPlan:
    """What an undo would do now, and the later decisions that were made with a value it takes back."""

    reversals: tuple[Reversal, ...]
    readers: tuple[RecordedDecision, ...]


def plan_revert(store: Store, adapters: Mapping[ConnectionName, Adapter], selection: Selection) -> RevertPlan:
    """Preview an undo: reads the records as they are now, writes nothing."""
    with store.snapshot() as tx:
        rows = _select(tx, selection)
        readers = _readers(tx, rows)
        covered = layers.covered(tx, rows)
    live = _live(adapters, rows)
    reversals: list[Reversal] = []
    stays: set[layers.Place] = set()
    for row in rows:  # newest first: an older write of ours may stand under a newer one that goes first
        place = layers.place_of(row)
        beneath = place in stays or row.intent in covered
        reversal = Stays(row=row, why=layers.UNDER_A_LATER) if beneath else _reversal(row, live)
        if isinstance(reversal, WillRestore):
            live[row.action.ref] = _after(live[row.action.ref], reversal)
        elif isinstance(reversal, Stays) and not layers.never_stood(row):
            # Somebody took this field over after our newest write: what lies beneath is not ours to bring back either,
            # even where the value they chose is one that we had written before.
            stays.add(place)
        reversals.append(reversal)
    return RevertPlan(reversals=tuple(reversals), readers=readers)


def revert(
    store: Store, journal: Journal, clock: Clock, adapters: Mapping[ConnectionName, Adapter], selection: Selection, *,
    by: str, remark: str | None = None,
) -> RevertPlan:
    """Queue the undoing of every action that can be undone; write-back carries it out under its guards."""
    plan = plan_revert(store, adapters, selection)
    now = clock.now()
    newer: dict[tuple[RecordRef, FieldName], str] = {}
    with store.transaction("revert: queued") as tx:
        for reversal in plan.reversals:
            match reversal:
                case WillRestore(row=row, before=before):
                    assert isinstance(row.action, UpdateField)
                    place = (row.action.ref, row.action.field)
                    action = UpdateField(ref=row.action.ref, field=row.action.field, value=before)
                    bases = {row.action.field: FieldBase(value=row.action.value)}
                    newer[place] = _queue(tx, row, action, bases, by=by, at=now, after=newer.get(place, row.intent))
                case WillRemove(row=row):
                    _queue(tx, row, row.action, {}, by=by, at=now, after=row.intent)
                case Stays():
                    pass
        body = {
            "actions": [reversal.row.intent for reversal in plan.reversals if not isinstance(reversal, Stays)],
            "stays": {reversal.row.intent: reversal.why for reversal in plan.reversals if isinstance(reversal, Stays)},
            "readers": [reader.id for reader in plan.readers], "remark": remark,
        }
        journal.append(tx, Entry(kind=EntryKind.REVERTED, at=now, actor=by, policy=selection.policy, body=body))
    return plan


def _queue(
    tx: Transaction, row: OutboxRow, action: Action, bases: Bases, *, by: str, at: datetime, after: str
) -> str:
    """Queue one undo and give its intent; `after` is what it undoes, or the undo of a newer write of the same field."""
    undo = outbox.undo_under_way(tx, row.intent)
    outbox.enqueue_undo(
        tx, row, intent=undo, action=action, bases=bases, purpose=WritePurpose.REVERT, by=by, at=at, after=after
    )
    return undo


def _select(tx: Transaction, selection: Selection) -> list[OutboxRow]:
    if selection.is_empty:
        raise ValueError("say what to revert: an action, a decision, a record, a policy, a run or a time window")
    conditions: list[str] = []
    parameters: dict[str, object] = {}
    for name in ("intent", "decision", "policy", "run"):
        value = getattr(selection, name)
        if value is not None:
            conditions.append(f"{name} LIKE :{name}" if name in ("intent", "decision") else f"{name} = :{name}")
            parameters[name] = f"{value}%" if name in ("intent", "decision") else value
    if selection.record is not None:
        conditions.append("connection = :connection AND object = :object AND record = :record")
        parameters |= layers.record_key(selection.record)
    if selection.since is not None:
        conditions.append("settled_at >= :since")
        parameters["since"] = micros(selection.since)
    if selection.until is not None:
        conditions.append("settled_at <= :until")
        parameters["until"] = micros(selection.until)
    return layers.newest_first(tx, " AND ".join(["purpose = 'act'", layers.UNDOABLE, *conditions]), parameters)


def _readers(tx: Transaction, rows: Sequence[OutboxRow]) -> tuple[RecordedDecision, ...]:
    found: dict[str, RecordedDecision] = {}
    for row in rows:
        for reader in decisions.readers_of(tx, row.ref, after=row.cleared_at):
            if reader.id != row.decision:
                found[reader.id] = reader
    return tuple(found.values())


def _after(found: Found, reversal: WillRestore) -> Found:
    """The record as it will be once this undo is done."""
    action = reversal.row.action
    assert isinstance(found, Record)
    assert isinstance(action, UpdateField)
    return replace(found, fields={**found.fields, action.field: reversal.before})


def _live(adapters: Mapping[ConnectionName, Adapter], rows: Sequence[OutboxRow]) -> dict[RecordRef, Found]:
    live: dict[RecordRef, Found] = {}
    by_object: dict[tuple[ConnectionName, str], list[OutboxRow]] = {}
    for row in rows:
        if isinstance(row.action, UpdateField):
            by_object.setdefault((row.ref.connection, row.action.ref.object), []).append(row)
    for (connection, _), members in by_object.items():
        fields = {row.action.field for row in members if isinstance(row.action, UpdateField)}
        refs = sorted({row.action.ref for row in members})
        live |= adapters[connection].records.read(refs, fields)
    return live


def _reversal(row: OutboxRow, live: Mapping[RecordRef, Found]) -> Reversal:
    assert row.inverse is not None
    match decode_inverse(row.inverse):
        case Irreversible(reason=reason):
            return Stays(row=row, why=reason)
        case RemoveCreated(ref=created):
            return WillRemove(row=row, created=created)
        case RestoreField(field=name, before=before, ours=ours):
            record = live[row.action.ref]
            if not isinstance(record, Record):
                return Stays(row=row, why="the record is deleted or merged")
            now = record.fields.get(name)
            if same_value(now, before):
                return Stays(row=row, why="the field holds the earlier value already", now=now)
            if not same_value(now, ours):
                return Stays(row=row, why="somebody changed the field since; their value stays", now=now)
            return WillRestore(row=row, before=before)
