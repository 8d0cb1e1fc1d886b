"""Bugs in write-back: sending, looking up what was sent, settling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.simulation.planted.workbench import Bug, Workbench

_APPLY = "connector.writeback.apply"
_SETTLE = "connector.writeback.settle"
_OUTBOX = "connector.writeback.outbox"


def _blind_retry(bench: Workbench) -> None:
    from connector.adapter import Postponed, Unknown

    def made(original: Any) -> Any:
        def unanswered(self: Any, row: Any, result: Any) -> None:
            original(self, row, Postponed(reason=result.reason) if isinstance(result, Unknown) else result)

        return unanswered

    bench.wrap(f"{_SETTLE}:Settler.unanswered", made)


def _no_reconcile(bench: Workbench) -> None:
    def recover(self: Any) -> int:
        from connector.writeback import OutboxState, outbox

        with self.store.transaction("writeback: recovered") as tx:
            sending = outbox.in_state(tx, OutboxState.SENDING)
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

    bench.wrap(f"{_APPLY}:settle_resolution", made)


def _done_counts_as_lost(bench: Workbench) -> None:
    from connector.adapter import Created, NotApplied, Written

    def made(original: Any) -> Any:
        def settle(settler: Any, row: Any, resolution: Any) -> None:
            original(settler, row, NotApplied() if isinstance(resolution, Written | Created) else resolution)

        return settle

    bench.wrap(f"{_APPLY}:settle_resolution", made)


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
    "overrun_unseen": Bug(what="an overrun edit is not noticed", plant=_overrun_unseen, row=10, crm="hubspot"),
    "ignored_unseen": Bug(what="accepted but unchanged counts as written", plant=_ignored_unseen, row=36),
    "before_from_base": Bug(what="the journal tells another value as replaced", plant=_before_from_base),
    "audit_late": Bug(what="the journal is written in a second transaction", plant=_audit_late, row=8),
    "same_marker": Bug(what="all creates carry one marker", plant=_same_marker, row=5),
    "edit_under_ours_unseen": Bug(what="an edit that our write replaced wakes nobody", plant=_edit_under_ours_unseen),
}
