"""The closed names of the product: object types, action kinds, conflict rules, field kinds, origins."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

ConnectionName = NewType("ConnectionName", str)  # a name under `connections:` in connector.yaml
FieldName = NewType("FieldName", str)  # a shared name, or the CRM's own where no shared name exists


class ObjectType(StrEnum):
    """The objects both CRMs share; an adapter maps its own names to these."""

    ACCOUNT = "account"
    CONTACT = "contact"
    LEAD = "lead"
    OPPORTUNITY = "opportunity"
    TICKET = "ticket"
    TASK = "task"
    NOTE = "note"
    MEETING = "meeting"
    EMAIL = "email"
    CALL = "call"
    ORDER = "order"
    LINE_ITEM = "line_item"
    PRODUCT = "product"
    ACTIVITY = "activity"
    USER = "user"
    TRANSCRIPT = "transcript"


class ActionKind(StrEnum):
    """Every step a decision may propose."""

    UPDATE = "update"
    CREATE_TASK = "create_task"
    CREATE_NOTE = "create_note"
    DRAFT_EMAIL = "draft_email"
    SEND_EMAIL = "send_email"
    NOTIFY = "notify"
    SCHEDULE_MEETING = "schedule_meeting"
    START_WORKFLOW = "start_workflow"
    CALL_ENDPOINT = "call_endpoint"


class Delivery(StrEnum):
    """What we promise when an answer is lost."""

    GUARDED = "guarded"  # updates: read before resending
    MARKED = "marked"  # creates: look for our marker before resending
    AT_MOST_ONCE = "at_most_once"  # outward: an unknown outcome goes to a person


DELIVERY: dict[ActionKind, Delivery] = {
    ActionKind.UPDATE: Delivery.GUARDED,
    ActionKind.CREATE_TASK: Delivery.MARKED,
    ActionKind.CREATE_NOTE: Delivery.MARKED,
    ActionKind.DRAFT_EMAIL: Delivery.MARKED,
    ActionKind.SEND_EMAIL: Delivery.AT_MOST_ONCE,
    ActionKind.NOTIFY: Delivery.AT_MOST_ONCE,
    ActionKind.SCHEDULE_MEETING: Delivery.AT_MOST_ONCE,
    ActionKind.START_WORKFLOW: Delivery.AT_MOST_ONCE,
    ActionKind.CALL_ENDPOINT: Delivery.AT_MOST_ONCE,
}


class ConflictRule(StrEnum):
    """Who wins when a field moved between our reading and our writing."""

    HUMAN_WINS = "human_wins"
    FILL_EMPTY = "fill_empty"
    AGENT_OWNED = "agent_owned"
    NEWER_WINS = "newer_wins"
    REVIEW = "review"


class FieldKind(StrEnum):
    """What a field holds, as far as validation and comparison need to know."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    OPTION = "option"
    OPTIONS = "options"
    USER = "user"
    REFERENCE = "reference"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"


class Origin(StrEnum):
    """Who can have put a text or value where we found it, from most to least trusted."""

    STAFF = "staff"
    LOOKUP = "lookup"
    FILE = "file"
    AGENT = "agent"
    OUTSIDER = "outsider"


class FieldClass(StrEnum):
    """What may leave the machine."""

    OK = "ok"
    MASK = "mask"
    NEVER = "never"
