"""After the answer: turn what the CRM said into an outcome, a journal entry, an inverse and, if need be, a way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connector.action import UpdateField, encode_inverse, inverse_of
from connector.adapter import (
    Created,
    GuardFailed,
    Missed,
    Overwritten,
    Postponed,
    Refused,
    Unknown,
    Unsettled,
    WriteResult,
    Written,
)
from connector.change.cursors import position
from connector.change.seen import note_own_create, note_own_write
from connector.gate import FieldBase, approvals, base_of
from connector.gate.rebasing import rebase
from connector.journal import Entry, EntryKind, Journal
from connector.policy import OnOverwrite
from connector.record import FieldValue, Record, RecordRef, encode_value, same_value
from connector.store import Transaction
from connector.writeback import outbox
from connector.writeback.entries import outcome_entry, values_body
from connector.writeback.looks import decide_again, look_for
from connector.writeback.owed import tell_of_lost_edit
from connector.writeback.plan import AskAgain, Conflict, Outdated, Plan, Settled, ToSend, Unfit, standing
from connector.writeback.row import OutboxRow, OutboxState, WritePurpose
from connector.writeback.tally import Tally

Tell = Callable[[Transaction, OutboxRow, OutboxState], None]
"""How outcomes reach memory: called inside the transaction that settles them."""

RETRIES = 12
MAY_HAVE_BEEN_UNDONE = (
    "no answer came to this write and somebody changed the record since: it may have arrived and been undone"
)
OURS_OR_THEIRS = "the record holds it; whether our write arrived or somebody else set it cannot be told"
LOOK_AGAIN = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settler:
    """Writes outcomes down. Every method runs inside the caller's transaction; `flush` ends it."""

    tx: Transaction
    journal: Journal
    at: datetime
    tally: Tally
    tell: Tell
    entries: list[Entry] = field(default_factory=list)

    def flush(self) -> None:
        """Append what was settled to the journal; the last thing before the transaction ends."""
        self.journal.append(self.tx, *self.entries)
        self.entries.clear()

    def unsent(self, plan: Settled | Conflict | AskAgain | Outdated | Unfit) -> None:
        """What comparison alone settled."""
        row = plan.row
        match plan:
            case Settled() if row.purpose is WritePurpose.REVERT:
                self._undone_by_another(row)
            case Settled(live=live):
                self.close(row, OutboxState.APPLIED, EntryKind.APPLIED, wrote=False, **_live_value(row, live))
                self.tally.applied += 1
            case Conflict(theirs=theirs, why=why):
                facts = values_body(theirs=theirs, ours=_value(row))
                self.close(row, OutboxState.CONFLICTED, EntryKind.CONFLICTED, why=why, **facts)
                self.tally.conflicted += 1
            case AskAgain(live=live, why=why):
                self.ask_again(row, live, why)
            case Outdated(why=why, moved=moved, gone=gone):
                if moved:
                    decide_again(self.tx, row, self.at)
                if gone:
                    look_for(self.tx, row.action.ref, self.at)
                self.close(row, OutboxState.STALE, EntryKind.STALE, why=why)
                self.tally.outdated += 1
            case Unfit(code=code, why=why):
                self._refused(row, code, why)

    def ask_again(self, row: OutboxRow, live: Record, why: str) -> None:
        """The verdict was given on values that moved: the same question, on the present ones, to a person."""
        asked = approvals.by_id(self.tx, row.approval)
        if asked is None:
            self.close(row, OutboxState.STALE, EntryKind.STALE, why=why)
            return
        bases = {name: replace(base_of(live, name), private=base.private) for name, base in row.bases.items()}
        again = approvals.ask_again(self.tx, asked, bases, at=self.at, remark=why)
        self.close(row, OutboxState.STALE, EntryKind.STALE, why=why, asked_again=again.id)
        self.tally.outdated += 1

    def doubted(self, plan: Plan) -> None:
        """A write of which nobody can ever tell whether it arrived, compared with the record as it is now.

        It is never sent again over a value that stands as before: a person may have undone it.
        """
        match plan:
            case ToSend(row=row, moved=True):
                self.again(row, timedelta(0))  # the rule lets us replace what stands there, whoever set it
            case ToSend(row=row, live=live) if row.purpose is WritePurpose.ACT:
                self.ask_again(row, live, MAY_HAVE_BEEN_UNDONE)
            case ToSend(row=row, live=live) if row.purpose is WritePurpose.RESTORE:
                self.unsent(Conflict(row, live, standing(plan), MAY_HAVE_BEEN_UNDONE))
                self.entries.append(tell_of_lost_edit(self.tx, row, MAY_HAVE_BEEN_UNDONE, self.at))
            case ToSend(row=row, live=live):
                self.unsent(Conflict(row, live, standing(plan), f"{MAY_HAVE_BEEN_UNDONE}; look, and undo it again"))
            case Settled(row=row, live=live) if row.purpose is WritePurpose.ACT:
                # It may be a person's by now, so no undo goes over it; nor does anybody say that we did not write it.
                facts = _live_value(row, live)
                self.close(row, OutboxState.APPLIED, EntryKind.APPLIED, wrote=None, why=OURS_OR_THEIRS, **facts)
                self.tally.applied += 1
            case _:
                self.unsent(plan)

    def updated(self, plan: ToSend, result: WriteResult) -> None:
        """The CRM's answer to an update, for one of its fields."""
        row = plan.row
        match result:
            case Written():
                self._written(plan, result)
            case GuardFailed() if row.attempts < RETRIES:
                self.again(row, timedelta(0))
            case GuardFailed() if row.purpose is WritePurpose.RESTORE:
                self.again(row, backoff(row.attempts))  # their edit is owed back, however often the record changes
            case GuardFailed():
                self.close(row, OutboxState.CONFLICTED, EntryKind.CONFLICTED, why="the record kept changing")
                self.tally.conflicted += 1
            case Unsettled(wait=wait):
                self.again(row, wait)
            case _:
                self.unanswered(row, result)

    def unanswered(self, row: OutboxRow, result: Refused | Missed | Postponed | Unknown) -> None:
        """Answers that an update and a create share."""
        match result:
            case Refused() if row.purpose is WritePurpose.RESTORE and row.attempts < RETRIES:
                self.again(row, backoff(row.attempts))  # their edit is owed back, and a right may return
            case Refused(code=code, reason=reason, fields=fields):
                self._refused(row, code, reason, fields=list(fields))
            case Missed(into=into):
                why = f"the record was merged into {into}" if into else "the record was deleted"
                if into is None:
                    look_for(self.tx, row.action.ref, self.at)
                self.close(row, OutboxState.STALE, EntryKind.STALE, why=why)
                self.tally.outdated += 1
            case Postponed(wait=wait):
                self.again(row, wait or backoff(row.attempts))
            case Unknown(reason=reason):
                outbox.mark_unknown(self.tx, [row.intent], look_at=self.at + LOOK_AGAIN)
                self.entries.append(outcome_entry(row, EntryKind.UNKNOWN, self.at, why=reason))
                self.tally.unknown += 1

    def created(self, row: OutboxRow, result: Created) -> None:
        inverse = encode_inverse(inverse_of(row.action, created=result.ref))
        self.close(
            row, OutboxState.APPLIED, EntryKind.APPLIED, inverse=inverse, wrote=True, created=str(result.ref),
            existed=result.existed,
        )
        self.tally.applied += 1
        if position(self.tx, result.ref.connection, result.ref.object) is not None:
            note_own_create(self.tx, result.ref, self.at)

    def removed(self, row: OutboxRow, ref: RecordRef, result: WriteResult) -> None:
        """A task or note of ours was to be taken back."""
        match result:
            case Written() | Missed():
                self.close(row, OutboxState.APPLIED, EntryKind.REVERTED, wrote=True, removed=str(ref))
                self.tally.applied += 1
            case GuardFailed():
                self.close(row, OutboxState.CONFLICTED, EntryKind.CONFLICTED, why="somebody changed it since; it stays")
                self.tally.conflicted += 1
            case Unsettled(wait=wait):
                self.again(row, wait)
            case _:
                self.unanswered(row, result)

    def _written(self, plan: ToSend, result: Written) -> None:
        row, action = plan.row, plan.row.action
        assert isinstance(action, UpdateField)
        overran = next((found for found in result.overwritten if found.field == action.field), None)
        before = result.before.get(action.field, plan.live.fields.get(action.field))
        facts: dict[str, Any] = dict(values_body(before=before, after=result.after.get(action.field, action.value)))
        if overran is not None:
            self._overran(row, action, overran, facts)
            return
        if row.purpose is WritePurpose.REVERT and same_value(before, action.value):
            self._undone_by_another(row)
            return
        if action.field in result.ignored:
            if row.purpose is WritePurpose.RESTORE and row.attempts < RETRIES:
                self.again(row, backoff(row.attempts))  # nothing was written, and their edit is owed back
                return
            why = "the CRM took the write and left the field as it was"
            self.close(row, OutboxState.CONFLICTED, EntryKind.CONFLICTED, why=why, **facts)
            self.tally.conflicted += 1
            if row.purpose is WritePurpose.RESTORE:
                self.entries.append(tell_of_lost_edit(self.tx, row, why, self.at))
            return
        if row.purpose is not WritePurpose.RESTORE:  # what we put back is somebody else's change, and wakes as one
            note_own_write(self.tx, row.ref, {action.field: action.value}, {action.field: before})
        if row.purpose is WritePurpose.ACT:
            ours = FieldBase(value=action.value)
            outbox.rebase(self.tx, row.ref, action.field, ours)
            rebase(self.tx, row.ref, action.field, ours)
        kind = {WritePurpose.ACT: EntryKind.APPLIED, WritePurpose.RESTORE: EntryKind.RESTORED}.get(
            row.purpose, EntryKind.REVERTED
        )
        inverse = encode_inverse(inverse_of(action, before=before))
        if plan.moved:
            facts["theirs"] = encode_value(plan.replaces)
        altered = action.field in result.changed_by_crm
        wrote = not same_value(before, action.value)  # somebody may have set our very value in the last moment
        self.close(row, OutboxState.APPLIED, kind, inverse=inverse, wrote=wrote, altered_by_crm=altered, **facts)
        self.tally.applied += 1

    def _undone_by_another(self, row: OutboxRow) -> None:
        """The field held the earlier value before our undo: it is theirs now, and undos of older writes must not go on."""
        why = "somebody set the earlier value already; it stays as theirs"
        facts = values_body(theirs=_value(row), ours=_value(row))
        self.close(row, OutboxState.CONFLICTED, EntryKind.CONFLICTED, why=why, **facts)
        self.tally.conflicted += 1

    def _overran(self, row: OutboxRow, action: UpdateField, overran: Overwritten, facts: Mapping[str, Any]) -> None:
        """Our write replaced an edit made in the last moment: keep it, journal it, and put it back or ask."""
        stamp = overran.stamp
        # An undo that lost has no question to put: what it wanted is what a person wants to be rid of.
        asks = row.on_overwrite is OnOverwrite.ASK and row.purpose is WritePurpose.ACT
        theirs: dict[str, Any] = {
            "theirs": encode_value(overran.value), "theirs_at": stamp.at.isoformat(), "theirs_by": stamp.by,
        }
        why = "somebody changed the field in the moment of our write; their value is put back"
        if same_value(overran.value, action.value):
            why = "somebody wrote the same value in the moment of our write"
        elif asks:
            why = "somebody changed the field in the moment of our write; a person decides which value stays"
        self.close(row, OutboxState.CONFLICTED, EntryKind.CONFLICTED, why=why, **facts, **theirs)
        self.tally.conflicted += 1
        if same_value(overran.value, action.value):
            return
        # Asking first would leave our value standing over theirs in silence, so theirs goes back in either case.
        base = {action.field: FieldBase(value=action.value)}
        restore = UpdateField(ref=action.ref, field=action.field, value=overran.value)
        outbox.enqueue_undo(
            self.tx, row, intent=f"{row.intent}-restore", action=restore, bases=base, purpose=WritePurpose.RESTORE,
            by="on_overwrite", at=self.at,
        )
        if asks and (asked := approvals.by_id(self.tx, row.approval)) is not None:
            theirs_base = {action.field: FieldBase(value=overran.value, at=stamp.at.isoformat(), source=stamp.source)}
            approvals.ask_again(self.tx, asked, dict(row.bases) | theirs_base, at=self.at, remark=why)

    def _refused(self, row: OutboxRow, code: str, why: str, **facts: Any) -> None:
        """The CRM will not have it. An edit of somebody else that it will not take back is a person's to look after."""
        self.close(row, OutboxState.REFUSED, EntryKind.REFUSED, code=code, why=why, **facts)
        self.tally.refused += 1
        if row.purpose is WritePurpose.RESTORE:
            self.entries.append(tell_of_lost_edit(self.tx, row, why, self.at))

    def again(self, row: OutboxRow, wait: timedelta) -> None:
        """Certainly not applied: the row is ready once more after `wait`."""
        outbox.send_again(self.tx, row.intent, not_before=self.at + wait)
        self.tally.postponed += 1

    def close(
        self, row: OutboxRow, state: OutboxState, kind: EntryKind, *, inverse: Mapping[str, Any] | None = None, **facts: Any
    ) -> None:
        """End a row for good: outcome, memory and journal together."""
        outbox.settle(self.tx, row.intent, state, at=self.at, outcome=facts, inverse=inverse)
        if row.purpose is WritePurpose.REVERT and state is OutboxState.APPLIED:
            outbox.mark_reverted(self.tx, outbox.undone_by(row.intent))
        self.tell(self.tx, row, state)
        self.entries.append(outcome_entry(row, kind, self.at, **facts))


def _value(row: OutboxRow) -> FieldValue:
    return row.action.value if isinstance(row.action, UpdateField) else None


def _live_value(row: OutboxRow, live: Record) -> dict[str, Any]:
    if not isinstance(row.action, UpdateField):
        return {}
    value = live.fields.get(row.action.field)
    return dict(values_body(before=value, after=value))


def backoff(attempts: int) -> timedelta:
    """How long to wait before a try, longer with every one."""
    return timedelta(seconds=min(300.0, 0.5 * 2 ** min(attempts, 10)))
