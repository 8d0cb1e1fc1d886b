"""What write-back tells the journal: every outcome with its before, after, base and the losing value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector.action import UpdateField, describe, encode_action
from connector.gate import encode_bases, told
from connector.journal import Entry, EntryKind
from connector.record import FieldValue, encode_value
from connector.writeback.row import OutboxRow


def outcome_entry(row: OutboxRow, kind: EntryKind, at: datetime, **facts: Any) -> Entry:
    """The entry of one outcome. The body always says what was wanted, on what base, and who cleared it.

    The journal is exported: values the policy hides are not repeated in it.
    """
    body = {
        "action": encode_action(row.action),
        "text": describe(row.action),
        "bases": encode_bases(told(row.bases)),
        "cleared_by": row.cleared_by,
        "purpose": row.purpose.value,
        "attempts": row.attempts,
    }
    return Entry(
        kind=kind, at=at, ref=row.ref, policy=row.policy, decision=row.decision, intent=row.intent, run=row.run,
        body=body | facts,
    )


def values_body(**values: FieldValue) -> Mapping[str, Any]:
    return {name: encode_value(value) for name, value in values.items()}


def field_name(row: OutboxRow) -> str | None:
    return row.action.field if isinstance(row.action, UpdateField) else None
