"""Bugs in write-back: comparing, sending, looking up, undoing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.simulation.planted.workbench import Bug, Workbench

_APPLY = "connector.writeback.apply"
_SETTLE = "connector.writeback.settle"
_OUTBOX = "connector.writeback.outbox"


def _no_base(bench: Workbench) -> None:
    from connector.writeback.conflict import Send

    bench.swap("connector.writeback.plan:plan_field", lambda ours, base, live, rule, **more: Send())


def _agent_owns_all(bench: Workbench) -> None:
    from connector.record import ConflictRule

    def made(original: Any) -> Any:
        return lambda ours, base, live, rule, **more: original(ours, base, live, ConflictRule.AGENT_OWNED, **more)

    bench.wrap("connector.writeback.plan:plan_field", made)


def _review_writes(bench: Workbench) -> None:
    from connector.writeback.conflict import Review, Send

    def made(original: Any) -> Any:
        def plan_field(ours: Any, base: Any, live: Any, rule: Any, **more: Any) -> Any:
            plan = original(ours, base, live, rule, **more)
            return Send(replaces=live, moved=True) if isinstance(plan, Review) else plan

        return plan_field

    bench.wrap("connector.writeback.plan:plan_field", made)


def _fills_full_fields(bench: Workbench) -> None:
    from connector.record import ConflictRule

    def made(original: Any) -> Any:
        def plan_field(ours: Any, base: Any, live: Any, rule: Any, **more: Any) -> Any:
            rule = ConflictRule.HUMAN_WINS if rule is ConflictRule.FILL_EMPTY else rule
            return original(ours, base, live, rule, **more)

        return plan_field

    bench.wrap("connector.writeback.plan:plan_field", made)


def _older_wins(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def plan_field(ours: Any, base: Any, live: Any, rule: Any, *, decided_at: Any, moved_at: Any) -> Any:
            return original(ours, base, live, rule, decided_at=moved_at, moved_at=decided_at)

        return plan_field

    bench.wrap("connector.writeback.plan:plan_field", made)


def _evidence_unchecked(bench: Workbench) -> None:
    bench.swap("connector.writeback.plan:moved_evidence", lambda bases, target, live: ())


def _blind_retry(bench: Workbench) -> None:
    from connector.adapter import Postponed, Unknown

    def made(original: Any) -> Any:
        def unanswered(self: Any, row: Any, result: Any) -> None:
            original(self, row, Postponed(reason=result.reason) if isinstance(result, Unknown) else result)

        return unanswered

    bench.wrap(f"{_SETTLE}:Settler.unanswered", made)


def _no_reconcile(bench: Workbench) -> None:
    def recover(self: Any) -> int:
        from connector.writeback import outbox

        with self.store.transaction("writeback: recovered") as tx:
            sending = outbox.in_state(tx, outbox.OutboxState.SENDING)
            for row in sending:
                outbox.send_again(tx, row.intent, not_before=self.clock.now())
        return len(sending)

    bench.swap(f"{_APPLY}:Writeback.recover", recover)


def _no_recovery(bench: Workbench) -> None:
    bench.swap(f"{_APPLY}:Writeback.recover", lambda self: 0)


def _cut_short_forgotten(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def write(self: Any, *handed: Any) -> None:
            from connector.writeback import outbox

            kept = outbox.mark_unknown
            outbox.mark_unknown = _in_settling_only(kept)
            try:
                original(self, *handed)
            finally:
                outbox.mark_unknown = kept

        return write

    bench.wrap(f"{_APPLY}:Writeback._write", made)


def _in_settling_only(kept: Any) -> Any:
    """Single intents are the answers of settling; a whole batch is what was cut short."""

    def mark_unknown(tx: Any, intents: Any, *, look_at: Any) -> None:
        import sys

        if sys.exc_info()[0] is None:
            kept(tx, intents, look_at=look_at)

    return mark_unknown


def _sending_in_memory(bench: Workbench) -> None:
    class Light:
        """Every commit of write-back is a light one."""

        from connector.store import Sync

        FULL = NORMAL = Sync.NORMAL

    bench.swap(f"{_APPLY}:Sync", Light)


def _lost_counts_as_done(bench: Workbench) -> None:
    from connector.adapter import NotApplied, Written

    def made(original: Any) -> Any:
        def settle(settler: Any, row: Any, resolution: Any) -> None:
            if isinstance(resolution, NotApplied) and row.live is not None and hasattr(row.action, "field"):
                name = row.action.field
                before, after = {name: row.live.fields.get(name)}, {name: row.action.value}
                resolution = Written(version=row.live.version, before=before, after=after)
            original(settler, row, resolution)

        return settle

    bench.wrap(f"{_APPLY}:_settle_resolution", made)


def _done_counts_as_lost(bench: Workbench) -> None:
    from connector.adapter import Created, NotApplied, Written

    def made(original: Any) -> Any:
        def settle(settler: Any, row: Any, resolution: Any) -> None:
            original(settler, row, NotApplied() if isinstance(resolution, Written | Created) else resolution)

        return settle

    bench.wrap(f"{_APPLY}:_settle_resolution", made)


def _swapped_answers(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def update(self: Any, adapter: Any, updates: Any) -> Any:
            found = original(self, adapter, updates)
            return dict(zip(found, reversed(found.values()), strict=True))

        return update

    bench.wrap(f"{_APPLY}:Writeback._update", made)


def _both_at_once(bench: Workbench) -> None:
    bench.swap(f"{_APPLY}:one_per_field", list)


def _own_write_moves_evidence(bench: Workbench) -> None:
    bench.swap(f"{_OUTBOX}:rebase", lambda tx, ref, name, base: None)


def _never_put_back(bench: Workbench) -> None:
    bench.swap(f"{_OUTBOX}:enqueue_undo", _only_reverts(bench))


def _only_reverts(bench: Workbench) -> Any:
    from connector.writeback import outbox

    original = outbox.enqueue_undo

    def enqueue_undo(tx: Any, undone: Any, *, purpose: Any, **more: Any) -> None:
        if purpose is not outbox.WritePurpose.RESTORE:
            original(tx, undone, purpose=purpose, **more)

    return enqueue_undo


def _overrun_unseen(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        return lambda self, plan, result: original(self, plan, replace(result, overwritten=()))

    bench.wrap(f"{_SETTLE}:Settler._written", made)


def _ignored_unseen(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        return lambda self, plan, result: original(self, plan, replace(result, ignored=()))

    bench.wrap(f"{_SETTLE}:Settler._written", made)


def _before_from_base(bench: Workbench) -> None:
    """The journal says what the decision had seen, not what the write replaced."""

    def made(original: Any) -> Any:
        def written(self: Any, plan: Any, result: Any) -> None:
            name = plan.row.action.field
            original(self, plan, replace(result, before={**result.before, name: plan.row.bases[name].value}))

        return written

    bench.wrap(f"{_SETTLE}:Settler._written", made)


def _audit_late(bench: Workbench) -> None:
    waiting: list[Any] = []

    def flush(self: Any) -> None:
        waiting.extend(self.entries)
        self.entries.clear()

    def made(original: Any) -> Any:
        def step(self: Any, *more: Any) -> Any:
            waiting.clear()
            tally = original(self, *more)
            if waiting:
                with self.store.transaction("writeback: told") as tx:
                    self.journal.append(tx, *waiting)
            return tally

        return step

    bench.swap(f"{_SETTLE}:Settler.flush", flush)
    bench.wrap(f"{_APPLY}:Writeback.step", made)


def _same_marker(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        return lambda *handed: replace(original(*handed), marker="0123456789abcdef0123")

    bench.wrap(f"{_APPLY}:marked", made)


def _wrong_inverse(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        return lambda action, *, before=None, created=None: original(action, before=None, created=created)

    bench.wrap(f"{_SETTLE}:inverse_of", made)


def _revert_over_edits(bench: Workbench) -> None:
    """An undo that takes whatever stands in the field for ours."""
    from connector.revert import Stays

    def of_undo(original: Any) -> Any:
        def enqueue_undo(tx: Any, undone: Any, **more: Any) -> None:
            original(tx, undone, **more)
            tx.run("UPDATE writeback_outbox SET rule = 'agent_owned' WHERE intent = :intent", intent=more["intent"])

        return enqueue_undo

    def of_reversal(original: Any) -> Any:
        def reversal(row: Any, live: Any) -> Any:
            found = original(row, live)
            edited = isinstance(found, Stays) and "somebody changed" in found.why
            return _restore_anyway(row) if edited else found

        return reversal

    bench.wrap(f"{_OUTBOX}:enqueue_undo", of_undo)
    bench.wrap("connector.revert.revert:_reversal", of_reversal)


def _restore_anyway(row: Any) -> Any:
    from connector.action import RestoreField, decode_inverse
    from connector.revert import WillRestore

    inverse = decode_inverse(row.inverse)
    assert isinstance(inverse, RestoreField)
    return WillRestore(row=row, before=inverse.before)


def _undo_digs_deeper(bench: Workbench) -> None:
    """What lies under a value that somebody chose is taken back as well, if it looks the same."""

    class Forgetful(set[Any]):
        def add(self, place: Any) -> None:
            pass

    bench.swap("connector.revert.revert:_covered", lambda tx, rows: Forgetful())


def _edit_under_ours_unseen(bench: Workbench) -> None:
    """Our own write is remembered as seen whatever it replaced."""

    def made(original: Any) -> Any:
        def note_own_write(tx: Any, ref: Any, values: Any, replaced: Any) -> None:
            from connector.change.seen import look_up

            seen = look_up(tx, [ref]).get(ref)
            original(tx, ref, values, (seen.snapshot if seen is not None else None) or replaced)

        return note_own_write

    bench.wrap(f"{_SETTLE}:note_own_write", made)


BUGS = {
    "no_base": Bug(what="a write is not compared with what the decision saw", plant=_no_base, row=10),
    "agent_owns_all": Bug(what="every field is treated as the agent's own", plant=_agent_owns_all, row=10),
    "review_writes": Bug(what="what asks for a review is written", plant=_review_writes, row=10),
    "fills_full_fields": Bug(what="fill-empty fills fields that are not empty", plant=_fills_full_fields, row=10),
    "older_wins": Bug(what="newer-wins looks at it the wrong way round", plant=_older_wins, row=10),
    "evidence_unchecked": Bug(what="a decision outlives the values it rests on", plant=_evidence_unchecked, row=10),
    "blind_retry": Bug(what="a lost answer counts as not arrived", plant=_blind_retry, row=6),
    "no_reconcile": Bug(what="after a crash everything is sent again", plant=_no_reconcile, row=7),
    "no_recovery": Bug(what="after a crash nobody looks what was under way", plant=_no_recovery, row=7),
    "cut_short_forgotten": Bug(what="a batch cut short stays under way", plant=_cut_short_forgotten, row=7),
    "sending_in_memory": Bug(what="what is being sent is not on disk yet", plant=_sending_in_memory, row=7),
    "lost_counts_as_done": Bug(what="what never arrived counts as written", plant=_lost_counts_as_done, row=8),
    "done_counts_as_lost": Bug(what="what arrived counts as lost", plant=_done_counts_as_lost, row=6),
    "swapped_answers": Bug(what="the answers of a batch go to the wrong writes", plant=_swapped_answers, row=22),
    "both_at_once": Bug(what="two writes of one field share a call", plant=_both_at_once),
    "own_write_moves_evidence": Bug(what="our own write makes the rest stale", plant=_own_write_moves_evidence),
    "never_put_back": Bug(what="an overrun edit is not put back", plant=_never_put_back, row=10),
    "overrun_unseen": Bug(what="an overrun edit is not noticed", plant=_overrun_unseen, row=10, crm="hubspot"),
    "ignored_unseen": Bug(what="accepted but unchanged counts as written", plant=_ignored_unseen, row=36),
    "before_from_base": Bug(what="the journal tells another value as replaced", plant=_before_from_base),
    "audit_late": Bug(what="the journal is written in a second transaction", plant=_audit_late, row=8),
    "same_marker": Bug(what="all creates carry one marker", plant=_same_marker, row=5),
    "wrong_inverse": Bug(what="an undo empties the field", plant=_wrong_inverse),
    "revert_over_edits": Bug(what="an undo overwrites later edits", plant=_revert_over_edits, row=10),
    "undo_digs_deeper": Bug(what="an undo goes past a value that somebody chose", plant=_undo_digs_deeper),
    "edit_under_ours_unseen": Bug(what="an edit that our write replaced wakes nobody", plant=_edit_under_ours_unseen),
}
