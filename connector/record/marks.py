"""How a task is told that asks a person for an approval: no policy wakes for it, reads it as evidence or writes to it."""

from __future__ import annotations

from connector.record.names import FieldName, ObjectType
from connector.record.record import Record

ASKS = "[asked by crm-connector: "
"""How the line begins that names the question a task asks."""


def asks_approval(record: Record) -> bool:
    """Whether a record is a task that puts a question of ours to a person."""
    return record.ref.object is ObjectType.TASK and carries_mark(record.fields.get(FieldName("description")))


def carries_mark(text: object) -> bool:
    return isinstance(text, str) and ASKS in text
