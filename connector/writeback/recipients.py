"""Whom a message reaches where nobody before us saw the address: it is read from the CRM just before the message leaves.

Where `email` is masked, a message names its recipient by record. The gate took it from the record's own people; here the
address is filled in, so that it stands in no prompt, decision, approval or journal entry.
"""

from __future__ import annotations

from dataclasses import replace

from connector.action import Message
from connector.adapter import Adapter, Refused
from connector.context.reachable import PEOPLE, refuses
from connector.errors import PermanentError
from connector.record import FieldName, Record, RecordRef
from connector.writeback.row import OutboxRow

_EMAIL, _BOUNCED = FieldName("email"), FieldName("bounced")
_READ = (_EMAIL, _BOUNCED, FieldName("consent"), FieldName("opted_out"))


def with_addresses(adapter: Adapter, message: Message) -> Message | Refused:
    """The message with an address for every person it names by record, or why one of them is not written to."""
    to: list[str] = []
    for recipient in message.to:
        person = _person(recipient, message)
        address = recipient if person is None else _address(adapter, person)
        if isinstance(address, Refused):
            return address
        to.append(address)
    return replace(message, to=tuple(to))


def with_address_in(adapter: Adapter, row: OutboxRow) -> OutboxRow | Refused:
    """The row of a draft with its recipients' addresses; any other row as it is."""
    if not isinstance(row.action, Message):
        return row
    addressed = with_addresses(adapter, row.action)
    return addressed if isinstance(addressed, Refused) else replace(row, action=addressed)


def _person(recipient: str, message: Message) -> RecordRef | None:
    if "@" in recipient:
        return None
    try:
        ref = RecordRef.parse(recipient)
    except ValueError:
        return None
    return ref if ref.object in PEOPLE and ref.connection == message.ref.connection else None


def _address(adapter: Adapter, person: RecordRef) -> str | Refused:
    try:
        known = adapter.records.schema(person.object).fields
        found = adapter.records.read([person], [name for name in _READ if name in known])[person]
    except PermanentError as error:
        return Refused(code="no_address", reason=error.message)
    if not isinstance(found, Record):
        return Refused(code="gone", reason=f"{person} is not there any more")
    address = found.value(_EMAIL)
    if not isinstance(address, str) or not address.strip():
        return Refused(code="no_address", reason=f"{person} has no e-mail address")
    if refuses(found):
        return Refused(code="opted_out", reason=f"{person} does not want to be written to")
    if found.value(_BOUNCED):
        return Refused(code="bounced", reason=f"mail to {person} came back")
    return address
