"""The two sandbox CRMs as a sales team sees them: accounts, contacts and deals with their mails and notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from connector.adapter import FieldValue, ObjectType, RecordRef
from tests.conformance.hubspot_world import HubSpotWorld
from tests.conformance.salesforce_world import SalesforceWorld
from tests.conformance.sandbox_world import SandboxWorld


class HubSpotSales(HubSpotWorld):
    """A portal with mails on contacts and deals."""

    objects: ClassVar[Mapping[ObjectType, str]] = {**HubSpotWorld.objects, ObjectType.EMAIL: "emails"}
    natives: ClassVar[Mapping[str, str]] = {
        **HubSpotWorld.natives, "first_name": "firstname", "email": "email", "phone": "phone", "mobile": "mobilephone",
        "country": "country", "city": "city", "domain": "domain", "website": "website", "industry": "industry",
        "next_step": "hs_next_step", "sender": "hs_email_from_email", "recipients": "hs_email_to_email",
        "at": "hs_timestamp", "incoming": "hs_email_direction",
    }  # fmt: skip
    by_object: ClassVar[Mapping[tuple[ObjectType, str], str]] = {
        **HubSpotWorld.by_object,
        (ObjectType.EMAIL, "subject"): "hs_email_subject",
        (ObjectType.EMAIL, "body"): "hs_email_text",
    }

    def mail(self, about: RecordRef, sender: str, body: str, *, at: datetime, incoming: bool = True) -> RecordRef:
        """A mail as the mailbox sync stores it: a person may not write who sent it."""
        direction = "INCOMING_EMAIL" if incoming else "EMAIL"
        values = {"sender": sender, "subject": "Hello", "body": body, "at": at, "incoming": direction}
        native = self.native(ObjectType.EMAIL, values)
        row = self.org.create("emails", native, actor=replace(self.rep, kind="automation"))
        made = RecordRef(self.connection, ObjectType.EMAIL, row.id)
        self.associate(made, about)
        return made

    def note(self, about: RecordRef, body: str, *, at: datetime) -> RecordRef:
        made = self.create(ObjectType.NOTE, {"body": body, "at": at})
        self.associate(made, about)
        return made

    def belongs(self, ref: RecordRef, account: RecordRef) -> None:
        self.associate(ref, account)

    def is_write(self, request) -> bool:
        return super().is_write(request) and "/tasks" not in request.path


class SalesforceSales(SalesforceWorld):
    """An org with mails on accounts and deals: Salesforce ties a mail to those, not to a contact."""

    objects: ClassVar[Mapping[ObjectType, str]] = {**SalesforceWorld.objects, ObjectType.EMAIL: "EmailMessage"}
    natives: ClassVar[Mapping[str, str]] = {
        **SalesforceWorld.natives, "first_name": "FirstName", "email": "Email", "phone": "Phone", "mobile": "MobilePhone",
        "country": "MailingCountry", "city": "MailingCity", "website": "Website", "industry": "Industry",
        "next_step": "NextStep", "sender": "FromAddress", "recipients": "ToAddress", "at": "MessageDate",
        "incoming": "Incoming", "parent": "ParentId", "about": "RelatedToId",
    }  # fmt: skip
    by_object: ClassVar[Mapping[tuple[ObjectType, str], str]] = {
        (ObjectType.EMAIL, "body"): "TextBody",
        (ObjectType.ACCOUNT, "country"): "BillingCountry",
    }

    def mail(self, about: RecordRef, sender: str, body: str, *, at: datetime, incoming: bool = True) -> RecordRef:
        if about.object is ObjectType.CONTACT:
            row = self.org.find("Contact", about.id)
            assert row is not None
            about = RecordRef(about.connection, ObjectType.ACCOUNT, str(row.get("AccountId")))
        values: dict[str, FieldValue] = {"sender": sender, "subject": "Hello", "body": body, "at": at}
        return self.create(ObjectType.EMAIL, {**values, "incoming": incoming, "about": about.id, "status": "0"})

    def note(self, about: RecordRef, body: str, *, at: datetime) -> RecordRef:
        return self.create(ObjectType.NOTE, {"body": body, "parent": about.id})

    def belongs(self, ref: RecordRef, account: RecordRef) -> None:
        self.org.update(self.objects[ref.object], ref.id, {"AccountId": account.id}, actor=self.rep)


SALES_DESKS: Mapping[str, type[SandboxWorld]] = {"hubspot": HubSpotSales, "salesforce": SalesforceSales}
