"""A sales team's day over either CRM: customers, deals, mails, meetings and transcripts, in each CRM's own names."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from adapters.sandbox.hubspot.links import default_kind, inverse_kind
from adapters.sandbox.hubspot.loading import links_to
from adapters.sandbox.rows import RowKey
from connector.adapter import RecordRef
from connector.record import FieldValue, ObjectType
from tests.conformance.hubspot_world import HubSpotWorld
from tests.conformance.salesforce_world import SalesforceWorld
from tests.conformance.sandbox_world import SandboxWorld

CUSTOMER = "eve.moreau@kestrel.example"
US = "amara.diallo@example.com"


class DealDesk(SandboxWorld):
    """What a sales team and its customers do, told the same for both CRMs."""

    @abstractmethod
    def put(
        self, object: ObjectType, native: Mapping[str, object], *about: RecordRef, at: datetime | None = None
    ) -> RecordRef: ...

    @abstractmethod
    def customer(self, **more: FieldValue) -> tuple[RecordRef, RecordRef]:
        """An account in Berlin and its contact."""

    @abstractmethod
    def deal(self, account: RecordRef, contact: RecordRef, **more: FieldValue) -> RecordRef: ...

    @abstractmethod
    def mail(self, text: str, *about: RecordRef, incoming: bool, ago: timedelta, status: str = "") -> RecordRef: ...

    @abstractmethod
    def meeting(
        self, subject: str, *about: RecordRef, starts: datetime, minutes: int = 60, held: bool = False
    ) -> RecordRef: ...

    @abstractmethod
    def transcript(self, text: str, *about: RecordRef, at: datetime | None = None) -> RecordRef: ...

    @abstractmethod
    def refuse_mail(self, contact: RecordRef) -> None: ...

    @abstractmethod
    def tasks(self, of: RecordRef) -> tuple[Mapping[str, FieldValue], ...]: ...

    @abstractmethod
    def notes(self, of: RecordRef) -> tuple[str, ...]: ...

    @abstractmethod
    def owner(self) -> str:
        """Who owns what is created here."""

    @abstractmethod
    def owned(self) -> Mapping[str, FieldValue]:
        """The owner as a field of a record, in the CRM's own name."""

    def ago(self, by: timedelta) -> datetime:
        return self.clock.now() - by


