"""Two sales CRMs with deals, mails and meetings, a clerk who decides as a test says, and policies on one road."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from adapters.sandbox.wire import WireRequest
from connector.action import Action
from connector.adapter import ObjectType, RecordRef
from connector.decision.decision import Answer, Decision, Pins, ProposedAction, Question
from connector.policy import Policy, Tier
from connector.record import FieldValue
from tests.conformance.hubspot_world import HubSpotWorld
from tests.conformance.salesforce_world import SalesforceWorld
from tests.conformance.sandbox_world import SandboxWorld
from tests.support.given import policy

HEALTH = ("green", "amber", "red")


def flagged(native: str) -> Mapping[str, Any]:
    """A field of the organisation's own that holds how a deal stands."""
    return {"opportunity": {"health": {"native": native, "options": {option: option for option in HEALTH}}}}


class HubSpotSales(HubSpotWorld):
    """A portal where deals, mails, calls and meetings are worked with."""

    objects: ClassVar[Mapping[ObjectType, str]] = {
        **HubSpotWorld.objects, ObjectType.EMAIL: "emails", ObjectType.CALL: "calls", ObjectType.MEETING: "meetings",
        ObjectType.LEAD: "leads",
    }  # fmt: skip
    natives: ClassVar[Mapping[str, str]] = {
        **HubSpotWorld.natives, "next_step": "hs_next_step", "start_time": "hs_meeting_start_time", "at": "hs_timestamp",
        "incoming": "hs_email_direction", "location": "hs_meeting_location", "probability": "hs_deal_stage_probability",
        "health": "dealtype", "email": "email",
    }  # fmt: skip
    by_object: ClassVar[Mapping[tuple[ObjectType, str], str]] = {
        **HubSpotWorld.by_object,
        (ObjectType.OPPORTUNITY, "description"): "description",
        (ObjectType.EMAIL, "subject"): "hs_email_subject",
        (ObjectType.EMAIL, "body"): "hs_email_text",
        (ObjectType.CALL, "subject"): "hs_call_title",
        (ObjectType.CALL, "body"): "hs_call_body",
        (ObjectType.MEETING, "subject"): "hs_meeting_title",
        (ObjectType.MEETING, "body"): "hs_meeting_body",
        (ObjectType.LEAD, "name"): "hs_lead_name",
    }
    defaults: ClassVar[Mapping[ObjectType, Mapping[str, object]]] = {
        **HubSpotWorld.defaults,
        ObjectType.EMAIL: {"hs_email_direction": "INCOMING_EMAIL", "hs_timestamp": "2026-09-01T08:00:00Z"},
        ObjectType.CALL: {"hs_timestamp": "2026-09-01T08:00:00Z"},
        ObjectType.MEETING: {"hs_timestamp": "2026-09-01T08:00:00Z"},
        ObjectType.NOTE: {"hs_timestamp": "2026-09-01T08:00:00Z"},
        ObjectType.TASK: {"hs_timestamp": "2026-09-01T08:00:00Z"},
    }

    def __init__(self) -> None:
        super().__init__(settings={"fields": flagged("dealtype")})
        self.org.set_options("deals", "dealtype", HEALTH)

    STAGES = ("appointmentscheduled", "qualifiedtobuy", "closedwon", "closedlost")

    def hang(self, kind: ObjectType, on: RecordRef, **values: FieldValue) -> RecordRef:
        """A record of an activity on another record; HubSpot links it in a step of its own."""
        made = self.create(kind, values)
        self.associate(made, on)
        return made

    def person(self, kind: ObjectType, address: str) -> RecordRef:
        """A contact with an address, or a lead, which has none of its own in HubSpot."""
        values = {"last_name": "Kestrel", "email": address} if kind is ObjectType.CONTACT else {"name": "Kestrel"}
        return self.create(kind, values)

    def mail_from(self, person: RecordRef, address: str) -> RecordRef:
        """A mail as the mailbox sync stores it, on the person who wrote it."""
        return self.hang(ObjectType.EMAIL, person, subject="Question")

    def is_write(self, request: WireRequest) -> bool:
        return request.method == "PATCH" or request.path.endswith("/batch/update")


