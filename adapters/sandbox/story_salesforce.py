"""Writes a story into a Salesforce-flavoured org, back-dated, as the administrator who imported it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from adapters.sandbox.clock import milliseconds
from adapters.sandbox.org import Org
from adapters.sandbox.rows import Actor
from adapters.sandbox.salesforce.stamps import iso_of
from adapters.sandbox.story import About, Story, StoryOpportunity, StoryOrder, StoryTicket

_SETUP = Actor(kind="setup", user="", name="import", source="IMPORT")
_STAGES = {
    "prospecting": "Prospecting",
    "qualification": "Qualification",
    "proposal": "Proposal/Price Quote",
    "negotiation": "Negotiation/Review",
    "won": "Closed Won",
    "lost": "Closed Lost",
}
_LEAD_STATUSES = {
    "new": "Open - Not Contacted",
    "working": "Working - Contacted",
    "qualified": "Closed - Converted",
    "unqualified": "Closed - Not Converted",
}
_TICKET_STATUSES = {"new": "New", "working": "Working", "waiting": "On Hold", "closed": "Closed"}
_PRIORITIES = {"low": "Low", "normal": "Medium", "high": "High"}
_ORIGINS = {"email": "Email", "web": "Web", "phone": "Phone"}
_ORDER_STATUSES = {"draft": "Draft", "shipped": "Shipped", "delivered": "Delivered", "returned": "Returned"}


@dataclass(slots=True)
class LoadedStory:
    """Where each part of the story stands in the org: row ids by the story's keys."""

    ids: dict[str, str] = field(default_factory=dict)


def load_story(org: Org, story: Story) -> LoadedStory:
    """Load everything; users the org already has (by username) are used as they are."""
    loader = _Loader(org, story)
    loader.load()
    return loader.loaded


