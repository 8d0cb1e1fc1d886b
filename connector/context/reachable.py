"""Whom a record's messages may go to: its own people, as long as they did not opt out and their address works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.context.context import Context
from connector.record import FieldName, ObjectType, Record

PEOPLE = (ObjectType.CONTACT, ObjectType.LEAD)
_EMAIL, _STATUS, _RECIPIENTS = (FieldName(name) for name in ("email", "status", "recipients"))
_CONSENT, _OPTED_OUT, _BOUNCED = (FieldName(name) for name in ("consent", "opted_out", "bounced"))
_UNDELIVERED = frozenset({"bounced", "failed"})


def people_of(context: Context, relations: Sequence[str] = ()) -> Iterator[Record]:
    """The record itself where it is a person; else its related people, of the named relations or its contacts.

    A person's own record never stands for anybody else: whoever a contact reports to is not whom we write to.
    """
    own = context.record.ref.object
    if own in PEOPLE and (not relations or own.value in relations):
        yield context.record
    for name in relations or (ObjectType.CONTACT.value,):
        kind = ObjectType(name) if name in set(ObjectType) else None
        if kind is not None and kind is not own:
            yield from (context.records[place] for place in context.related.get(kind, ()))


def refuses(person: Record) -> bool:
    """Whether this person said no to being written to."""
    return person.value(_CONSENT) is False or person.value(_OPTED_OUT) is True


def bounced(person: Record, context: Context) -> bool:
    """Whether mail to this person's address came back, as the CRM or one of the mails at hand says."""
    if person.value(_BOUNCED):
        return True
    address = person.value(_EMAIL) if _EMAIL not in context.masked else None
    mails = (context.records[place] for place in context.related.get(ObjectType.EMAIL, ()))
    newest = max((mail for mail in mails if _is_to(mail, address)), key=lambda mail: mail.created_at, default=None)
    return newest is not None and str(newest.value(_STATUS) or "").casefold() in _UNDELIVERED


def _is_to(mail: Record, address: object) -> bool:
    recipients = mail.value(_RECIPIENTS)
    return isinstance(address, str) and isinstance(recipients, str) and address.casefold() in recipients.casefold()


def reachable(context: Context, relations: Sequence[str] = ()) -> Iterator[str]:
    """The addresses a message about this record may go to.

    Where `email` is masked a person is named by their record instead: write-back reads the address from the CRM.
    """
    for person in people_of(context, relations):
        address = person.value(_EMAIL)
        if not isinstance(address, str) or refuses(person) or bounced(person, context):
            continue
        if _EMAIL in context.masked:
            yield str(person.ref)
        elif "@" in address:  # anything else could be read as the name of a record
            yield address
