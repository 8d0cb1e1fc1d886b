"""The closed set of steps a decision may propose, each with its JSON form and its hash.

An update is one field: its verdict, its conflict rule, its undo and its earned confidence are all per field. Write-back
sends the cleared updates of one record together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from connector.journal import canonical
from connector.record import (
    DELIVERY,
    ActionKind,
    Delivery,
    FieldName,
    FieldValue,
    RecordRef,
    decode_value,
    display,
    encode_value,
)

DRAFT_TASK = "Send e-mail"  # how a draft begins that a CRM keeps as a task


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateField:
    """Set one field of one record."""

    ref: RecordRef
    field: FieldName
    value: FieldValue

    kind = ActionKind.UPDATE


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTask:
    """A task for somebody, hung on a record."""

    ref: RecordRef
    subject: str
    description: str
    due: datetime | None = None
    owner: str | None = None  # an owner id from the list the CRM gave us
    priority: str | None = None

    kind = ActionKind.CREATE_TASK


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateNote:
    """A note on a record."""

    ref: RecordRef
    body: str

    kind = ActionKind.CREATE_NOTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something that leaves the CRM through a channel: an e-mail, a chat message, an invite, a workflow, an endpoint.

    `kind` is one of the outward kinds; `channel` is a name from settings; `to` holds addresses the CRM already knows.
    """

    ref: RecordRef
    kind: ActionKind
    channel: str
    to: tuple[str, ...]
    subject: str
    body: str
    parameters: Mapping[str, str]


Action: TypeAlias = UpdateField | CreateTask | CreateNote | Message


def makes_record(action: Action) -> bool:
    """Whether an action is a new record in the CRM: a draft is one too, a person sends it from there."""
    return isinstance(action, CreateTask | CreateNote) or action.kind is ActionKind.DRAFT_EMAIL


def delivery_of(action: Action) -> Delivery:
    return DELIVERY[action.kind]


def encode_action(action: Action) -> dict[str, Any]:
    """The JSON form kept in state, journal and exports."""
    common: dict[str, Any] = {"kind": action.kind.value, "ref": str(action.ref)}
    match action:
        case UpdateField():
            return common | {"field": action.field, "value": encode_value(action.value)}
        case CreateTask():
            due = encode_value(action.due)
            return common | {
                "subject": action.subject, "description": action.description, "due": due, "owner": action.owner,
                "priority": action.priority,
            }
        case CreateNote():
            return common | {"body": action.body}
        case Message():
            return common | {
                "channel": action.channel, "to": list(action.to), "subject": action.subject, "body": action.body,
                "parameters": dict(action.parameters),
            }


def decode_action(encoded: Mapping[str, Any]) -> Action:
    """The action back from its JSON form."""
    ref, kind = RecordRef.parse(encoded["ref"]), ActionKind(encoded["kind"])
    match kind:
        case ActionKind.UPDATE:
            return UpdateField(ref=ref, field=FieldName(encoded["field"]), value=decode_value(encoded["value"]))
        case ActionKind.CREATE_TASK:
            due = decode_value(encoded["due"])
            return CreateTask(
                ref=ref, subject=encoded["subject"], description=encoded["description"],
                due=due if isinstance(due, datetime) else None, owner=encoded["owner"], priority=encoded["priority"],
            )
        case ActionKind.CREATE_NOTE:
            return CreateNote(ref=ref, body=encoded["body"])
        case _:
            return Message(
                ref=ref, kind=kind, channel=encoded["channel"], to=tuple(encoded["to"]), subject=encoded["subject"],
                body=encoded["body"], parameters=encoded["parameters"],
            )


def action_hash(action: Action) -> str:
    """What an approval is bound to: one byte of difference is another action."""
    return hashlib.sha256(canonical(encode_action(action)).encode()).hexdigest()


def describe(action: Action) -> str:
    """The action in one line, for tables and messages."""
    match action:
        case UpdateField():
            return f"set {action.field} to {display(action.value)}"
        case CreateTask():
            return f"create task “{action.subject}”"
        case CreateNote():
            return "add a note"
        case Message():
            return f"{action.kind.value.replace('_', ' ')} “{action.subject}” to {', '.join(action.to) or action.channel}"