class HubSpotDeals(DealDesk, HubSpotWorld):
    """A sales team's portal."""

    objects: ClassVar[Mapping[ObjectType, str]] = {
        **HubSpotWorld.objects, ObjectType.EMAIL: "emails", ObjectType.MEETING: "meetings", ObjectType.TRANSCRIPT: "calls",
        ObjectType.CALL: "calls",
    }  # fmt: skip

    def put(
        self, object: ObjectType, native: Mapping[str, object], *about: RecordRef, at: datetime | None = None
    ) -> RecordRef:
        name = self.objects[object]
        links = [link for ref in about for link in links_to(name, RowKey(self.objects[ref.object], ref.id))]
        stamp = int(at.timestamp() * 1000) if at is not None else None
        row = self.org.create(name, dict(native), actor=replace(self.rep, kind="setup"), at=stamp, links=links)
        return RecordRef(self.connection, object, row.id)

    def customer(self, **more: FieldValue) -> tuple[RecordRef, RecordRef]:
        account = self.put(ObjectType.ACCOUNT, {"name": "Kestrel Works", "country": "Germany", "city": "Berlin"})
        values = {
            "firstname": "Eve", "lastname": "Moreau", "email": CUSTOMER, "phone": "+49 30 555 0101", "country": "Germany",
        }  # fmt: skip
        return account, self.put(ObjectType.CONTACT, {**values, **more}, account)

    def deal(self, account: RecordRef, contact: RecordRef, **more: FieldValue) -> RecordRef:
        values = {
            "dealname": "Kestrel renewal", "dealstage": "appointmentscheduled", "pipeline": "default", "amount": "12000",
            "hubspot_owner_id": self.owner(),
        }  # fmt: skip
        return self.put(ObjectType.OPPORTUNITY, {**values, **more}, account, contact)

    def owner(self) -> str:
        return next(user.owner_id for user in self.adapter().records.users() if user.active and not user.is_queue)

    def owned(self) -> Mapping[str, FieldValue]:
        return {"hubspot_owner_id": self.owner()}

    def mail(self, text: str, *about: RecordRef, incoming: bool, ago: timedelta, status: str = "SENT") -> RecordRef:
        at = self.ago(ago)
        values = {
            "hs_timestamp": self.text("hs_timestamp", at), "hs_email_direction": "INCOMING_EMAIL" if incoming else "EMAIL",
            "hs_email_status": status, "hs_email_subject": "Renewal", "hs_email_text": text,
            "hs_email_from_email": CUSTOMER if incoming else US, "hs_email_to_email": US if incoming else CUSTOMER,
        }  # fmt: skip
        return self.put(ObjectType.EMAIL, values, *about, at=at)

    def meeting(
        self, subject: str, *about: RecordRef, starts: datetime, minutes: int = 60, held: bool = False
    ) -> RecordRef:
        values = {
            "hs_timestamp": self.text("", starts), "hs_meeting_title": subject,
            "hs_meeting_start_time": self.text("", starts),
            "hs_meeting_end_time": self.text("", starts + timedelta(minutes=minutes)), "hubspot_owner_id": self.owner(),
            "hs_meeting_outcome": "COMPLETED" if held else "SCHEDULED",
        }  # fmt: skip
        return self.put(ObjectType.MEETING, values, *about)

    def transcript(self, text: str, *about: RecordRef, at: datetime | None = None) -> RecordRef:
        moment = self.text("hs_timestamp", at or self.clock.now())
        values = {
            "hs_timestamp": moment, "hs_call_title": "Kestrel call", "hs_call_body": text, "hubspot_owner_id": self.owner(),
        }  # fmt: skip
        return self.put(ObjectType.TRANSCRIPT, values, *about)

    def refuse_mail(self, contact: RecordRef) -> None:
        self.org.update("contacts", contact.id, {"hs_email_optout": "true"}, actor=replace(self.rep, kind="setup"))

    def tasks(self, of: RecordRef) -> tuple[Mapping[str, FieldValue], ...]:
        return self.hanging(of, ObjectType.TASK)

    def notes(self, of: RecordRef) -> tuple[str, ...]:
        return tuple(str(note["body"]) for note in self.hanging(of, ObjectType.NOTE))

    def associate(self, ref: RecordRef, other: RecordRef) -> None:
        origin, target = RowKey(self.objects[ref.object], ref.id), RowKey(self.objects[other.object], other.id)
        kind = default_kind(self.sandbox.portal, origin.object, target.object)
        back = inverse_kind(self.sandbox.portal, target.object, origin.object, kind)
        self.org.associate(origin, target, kind, inverse=back, actor=self.rep)


