"""A Salesforce sandbox as a conformance world: what a person does there, in Salesforce's own names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from adapters.conformance import Mishap
from adapters.salesforce.adapter import SalesforceAdapter
from adapters.sandbox.clock import OrgClock
from adapters.sandbox.salesforce.build import build_salesforce
from adapters.sandbox.wire import WireRequest
from connector.adapter import Adapter, FieldValue, ObjectType, RecordRef
from tests.conformance.sandbox_world import SandboxWorld

BASE_URL = "https://org.my.salesforce.com"


class SalesforceWorld(SandboxWorld):
    """One org."""

    page = 2000
    lag = timedelta(minutes=6)
    exemptions: Mapping[str, str] = {}
    objects: ClassVar[Mapping[ObjectType, str]] = {
        ObjectType.CONTACT: "Contact",
        ObjectType.ACCOUNT: "Account",
        ObjectType.OPPORTUNITY: "Opportunity",
        ObjectType.TICKET: "Case",
        ObjectType.TASK: "Task",
        ObjectType.NOTE: "FeedItem",
    }
    natives: ClassVar[Mapping[str, str]] = {
        "last_name": "LastName", "title": "Title", "name": "Name", "amount": "Amount", "close_date": "CloseDate",
        "stage": "StageName", "subject": "Subject", "description": "Description", "status": "Status",
        "priority": "Priority", "due": "ActivityDate", "body": "Body",
    }  # fmt: skip
    options: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "Priority": {"low": "Low", "normal": "Medium", "high": "High"},
        "Status": {"new": "New", "open": "Working", "waiting": "On Hold", "closed": "Closed"},
    }
    faults: ClassVar[Mapping[Mishap, str]] = {
        Mishap.LOST_BEFORE: "reset_before_apply",
        Mishap.LOST_AFTER: "reset_after_apply",
        Mishap.SILENT_AFTER: "timeout_after_apply",
        Mishap.TOKEN_REFUSED: "http_401",
        Mishap.RATE_LIMITED: "request_limit_concurrent",
        Mishap.UNAVAILABLE: "http_503",
        Mishap.HTML: "html_body",
        Mishap.CUT_JSON: "truncated_json",
        Mishap.LATE_COMMIT: "late_commit",
        Mishap.REP_BETWEEN: "write_between_read_and_patch",
    }
    defaults: ClassVar[Mapping[ObjectType, Mapping[str, object]]] = {ObjectType.OPPORTUNITY: {"StageName": "Prospecting"}}

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.sandbox = build_salesforce(clock=OrgClock.following(self.clock.now), instance_url=BASE_URL)
        self.org, self.rep = self.sandbox.org, self.sandbox.reps[0]
        self.environment = self.given(
            self.sandbox.face,
            BASE_URL,
            settings={
                "client_id": "sandbox-client",
                "auth": "client_credentials",
                "login_url": BASE_URL,
                **(settings or {}),
            },
            lanes={},
            client_secret="sandbox-secret",
        )

    def adapter(self) -> Adapter:
        return SalesforceAdapter(self.environment)

    def is_write(self, request: WireRequest) -> bool:
        return request.method in ("POST", "PATCH", "PUT") and "/services/data/" in request.path

    def merge(self, winner: RecordRef, loser: RecordRef) -> RecordRef:
        self.org.merge(self.objects[winner.object], winner.id, [loser.id], actor=self.rep)
        return winner

    def associate(self, ref: RecordRef, other: RecordRef) -> None:
        match ref.object, other.object:
            case ObjectType.CONTACT, ObjectType.ACCOUNT:
                native = {"AccountId": other.id}
            case ObjectType.OPPORTUNITY, ObjectType.CONTACT:
                role = {"OpportunityId": ref.id, "ContactId": other.id, "Role": "Decision Maker"}
                self.org.create("OpportunityContactRole", role, actor=self.rep)
                return
            case ObjectType.TASK, ObjectType.CONTACT:
                native = {"WhoId": other.id}
            case _:
                native = {"WhatId": other.id}
        self.org.update(self.objects[ref.object], ref.id, native, actor=self.rep)

    def hanging(self, parent: RecordRef, object: ObjectType) -> tuple[Mapping[str, FieldValue], ...]:
        rows = self.org.rows(self.objects[object])
        held = (row for row in rows if parent.id in (row.get("WhoId"), row.get("WhatId"), row.get("ParentId")))
        return tuple(self.shared(object, row) for row in held)

    def absent(self, object: ObjectType) -> RecordRef:
        prefix = {ObjectType.CONTACT: "003", ObjectType.ACCOUNT: "001"}[object]
        return RecordRef(self.connection, object, with_checksum(f"{prefix}5g0000zzzzzz"))


def with_checksum(short: str) -> str:
    """The 18-character form of an id: three letters that say which of its characters are capitals."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    parts = (short[:5], short[5:10], short[10:])
    return short + "".join(letters[sum(part[at].isupper() << at for at in range(5))] for part in parts)
