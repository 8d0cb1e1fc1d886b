"""What a journal entry says in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.action import CreateTask, UpdateField, encode_action
from connector.journal import Entry, EntryKind, StoredEntry
from connector.record import ConnectionName, FieldName, ObjectType, RecordRef
from connector.report.sentences import headline

TICKET = RecordRef(ConnectionName("crm"), ObjectType.TICKET, "7")
NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (UpdateField(ref=TICKET, field=FieldName("category"), value="Refund"), "approved: set category to “Refund” — yes"),
        (CreateTask(ref=TICKET, subject="Call back", description="", due=None, owner=None, priority=None),
         "approved: create task “Call back” — yes"),
    ],
)  # fmt: skip
def test_a_verdict_names_the_step_it_was_given_on(action, said):
    body = {"action": encode_action(action), "approval": "3f9a", "remark": "yes"}
    entry = Entry(kind=EntryKind.APPROVED, at=NOW, ref=TICKET, body=body)
    assert headline(StoredEntry(seq=1, entry=entry, body=body, body_digest="", digest="")) == said