class _Loader:
    """One import: remembers the id of every part, so that later parts can point at it."""

    def __init__(self, org: Org, story: Story) -> None:
        self._org = org
        self._story = story
        self.loaded = LoadedStory()

    def load(self) -> None:
        self._people()
        for ticket in self._story.tickets:
            self._ticket(ticket)
        for deal in self._story.opportunities:
            self._opportunity(deal)
        for order in self._story.orders:
            self._order(order)
        self._activity()

    def _write(self, key: str, object_name: str, at: datetime, by: str, values: Mapping[str, Any]) -> str:
        filled = {name: value for name, value in values.items() if value not in (None, "")}
        actor = replace(_SETUP, user=self.loaded.ids.get(by, ""))
        row = self._org.create(object_name, filled, actor=actor, at=milliseconds(at))
        self.loaded.ids[key] = row.id
        return row.id

    def _id(self, key: str) -> str:
        return self.loaded.ids[key]

    def _people(self) -> None:
        for user in self._story.users:
            self._user(user.key, user.first, user.last, user.email, active=user.active)
        self._products()
        self._accounts()
        self._contacts()
        self._leads()

    def _products(self) -> None:
        story = self._story
        began = min((account.created for account in story.accounts), default=self._org.clock.now())
        for product in story.products:
            values = {"Name": product.name, "ProductCode": product.code, "IsActive": True, "Family": "Hardware"}
            self._write(product.key, "Product2", began, "", values)

    def _accounts(self) -> None:
        for account in self._story.accounts:
            values = {
                "Name": account.name,
                "Website": f"https://{account.domain}",
                "Industry": account.industry,
                "NumberOfEmployees": account.employees,
                "AnnualRevenue": float(account.revenue),
                "BillingCity": account.city,
                "BillingCountry": account.country,
                "Phone": account.phone,
                "Type": "Customer - Direct",
                "OwnerId": self._id(account.owner),
            }
            self._write(account.key, "Account", account.created, account.owner, values)

    def _contacts(self) -> None:
        for contact in self._story.contacts:
            values = {
                "AccountId": self._id(contact.account),
                "FirstName": contact.first,
                "LastName": contact.last,
                "Title": contact.title,
                "Email": contact.email,
                "Phone": contact.phone,
                "OwnerId": self._id(contact.owner),
            }
            self._write(contact.key, "Contact", contact.created, contact.owner, values)

    def _leads(self) -> None:
        for lead in self._story.leads:
            values = {
                "FirstName": lead.first,
                "LastName": lead.last,
                "Company": lead.company,
                "Title": lead.title,
                "Email": lead.email,
                "LeadSource": lead.source,
                "Status": _LEAD_STATUSES[lead.status],
                "Description": lead.message,
                "NumberOfEmployees": lead.employees or None,
                "Country": lead.country,
                "OwnerId": self._id(lead.owner),
            }
            self._write(lead.key, "Lead", lead.created, lead.owner, values)

    def _user(self, key: str, first: str, last: str, email: str, *, active: bool) -> None:
        known = self._org.rows_with("User", "Username", email)
        if known:
            self.loaded.ids[key] = known[0].id
            return
        values = {"FirstName": first, "LastName": last, "Username": email, "Email": email, "Alias": last[:8].lower()}
        row = self._org.create("User", {**values, "IsActive": active}, actor=_SETUP)
        self.loaded.ids[key] = row.id

    def _ticket(self, ticket: StoryTicket) -> None:
        values = {
            "AccountId": self._id(ticket.account),
            "ContactId": self._id(ticket.contact),
            "Subject": ticket.subject,
            "Description": ticket.description,
            "Type": ticket.category if ticket.filed else None,
            "Priority": _PRIORITIES[ticket.priority],
            "Status": _TICKET_STATUSES[ticket.status],
            "Origin": _ORIGINS[ticket.origin],
            "OwnerId": self._id(ticket.owner),
        }
        self._write(ticket.key, "Case", ticket.created, ticket.owner, values)

    def _opportunity(self, deal: StoryOpportunity) -> None:
        values = {
            "AccountId": self._id(deal.account),
            "ContactId": self._id(deal.contact),
            "Name": deal.name,
            "Amount": float(deal.amount),
            "CloseDate": deal.close.isoformat(),
            "NextStep": deal.next_step,
            "StageName": _STAGES[deal.stages[0].stage],
            "OwnerId": self._id(deal.owner),
        }
        row_id = self._write(deal.key, "Opportunity", deal.created, deal.owner, values)
        for change in deal.stages[1:]:
            actor = replace(_SETUP, user=self._id(change.by))
            stage = {"StageName": _STAGES[change.stage]}
            self._org.update("Opportunity", row_id, stage, actor=actor, at=milliseconds(change.at))

    def _order(self, order: StoryOrder) -> None:
        total = sum(line.quantity * line.price for line in order.lines)
        values = {
            "AccountId": self._id(order.account),
            "ShipToContactId": self._id(order.contact),
            "OrderReferenceNumber": order.number,
            "EffectiveDate": order.placed.date().isoformat(),
            "Status": _ORDER_STATUSES[order.status],
            "TotalAmount": float(total),
        }
        order_id = self._write(order.key, "Order", order.placed, "", values)
        for place, line in enumerate(order.lines):
            values = {
                "OrderId": order_id,
                "Product2Id": self._id(line.product),
                "Quantity": line.quantity,
                "UnitPrice": float(line.price),
            }
            self._write(f"{order.key}/{place}", "OrderItem", order.placed, "", values)

    def _activity(self) -> None:
        self._emails()
        self._notes()
        self._tasks()
        self._page_views()
        self._transcripts()

    def _emails(self) -> None:
        for email in self._story.emails:
            values = {
                **self._parent(email.about, case_field="ParentId", other_field="RelatedToId"),
                "FromAddress": email.sender,
                "ToAddress": email.recipient,
                "Subject": email.subject,
                "TextBody": email.text,
                "Incoming": email.incoming,
                "MessageDate": iso_of(email.at),
                "Status": "0" if email.incoming else "3",
            }
            self._write(email.key, "EmailMessage", email.at, "", values)

    def _notes(self) -> None:
        for note in self._story.notes:
            if note.about.kind == "ticket":
                values = {"ParentId": self._id(note.about.key), "CommentBody": note.text}
                self._write(note.key, "CaseComment", note.at, note.by, values)
            else:
                values = {"ParentId": self._id(note.about.key), "Body": note.text, "Type": "TextPost"}
                self._write(note.key, "FeedItem", note.at, note.by, values)

    def _tasks(self) -> None:
        for task in self._story.tasks:
            values = {
                "WhatId": self._id(task.about.key),
                "Subject": task.subject,
                "ActivityDate": task.due.isoformat(),
                "Status": "Completed" if task.done else "Not Started",
                "OwnerId": self._id(task.owner),
            }
            self._write(task.key, "Task", task.at, task.owner, values)

    def _transcripts(self) -> None:
        for said in self._story.transcripts:
            values = {
                "Name": said.subject,
                "Body__c": said.text,
                "Held_At__c": iso_of(said.at),
                "Opportunity__c": self._id(said.about.key),
                "Contact__c": self._id(said.contact),
                "OwnerId": self._id(said.owner),
            }
            self._write(said.key, "Call_Transcript__c", said.at, said.owner, values)

    def _page_views(self) -> None:
        for view in self._story.page_views:
            who = "Lead__c" if view.about.kind == "lead" else "Contact__c"
            values: dict[str, Any] = {
                who: self._id(view.about.key),
                "Page__c": view.page,
                "Seconds__c": view.seconds,
                "Viewed_At__c": iso_of(view.at),
            }
            self._write(view.key, "Page_View__c", view.at, "", values)

    def _parent(self, about: About, *, case_field: str, other_field: str) -> dict[str, str]:
        return {case_field if about.kind == "ticket" else other_field: self._id(about.key)}