class SalesforceDeals(DealDesk, SalesforceWorld):
    """A sales team's org. Transcripts are records of an object of its own."""

    objects: ClassVar[Mapping[ObjectType, str]] = {
        **SalesforceWorld.objects, ObjectType.EMAIL: "EmailMessage", ObjectType.MEETING: "Event",
        ObjectType.TRANSCRIPT: "Call_Transcript__c", ObjectType.CALL: "Task",
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__(settings=TRANSCRIPTS)

    def put(
        self, object: ObjectType, native: Mapping[str, object], *about: RecordRef, at: datetime | None = None
    ) -> RecordRef:
        stamp = int(at.timestamp() * 1000) if at is not None else None
        row = self.org.create(self.objects[object], dict(native), actor=replace(self.rep, kind="setup"), at=stamp)
        return RecordRef(self.connection, object, row.id)

    def customer(self, **more: FieldValue) -> tuple[RecordRef, RecordRef]:
        firm = {"Name": "Kestrel Works", "BillingCountry": "Germany", "BillingCity": "Berlin"}
        account = self.put(ObjectType.ACCOUNT, firm)
        values = {
            "FirstName": "Eve", "LastName": "Moreau", "Email": CUSTOMER, "Phone": "+49 30 555 0101", "AccountId": account.id,
            "MailingCountry": "Germany",
        }  # fmt: skip
        return account, self.put(ObjectType.CONTACT, {**values, **more})

    def deal(self, account: RecordRef, contact: RecordRef, **more: FieldValue) -> RecordRef:
        values = {
            "Name": "Kestrel renewal", "StageName": "Prospecting", "CloseDate": "2026-12-01", "AccountId": account.id,
            "ContactId": contact.id, "Amount": 12000,
        }  # fmt: skip
        return self.put(ObjectType.OPPORTUNITY, {**values, **more})

    def owner(self) -> str:
        return self.rep.user

    def owned(self) -> Mapping[str, FieldValue]:
        return {"OwnerId": self.owner()}

    def mail(self, text: str, *about: RecordRef, incoming: bool, ago: timedelta, status: str = "") -> RecordRef:
        at = self.ago(ago)
        values: dict[str, object] = {
            "Subject": "Renewal", "TextBody": text, "Incoming": incoming, "MessageDate": self.text("", at),
            "Status": "0" if incoming else "3", "FromAddress": CUSTOMER if incoming else US,
            "ToAddress": US if incoming else CUSTOMER,
        }  # fmt: skip
        related = [ref.id for ref in about if ref.object in (ObjectType.OPPORTUNITY, ObjectType.ACCOUNT)]
        return self.put(ObjectType.EMAIL, values | ({"RelatedToId": related[0]} if related else {}), at=at)

    def meeting(
        self, subject: str, *about: RecordRef, starts: datetime, minutes: int = 60, held: bool = False
    ) -> RecordRef:
        values: dict[str, object] = {
            "Subject": subject, "StartDateTime": self.text("", starts), "DurationInMinutes": minutes,
            "EndDateTime": self.text("", starts + timedelta(minutes=minutes)), **_hung(about),
        }  # fmt: skip
        return self.put(ObjectType.MEETING, values)

    def transcript(self, text: str, *about: RecordRef, at: datetime | None = None) -> RecordRef:
        values: dict[str, object] = {
            "Name": "Kestrel call", "Body__c": text, "Held_At__c": self.text("", at or self.clock.now()),
        }  # fmt: skip
        kinds = (ObjectType.CONTACT, ObjectType.OPPORTUNITY, ObjectType.ACCOUNT)
        columns = {kind: f"{kind.value.capitalize()}__c" for kind in kinds}
        return self.put(ObjectType.TRANSCRIPT, values | {columns[ref.object]: ref.id for ref in about})

    def refuse_mail(self, contact: RecordRef) -> None:
        self.org.update("Contact", contact.id, {"HasOptedOutOfEmail": True}, actor=self.rep)

    def tasks(self, of: RecordRef) -> tuple[Mapping[str, FieldValue], ...]:
        return self.hanging(of, ObjectType.TASK)

    def notes(self, of: RecordRef) -> tuple[str, ...]:
        return tuple(str(note["body"]) for note in self.hanging(of, ObjectType.NOTE))


TRANSCRIPTS = {
    "objects": {"transcript": "Call_Transcript__c"},
    "fields": {"transcript": {"subject": "Name", "body": "Body__c", "at": "Held_At__c", "owner": "OwnerId"}},
}


def _hung(about: tuple[RecordRef, ...]) -> dict[str, object]:
    people = [ref.id for ref in about if ref.object is ObjectType.CONTACT]
    others = [ref.id for ref in about if ref.object in (ObjectType.OPPORTUNITY, ObjectType.ACCOUNT)]
    return {**({"WhoId": people[0]} if people else {}), **({"WhatId": others[0]} if others else {})}


DEALS: Mapping[str, type[DealDesk]] = {"hubspot": HubSpotDeals, "salesforce": SalesforceDeals}
