"""What a message may say and whom it may reach: only what settings, the policy and the record itself name."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from connector.action import Message
from connector.policy import ActionPermission, Policy
from connector.record import ActionKind, Record

MAILS = frozenset({ActionKind.DRAFT_EMAIL, ActionKind.SEND_EMAIL, ActionKind.SCHEDULE_MEETING})
_TIMES = frozenset({"start", "end", "location"})


def beyond(
    message: Message, granted: ActionPermission, policy: Policy, record: Record, addresses: Collection[str]
) -> Iterator[str]:
    """Why a permitted kind of message still goes too far; `addresses` are those the policy lets it write to."""
    if message.kind in MAILS:
        if not message.to or not {*message.to} <= {*addresses}:
            yield "it goes to an address that is none of the record's own people"
    elif message.channel not in granted.to or message.to:
        yield f"may.{message.kind} does not name {message.channel[:40]!r}"
    if message.kind is ActionKind.SCHEDULE_MEETING:
        yield from _times(message, granted, policy, record)
    elif message.parameters:
        # Endpoints and workflows are filled from settings and the record; an answer adds nothing to a call.
        yield "it brings parameters of its own"


def _times(message: Message, granted: ActionPermission, policy: Policy, record: Record) -> Iterator[str]:
    start, end = (_moment(message.parameters.get(name, "")) for name in ("start", "end"))
    if start is None or end is None or not {*message.parameters} <= _TIMES:
        yield "its times are not a start and an end with a time zone"
        return
    if start <= record.read_at:
        yield "it begins in the past"
    if granted.lasts is not None and end != granted.lasts.after(start, policy.zone):
        yield f"it does not last {granted.lasts}, as may.schedule_meeting.lasts says"
    if granted.due is not None and start > granted.due.after(record.read_at, policy.zone):
        yield f"it is not within {granted.due}"


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