class SalesforceSales(SalesforceWorld):
    """An org where opportunities, mails, calls and events are worked with."""

    objects: ClassVar[Mapping[ObjectType, str]] = {
        **SalesforceWorld.objects, ObjectType.EMAIL: "EmailMessage", ObjectType.CALL: "Task", ObjectType.MEETING: "Event",
        ObjectType.LEAD: "Lead",
    }  # fmt: skip
    natives: ClassVar[Mapping[str, str]] = {
        **SalesforceWorld.natives, "next_step": "NextStep", "start_time": "StartDateTime", "at": "MessageDate",
        "incoming": "Incoming", "location": "Location", "probability": "Probability",
        "health": "LeadSource", "email": "Email",
    }  # fmt: skip
    by_object: ClassVar[Mapping[tuple[ObjectType, str], str]] = {
        **SalesforceWorld.by_object,
        (ObjectType.EMAIL, "body"): "TextBody",
        (ObjectType.CALL, "body"): "Description",
        (ObjectType.MEETING, "body"): "Description",
        (ObjectType.LEAD, "name"): "Company",
    }
    defaults: ClassVar[Mapping[ObjectType, Mapping[str, object]]] = {
        ObjectType.OPPORTUNITY: {"StageName": "Prospecting", "CloseDate": "2026-12-01"},
        ObjectType.EMAIL: {"Incoming": True, "Status": "0"},
        ObjectType.CALL: {"TaskSubtype": "Call"},
        ObjectType.LEAD: {"LastName": "Person"},
    }

    def __init__(self) -> None:
        super().__init__(settings={"fields": flagged("LeadSource")})
        self.org.set_options("Opportunity", "LeadSource", HEALTH)

    STAGES = ("Prospecting", "Qualification", "Closed Won", "Closed Lost")

    def hang(self, kind: ObjectType, on: RecordRef, **values: FieldValue) -> RecordRef:
        """A record of an activity on another record, tied by the lookup Salesforce has for it."""
        people = on.object in (ObjectType.CONTACT, ObjectType.LEAD)
        field = {ObjectType.NOTE: "ParentId", ObjectType.EMAIL: "RelatedToId"}.get(kind, "WhoId" if people else "WhatId")
        if (kind, on.object) == (ObjectType.EMAIL, ObjectType.TICKET):
            field = "ParentId"
        native = {**self.defaults.get(kind, {}), **self.native(kind, values), field: on.id}
        row = self.org.create(self.objects[kind], native, actor=self.rep)
        return RecordRef(self.connection, kind, row.id)

    def person(self, kind: ObjectType, address: str) -> RecordRef:
        company = {"name": "Kestrel"} if kind is ObjectType.LEAD else {}
        return self.create(kind, {"last_name": "Kestrel", "email": address, **company})

    def mail_from(self, person: RecordRef, address: str) -> RecordRef:
        """A mail as Salesforce stores it: it is tied to nothing but, by its address, to the person."""
        values = {"FromAddress": address, "Subject": "Question", "Incoming": True, "Status": "0"}
        row = self.org.create("EmailMessage", values, actor=self.rep)
        return RecordRef(self.connection, ObjectType.EMAIL, row.id)


SALES: Mapping[str, type[HubSpotSales | SalesforceSales]] = {"hubspot": HubSpotSales, "salesforce": SalesforceSales}


class Clerk:
    """Stands in for the offline tier: `answer` says what is done about each question, `asked` what it was asked."""

    tier = Tier.OFFLINE

    def __init__(self, answer: Callable[[Question], Sequence[Action]]) -> None:
        self._answer = answer
        self.asked: list[Question] = []

    def decide(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        return tuple(self._one(question) for question in questions)

    def _one(self, question: Question) -> Answer:
        self.asked.append(question)
        actions = tuple(ProposedAction(action=action, confidence=0.99) for action in self._answer(question))
        return Decision(actions=actions, rationale="as the test says", pins=Pins(tier=Tier.OFFLINE, model="clerk"))


def sales_policy(
    name: str = "care", *, when: str, may: str = "{update: {next_step: {conflict: agent_owned}}}", **more: str
) -> Policy:
    """A policy whose gate asks nobody, on whatever object its trigger names."""
    sections = {
        "policy": name, "when": when, "may": may, "gate": "{supervised: never, target: 90%}",
        "limits": "{writes_per_record_per_day: 20, share_of_object: 100%}", **more,
    }  # fmt: skip
    return policy(**sections)


__all__ = ["SALES", "Clerk", "HubSpotSales", "SalesforceSales", "SandboxWorld", "sales_policy"]
