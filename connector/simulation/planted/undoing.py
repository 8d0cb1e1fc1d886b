"""Bugs in putting back: a person's edit that a write overran, and our own writes that a person takes back."""

from __future__ import annotations

from typing import Any

from connector.simulation.planted.workbench import Bug, Workbench

_SETTLE = "connector.writeback.settle"
_OUTBOX = "connector.writeback.outbox"


def _never_put_back(bench: Workbench) -> None:
    bench.swap(f"{_OUTBOX}:enqueue_undo", _only_reverts(bench))


def _only_reverts(bench: Workbench) -> Any:
    from connector.writeback import WritePurpose, outbox

    original = outbox.enqueue_undo

    def enqueue_undo(tx: Any, undone: Any, *, purpose: Any, **more: Any) -> None:
        if purpose is not WritePurpose.RESTORE:
            original(tx, undone, purpose=purpose, **more)

    return enqueue_undo


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

    bench.swap("connector.writeback.layers:covered", lambda tx, rows: set())


BUGS = {
    "never_put_back": Bug(what="an overrun edit is not put back", plant=_never_put_back, row=10),
    "wrong_inverse": Bug(what="an undo empties the field", plant=_wrong_inverse),
    "revert_over_edits": Bug(what="an undo overwrites later edits", plant=_revert_over_edits, row=10),
    "undo_digs_deeper": Bug(what="an undo goes past a value that somebody chose", plant=_undo_digs_deeper),
}
