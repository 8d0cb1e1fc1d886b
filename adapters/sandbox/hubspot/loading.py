"""Writes the neutral story of a company into a HubSpot-flavoured org, in HubSpot's own objects and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from adapters.sandbox.clock import milliseconds
from adapters.sandbox.org import Org
from adapters.sandbox.rows import Actor, Row, RowKey
from adapters.sandbox.schema import Option
from adapters.sandbox.story import About, Story, StoryAccount, StoryContact, StoryLead, StoryOpportunity, StoryTicket

from .owners import add_owner
from .stamps import iso
from .story_links import links_to, midnight, money
from .story_words import DEAL_STAGES, LEAD_STAGES, LEAD_STATUSES, ORIGINS, PRIORITIES, SOURCES, TICKET_STAGES, option_of

_FIRST_OWNER, _FIRST_USER = 4_200_001, 9_200_001
_SETUP = Actor(kind="setup", user="", name="setup", source="IMPORT", source_id="70001")
_OBJECTS: Mapping[str, str] = {
    "account": "companies",
    "contact": "contacts",
    "lead": "leads",
    "opportunity": "deals",
    "ticket": "tickets",
    "order": "orders",
}


@dataclass(slots=True)
class StoryLoader:
    """Carries a story into one org; `keys` says where each part of it went.

    A lead of the story becomes a contact, where HubSpot keeps names and addresses, and a lead record
    linked to it; `keys` names the lead record and `people` the contact.
    """

    org: Org
    keys: dict[tuple[str, str], RowKey] = field(default_factory=dict)
    people: dict[str, RowKey] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> dict[str, str]:
        """Row ids by the story's keys, which differ between kinds."""
        return {key: place.id for (_, key), place in self.keys.items()} | self.users

    def load(self, story: Story) -> dict[tuple[str, str], RowKey]:
        """Write everything, oldest reference first."""
        self._users(story)
        self._options(story)
        for account in story.accounts:
            self._account(account)
        for contact in story.contacts:
            self._contact(contact)
        for lead in story.leads:
            self._lead(lead)
        for deal in story.opportunities:
            self._deal(deal)
        for ticket in story.tickets:
            self._ticket(ticket)
        self._shop(story)
        self._activities(story)
        self._page_views(story)
        return self.keys

    # -- people and options --------------------------------------------------------------------------

    def _users(self, story: Story) -> None:
        for number, user in enumerate(story.users):
            owner_id, user_id = str(_FIRST_OWNER + number), str(_FIRST_USER + 3 * number)
            self.owners[user.key], self.users[user.key] = owner_id, user_id
            values = {"email": user.email, "firstName": user.first, "lastName": user.last, "userId": user_id}
            row = add_owner(self.org, owner_id, {**values, "team": user.team.capitalize()}, setup=_SETUP)
            if not user.active:
                self.org.delete(*row.key, actor=_SETUP)

    def _options(self, story: Story) -> None:
        """The account's own option lists: its industries, and its ticket categories."""
        if story.categories:
            listed = [Option(value=each, label=each.replace("_", " ").capitalize()) for each in story.categories]
            self.org.set_options("tickets", "hs_ticket_category", listed)
        standard = self.org.definition("companies").fields["industry"].options
        known = {option.value for option in standard}
        named = dict.fromkeys(account.industry for account in story.accounts if account.industry)
        added = [Option(value=option_of(each), label=each) for each in named if option_of(each) not in known]
        self.org.set_options("companies", "industry", [*standard, *added])

    def _as(self, user: str) -> Actor:
        """Setup in the name of a colleague: the history shows them."""
        number = self.users.get(user)
        if number is None:
            return _SETUP
        return Actor(kind="setup", user=number, name=user, source="CRM_UI", source_id=f"userId:{number}")

    # -- records -------------------------------------------------------------------------------------

    def _store(
        self, object_name: str, values: Mapping[str, object], at: datetime, by: str, *linked: RowKey | None
    ) -> Row:
        given = {name: value for name, value in values.items() if value not in (None, "")}
        links = [link for target in linked if target is not None for link in links_to(object_name, target)]
        return self.org.create(object_name, given, actor=self._as(by), at=milliseconds(at), links=links)

    def _key(self, kind: str, key: str) -> RowKey | None:
        return self.keys.get((kind, key))

    def _account(self, account: StoryAccount) -> None:
        values = {
            "name": account.name,
            "domain": account.domain,
            "industry": option_of(account.industry),
            "numberofemployees": account.employees,
            "annualrevenue": money(account.revenue),
            "city": account.city,
            "country": account.country,
            "phone": account.phone,
            "hubspot_owner_id": self.owners.get(account.owner),
        }
        self.keys["account", account.key] = self._store("companies", values, account.created, account.owner).key

    def _contact(self, contact: StoryContact) -> None:
        company = self._key("account", contact.account)
        values = {
            "firstname": contact.first,
            "lastname": contact.last,
            "jobtitle": contact.title,
            "email": contact.email,
            "phone": contact.phone,
            "hubspot_owner_id": self.owners.get(contact.owner),
            "lifecyclestage": "customer",
            "associatedcompanyid": company.id if company else None,
        }
        row = self._store("contacts", values, contact.created, contact.owner, company)
        self.keys["contact", contact.key] = row.key

    def _lead(self, lead: StoryLead) -> None:
        person = self._store(
            "contacts",
            {
                "firstname": lead.first,
                "lastname": lead.last,
                "company": lead.company,
                "jobtitle": lead.title,
                "email": lead.email,
                "message": lead.message,
                "lifecyclestage": "lead",
                "hs_lead_status": LEAD_STATUSES[lead.status],
                "country": lead.country,
                "hs_analytics_source": SOURCES.get(lead.source.lower(), "OFFLINE"),
                "hubspot_owner_id": self.owners.get(lead.owner),
            },
            lead.created,
            lead.owner,
        )
        values = {
            "hs_lead_name": f"{lead.first} {lead.last}".strip() or lead.company,
            "hs_pipeline": "lead-pipeline-id",
            "hs_pipeline_stage": LEAD_STAGES[lead.status],
            "lead_company": lead.company,
            "lead_title": lead.title,
            "lead_message": lead.message,
            "lead_employees": str(lead.employees) if lead.employees else None,
            "lead_source": option_of(lead.source).lower(),
            "hubspot_owner_id": self.owners.get(lead.owner),
        }
        self.people[lead.key] = person.key
        self.keys["lead", lead.key] = self._store("leads", values, lead.created, lead.owner, person.key).key

    def _deal(self, deal: StoryOpportunity) -> None:
        first = DEAL_STAGES[deal.stages[0].stage] if deal.stages else "appointmentscheduled"
        values = {
            "dealname": deal.name,
            "pipeline": "default",
            "dealstage": first,
            "amount": money(deal.amount),
            "deal_currency_code": "EUR",
            "closedate": iso(milliseconds(midnight(deal.close))),
            "hs_next_step": deal.next_step,
            "hubspot_owner_id": self.owners.get(deal.owner),
        }
        linked = (self._key("account", deal.account), self._key("contact", deal.contact))
        row = self._store("deals", values, deal.created, deal.owner, *linked)
        self.keys["opportunity", deal.key] = row.key
        for change in deal.stages[1:]:
            stage = {"dealstage": DEAL_STAGES[change.stage]}
            self.org.update("deals", row.id, stage, actor=self._as(change.by), at=milliseconds(change.at))

    def _ticket(self, ticket: StoryTicket) -> None:
        values = {
            "subject": ticket.subject,
            "content": ticket.description,
            "hs_pipeline": "0",
            "hs_pipeline_stage": TICKET_STAGES[ticket.status],
            "hs_ticket_priority": PRIORITIES[ticket.priority],
            "hs_ticket_category": ticket.category if ticket.filed else None,
            "source_type": ORIGINS[ticket.origin],
            "hubspot_owner_id": self.owners.get(ticket.owner),
        }
        linked = (self._key("account", ticket.account), self._key("contact", ticket.contact))
        row = self._store("tickets", values, ticket.created, ticket.owner, *linked)
        self.keys["ticket", ticket.key] = row.key

    def _shop(self, story: Story) -> None:
        start = min((order.placed for order in story.orders), default=self.org.clock.now())
        names: dict[str, str] = {}
        for product in story.products:
            values = {"name": product.name, "hs_sku": product.code, "price": money(product.price), "hs_active": "true"}
            self.keys["product", product.key] = self._store("products", values, start, "").key
            names[product.key] = product.name
        for order in story.orders:
            total = sum((line.price * line.quantity for line in order.lines), Decimal(0))
            values = {
                "hs_order_name": f"Order {order.number}",
                "hs_external_order_id": order.number,
                "hs_external_order_status": order.status,
                "hs_fulfillment_status": order.status,
                "hs_total_price": money(total),
                "hs_currency_code": "EUR",
            }
            linked = (self._key("account", order.account), self._key("contact", order.contact))
            row = self._store("orders", values, order.placed, "", *linked)
            self.keys["order", order.key] = row.key
            for line in order.lines:
                product_key = self._key("product", line.product)
                values = {
                    "name": names.get(line.product, ""),
                    "price": money(line.price),
                    "quantity": str(line.quantity),
                    "hs_product_id": product_key.id if product_key else "",
                }
                self._store("line_items", values, order.placed, "", row.key)

    # -- activities ----------------------------------------------------------------------------------

    def _about(self, about: About) -> RowKey | None:
        return self._key(about.kind, about.key)

    def _activities(self, story: Story) -> None:
        for mail in story.emails:
            values: dict[str, object] = {
                "hs_timestamp": iso(milliseconds(mail.at)),
                "hs_email_direction": "INCOMING_EMAIL" if mail.incoming else "EMAIL",
                "hs_email_status": "SENT",
                "hs_email_subject": mail.subject,
                "hs_email_text": mail.text,
                "hs_email_from_email": mail.sender,
                "hs_email_to_email": mail.recipient,
            }
            self.keys["email", mail.key] = self._store("emails", values, mail.at, "", self._about(mail.about)).key
        for said in story.transcripts:
            values = {
                "hs_timestamp": iso(milliseconds(said.at)),
                "hs_call_title": said.subject,
                "hs_call_body": said.text.replace("\n", "<br>"),
                "hs_call_status": "COMPLETED",
                "hubspot_owner_id": self.owners.get(said.owner),
            }
            linked = (self._about(said.about), self._key("contact", said.contact))
            self.keys["transcript", said.key] = self._store("calls", values, said.at, said.owner, *linked).key
        for note in story.notes:
            values = {"hs_timestamp": iso(milliseconds(note.at)), "hs_note_body": note.text}
            self.keys["note", note.key] = self._store("notes", values, note.at, note.by, self._about(note.about)).key
        for task in story.tasks:
            values = {
                "hs_timestamp": iso(milliseconds(midnight(task.due))),
                "hs_task_subject": task.subject,
                "hs_task_status": "COMPLETED" if task.done else "NOT_STARTED",
                "hs_task_type": "TODO",
                "hubspot_owner_id": self.owners.get(task.owner),
            }
            self.keys["task", task.key] = self._store("tasks", values, task.at, task.owner, self._about(task.about)).key

    def _page_views(self, story: Story) -> None:
        """HubSpot shows visits on the contact: how many, the last page, when."""
        counted: dict[RowKey, int] = {}
        for view in sorted(story.page_views, key=lambda each: each.at):
            person = self.people.get(view.about.key) if view.about.kind == "lead" else self._about(view.about)
            if person is None or person.object != "contacts":
                continue
            counted[person] = counted.get(person, 0) + 1
            at = milliseconds(view.at)
            values = {
                "hs_analytics_num_page_views": str(counted[person]),
                "hs_analytics_last_url": view.page,
                "hs_analytics_last_timestamp": iso(at),
            }
            self.org.update("contacts", person.id, values, actor=_SETUP, at=at)


def load_story(org: Org, story: Story) -> StoryLoader:
    """Write a story into a HubSpot-flavoured org; the loader says where each part went."""
    loader = StoryLoader(org)
    loader.load(story)
    return loader
