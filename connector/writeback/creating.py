"""New records as the CRM takes them: a task, a note, or a draft e-mail, each under its marker."""

from __future__ import annotations

from collections.abc import Mapping

from connector.action import DRAFT_TASK, CreateNote, CreateTask, Message
from connector.adapter import Capabilities, MarkedCreate
from connector.record import ActionKind, FieldName, FieldValue, ObjectType
from connector.writeback.row import OutboxRow

_SUBJECT = 255  # Salesforce Task.Subject; HubSpot allows more


def marked(row: OutboxRow, crm: Capabilities) -> MarkedCreate:
    """The record an action makes. Raises TypeError for actions that make none."""
    match row.action:
        case CreateTask() as task:
            values: Mapping[str, FieldValue] = {
                "subject": task.subject, "description": task.description, "due": task.due, "owner": task.owner,
                "priority": task.priority,
            }
            return _create(row, ObjectType.TASK, values)
        case CreateNote() as note:
            return _create(row, ObjectType.NOTE, {"body": note.body})
        case Message(kind=ActionKind.DRAFT_EMAIL) as draft if draft.ref.object in crm.drafts_on:
            letter = {"subject": draft.subject, "body": draft.body, "recipients": ", ".join(draft.to)}
            return _create(row, ObjectType.EMAIL, letter)
        case Message(kind=ActionKind.DRAFT_EMAIL) as draft:
            return _create(row, ObjectType.TASK, _as_task(draft))
        case _:
            raise TypeError(f"{row.action.kind} creates nothing in the CRM")


def _as_task(draft: Message) -> Mapping[str, FieldValue]:
    """A CRM without drafts: a task that holds the letter, for whoever owns the record to send."""
    head = f"To: {', '.join(draft.to)}\nSubject: {draft.subject}"
    return {"subject": f"{DRAFT_TASK}: {draft.subject}"[:_SUBJECT], "description": f"{head}\n\n{draft.body}"}


def _create(row: OutboxRow, object: ObjectType, values: Mapping[str, FieldValue]) -> MarkedCreate:
    fields = {FieldName(name): value for name, value in values.items() if value is not None}
    return MarkedCreate(
        intent=row.intent, marker=row.intent[:20], object=object, values=fields, parents=(row.action.ref,)
    )
