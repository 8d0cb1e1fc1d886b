"""A meeting is a record in the CRM and an invitation outside: the record first, and away again if nobody was invited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from connector.action import Message
from connector.adapter import (
    Adapter,
    Created,
    Delivered,
    DeliveryResult,
    MarkedCreate,
    Missed,
    Postponed,
    Refused,
    Unknown,
    Written,
)
from connector.errors import ConnectorError
from connector.record import FieldName, FieldValue, ObjectType, RecordRef
from connector.writeback.row import OutboxRow


def meeting_first(
    adapter: Adapter, row: OutboxRow, message: Message, send_invite: Callable[[], DeliveryResult]
) -> DeliveryResult:
    """Create the CRM's meeting once, then invite. A second try meets the marker of the first."""
    try:
        meeting = _meeting(row, message)
    except (KeyError, ValueError) as error:
        return Refused(code="times", reason=f"the meeting has no usable times: {error}")
    made = adapter.writes.create([meeting])[0]
    match made:
        case Created():
            pass
        case Missed():
            return Refused(code="gone", reason="the record is not there any more")
        case Refused() | Postponed() | Unknown():
            return made
    answer = send_invite()
    match answer:
        case Delivered(reference=reference):
            return Delivered(reference=f"{made.ref} {reference}")
        case Refused() | Postponed():  # nobody was invited: a meeting nobody knows of must not stand in the calendar
            return answer if _is_gone(adapter, made.ref) else _stands(made.ref)
        case Unknown():
            return answer


def _is_gone(adapter: Adapter, meeting: RecordRef) -> bool:
    try:
        return isinstance(adapter.writes.delete_created(meeting), Written | Missed)
    except ConnectorError:
        return False


def _stands(meeting: RecordRef) -> Refused:
    return Refused(code="not_invited", reason=f"nobody was invited, and {meeting} could not be taken back")


def _meeting(row: OutboxRow, message: Message) -> MarkedCreate:
    start, end = (datetime.fromisoformat(message.parameters[name]) for name in ("start", "end"))
    if start.tzinfo is None or end <= start:
        raise ValueError("it needs a start with a time zone, and an end after it")
    values: dict[str, FieldValue] = {
        "subject": message.subject, "body": message.body, "start_time": start, "end_time": end,
        "location": message.parameters.get("location"),
    }
    return MarkedCreate(
        intent=row.intent, marker=row.intent[:20], object=ObjectType.MEETING,
        values={FieldName(name): value for name, value in values.items() if value is not None}, parents=(message.ref,),
    )
