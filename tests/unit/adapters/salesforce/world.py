"""An in-process Salesforce org with an adapter connected to it, and the people who work in it."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.conformance.bridge import FaceTransport
from adapters.salesforce.adapter import SalesforceAdapter
from adapters.sandbox.clock import OrgClock
from adapters.sandbox.faults import Faults
from adapters.sandbox.salesforce.build import build_salesforce
from connector.adapter import (
    ChangeEvent,
    ChangePage,
    ConnectionName,
    Cursor,
    Environment,
    FieldName,
    ObjectType,
    RateBudget,
    Record,
    RecordRef,
)
from connector.clock import HeldClock
from tests.support.watched import WatchedTransport
from tests.unit.adapters.salesforce.scripted import Quiet, Secret, Shelf

ADDRESS = "https://org.my.salesforce.com"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
CRM = ConnectionName("crm")
TICKET, TASK, ACCOUNT, CONTACT = ObjectType.TICKET, ObjectType.TASK, ObjectType.ACCOUNT, ObjectType.CONTACT


def names(*fields: str) -> list[FieldName]:
    return [FieldName(name) for name in fields]


def ref(kind: ObjectType, record_id: str) -> RecordRef:
    return RecordRef(CRM, kind, record_id)


class World:
    """One org, one adapter, one clock for both."""

    def __init__(self, *, seed: int = 0, faults: dict[str, float] | None = None, **settings: Any) -> None:
        self.clock = HeldClock(START)
        self.faults = Faults(random.Random(seed), faults)
        self.built = build_salesforce(
            clock=OrgClock.following(self.clock.now), faults=self.faults, instance_url=ADDRESS
        )
        self.org = self.built.org
        self.rep = self.built.reps[0]
        self.transport = WatchedTransport(FaceTransport(self.built.face, ADDRESS, self.clock))
        self.tokens = Shelf()
        self.budget = RateBudget(self.clock, {})
        self.environment = Environment(
            connection=CRM,
            settings={
                "client_id": "sandbox-client", "auth": "client_credentials", "login_url": ADDRESS, **settings
            },
            clock=self.clock,
            random=random.Random(seed),
            transport=self.transport,
            secrets=Secret(client_secret="sandbox-secret"),
            tokens=self.tokens,
            budget=self.budget,
            log=Quiet(),
        )
        self.adapter = SalesforceAdapter(self.environment)

    def wait(self, seconds: float = 10) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def case(self, **values: Any) -> RecordRef:
        created = self.org.create("Case", {"Subject": "Help", **values}, actor=self.rep)
        return ref(TICKET, created.id)

    def edit(self, of: RecordRef, **values: Any) -> None:
        """A rep's edit, in Salesforce's own names."""
        self.org.update("Case", of.id, values, actor=self.rep)

    def read(self, of: RecordRef, *fields: str) -> Record:
        found = self.adapter.records.read([of], names(*fields))[of]
        assert isinstance(found, Record)
        return found

    def poll(self, cursor: Cursor, kind: ObjectType = TICKET, fields: Collection[str] = ("subject",)) -> ChangePage:
        return self.adapter.changes.poll(kind, cursor, names(*fields))

    def drain(
        self, cursor: Cursor, kind: ObjectType = TICKET, *, most: int = 200
    ) -> tuple[list[Record], list[ChangeEvent], Cursor]:
        """Every page until the source says that nothing more is ready."""
        records: list[Record] = []
        gone: list[ChangeEvent] = []
        for _ in range(most):
            page = self.poll(cursor, kind)
            records += page.records
            gone += page.gone
            cursor = page.cursor
            if not page.more:
                return records, gone, cursor
        raise AssertionError("the source never comes to an end")

    def calls(self, part: str) -> int:
        return sum(part in request.url for request in self.transport.seen)


def ids(records: Iterable[Record]) -> list[str]:
    return [record.ref.id for record in records]
