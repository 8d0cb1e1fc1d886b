"""Open questions follow what we write ourselves: they rest on our value from then on, and are shown anew."""

from __future__ import annotations

from dataclasses import replace

from connector.action import UpdateField
from connector.gate import letters
from connector.gate.approval import Approval
from connector.gate.approvals import approval_of
from connector.gate.verdict import FieldBase, encode_held
from connector.journal import canonical
from connector.record import FieldName, RecordRef
from connector.store import Transaction


def rebase(tx: Transaction, ref: RecordRef, name: FieldName, base: FieldBase) -> None:
    """We wrote this field ourselves: open questions on the record rest on our value now, not on a moved one."""
    rows = tx.rows(
        "SELECT * FROM gate_approvals WHERE connection = :connection AND object = :object AND record = :record "
        "AND state = 'pending'",
        connection=ref.connection, object=ref.object.value, record=ref.id,
    )
    for asked in map(approval_of, rows):
        if name in asked.bases and not _is_about(asked, name):
            _rest_on(tx, replace(asked, bases=dict(asked.bases) | {name: base}))


def _is_about(asked: Approval, name: FieldName) -> bool:
    return isinstance(asked.action, UpdateField) and asked.action.field == name


def _rest_on(tx: Transaction, asked: Approval) -> None:
    held = canonical(encode_held(asked.action, asked.bases))
    tx.run("UPDATE gate_approvals SET held = :held WHERE approval = :approval", held=held, approval=asked.id)
    letters.became_another(tx, asked.id)
