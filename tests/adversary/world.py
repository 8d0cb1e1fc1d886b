"""A small org with the real road beside it, watched at the socket: every request of the adapter and of the model is kept."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from adapters.conformance.bridge import FaceTransport
from connector.adapter import HttpRequest, HttpResponse, Lookup, Outlets, Transport
from connector.clock import HeldClock
from connector.context.index import Index
from connector.context.memory_index import MemoryIndex
from connector.daemon import Surroundings, assemble
from connector.decision.reasoners.reasoner import Reasoner
from connector.decision.shelf import DiskShelf
from connector.pipeline import Pipeline
from connector.policy import Tier
from connector.record import ConnectionName, RecordRef
from connector.settings import Privacy
from connector.simulation.crm import ADDRESSES, BUILDERS, SimulatedCrm
from connector.simulation.learner import FirstWordForm, fit
from connector.simulation.policies import parsed
from connector.simulation.process import KeptLog
from tests.adversary.watch import Scope, Task
from tests.support.databases import sqlite

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
PlainPolicy = Mapping[str, Any]


def policy(name: str = "triage", **sections: Any) -> dict[str, Any]:
    """New tickets get a category and a priority from a paid model; nobody has to agree: the widest open door."""
    plain: dict[str, Any] = {
        "schema": 1,
        "policy": name,
        "goal": "Tickets get the right values.",
        "when": {
            "object": "ticket",
            "events": ["created", "changed"],
            "fields": ["subject", "description"],
            "where": "status == 'new'",
        },
        "agent": "ticket_triage",
        "reason": {"tier": "fast", "usd_per_day": 100000},
        "context": {"related": ["contact"]},
        "may": {
            "update": {"category": {}, "priority": {"options": ["low", "normal", "high"]}},
            "create_task": {"subject": "Look at this"},
        },
        "gate": {"supervised": "never", "target": "50%"},
        "limits": {"writes_per_record_per_day": 20, "records_per_hour": 100000, "share_of_object": "100%"},
        "handoff": {"to": "leads", "due": "1h", "then": "boss", "default": "deny"},
    }
    return plain | sections


@dataclass
class Socket:
    """What left the machine. A host that is not the one behind `inner` gets a friendly answer, and is counted."""

    host: str
    inner: Transport
    requests: list[HttpRequest] = field(default_factory=list)

    @property
    def unlisted(self) -> list[str]:
        """Every host that was called and should not have been."""
        return [host for request in self.requests if (host := urlsplit(request.url).netloc) != self.host]

    @property
    def bodies(self) -> bytes:
        """Every byte that left: addresses, headers and bodies."""
        return b"\n".join(
            f"{one.method} {one.url} {dict(one.headers)}\n".encode(errors="replace") + one.body for one in self.requests
        )

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        if urlsplit(request.url).netloc != self.host:
            return HttpResponse(status=200, headers=(("content-type", "application/json"),), body=b"{}")
        return self.inner.send(request)


_TASK_FIELDS = {
    "hubspot": ("tasks", "hs_task_subject", "hs_task_body", "hubspot_owner_id"),
    "salesforce": ("Task", "Subject", "Description", "OwnerId"),
}
ReasonersFor = Callable[["World"], Mapping[Tier, Reasoner]]


class World:
    """One org, one road, driven by hand. `scope` is what the policies allow, for the independent checker."""

    def __init__(
        self,
        folder: Path,
        *policies: PlainPolicy,
        reasoners: ReasonersFor,
        system: str = "hubspot",
        seed: int = 1,
        privacy: Privacy | None = None,
        index: Index | None = None,
        outlets: Outlets | None = None,
        lookups: Mapping[str, Lookup] | None = None,
    ) -> None:
        folder.mkdir(exist_ok=True, parents=True)
        self.folder, self.plain = folder, policies or (policy(),)
        self.clock = HeldClock(START)
        self.crm: SimulatedCrm = BUILDERS[system](ConnectionName("crm"), self.clock, seed)
        self.rep = self.crm.reps[0]
        address = ADDRESSES[system]
        self.socket = Socket(urlsplit(address).netloc, FaceTransport(self.crm.face, address, self.clock))
        self.log = KeptLog()
        self.store = sqlite(folder)
        self.index: Index = index or MemoryIndex()
        adapter = self.crm.adapter(clock=self.clock, chance=random.Random(seed), transport=self.socket, log=self.log)
        self.shelf = DiskShelf(self.store, folder / "learners", FirstWordForm())
        self.around = Surroundings(
            store=self.store,
            clock=self.clock,
            randomness=random.Random(seed),
            adapters={self.crm.connection: adapter},
            index=self.index,
            reasoners=reasoners(self),
            shelf=self.shelf,
            fit=fit,
            log=self.log,
            privacy=privacy or Privacy(),
            outlets=outlets or Outlets(),
            lookups=lookups or {},
        )
        self.road: Pipeline = assemble(self.around, parsed(self.plain))
        self.told: dict[str, str] = {}
        self.people: dict[str, str] = {}
        self.clock.sleep(300)
        self.rounds(3)

    def rounds(self, times: int = 3, seconds: float = 240) -> None:
        """The daemon's turns, with time in between for the CRM's index to follow."""
        for _ in range(times):
            self.clock.sleep(seconds)
            self.road.round()

    def ticket(self, token: str, **values: str) -> str:
        """A ticket that the model finds again by `token` in its subject."""
        subject = f"{values.get('subject', 'Hello')} [{token}]"
        made = self.crm.create({"status": "new", **values, "subject": subject}, rep=self.rep)
        self.told[made] = token
        return made

    def contact(self, ticket: str, **values: str) -> str:
        """A person on a ticket, in the CRM's own field names."""
        kind = "contacts" if self.crm.natives.system == "hubspot" else "Contact"
        key = values.get("email", values.get("Email"))
        made = self.people.get(key) if key else None
        if made is None:
            # Setup may also write what the CRM itself finds out: opt-outs and bounces.
            made = self.crm.org.create(kind, values, actor=replace(self.rep, kind="setup")).id
            self.people |= {key: made} if key else {}
        self.crm.link_contact(ticket, made)
        return made

    def edit(self, ticket: str, **values: str) -> None:
        self.crm.edit(ticket, values, rep=self.rep)

    def ref(self, ticket: str) -> RecordRef:
        return RecordRef.parse(f"{self.crm.connection}:ticket/{ticket}")

    def value(self, ticket: str, name: str) -> str | None:
        return self.crm.value(ticket, name)

    def scope(self, **more: Any) -> Scope:
        natives = self.crm.natives
        category = self.crm.org.schema.objects[natives.ticket].fields[natives.fields["category"]]
        options = {option.value for option in category.options}
        return Scope(natives=natives, policies=self.plain, categories=options, **more)

    def tasks(self) -> list[Task]:
        """Every task of ours as the CRM holds it."""
        kind, subject, body, owner = _TASK_FIELDS[self.crm.natives.system]
        return [
            Task(subject=str(row.get(subject)), body=str(row.get(body) or ""), owner=str(row.get(owner) or ""))
            for row in self.crm.org.rows(kind)
        ]

    def approvals(self) -> list[dict[str, Any]]:
        """Every question to people as its row holds it."""
        with self.store.snapshot() as tx:
            return [dict(row) for row in tx.rows("SELECT * FROM gate_approvals ORDER BY approval")]

    def asked(self, ticket: str) -> list[dict[str, Any]]:
        return [row for row in self.approvals() if row["record"] == ticket and row["state"] == "pending"]

    def outbox(self) -> list[dict[str, Any]]:
        with self.store.snapshot() as tx:
            return [dict(row) for row in tx.rows("SELECT * FROM writeback_outbox ORDER BY intent")]

    def journal(self) -> list[dict[str, Any]]:
        with self.store.snapshot() as tx:
            rows = tx.rows(
                "SELECT e.*, b.body FROM journal_entries e LEFT JOIN journal_bodies b USING (body_digest) ORDER BY e.seq"
            )
            return [dict(row) | {"body": json.loads(row["body"]) if row["body"] else None} for row in rows]

    def close(self) -> None:
        self.store.close()


def agent_lines(world: World, *tickets: str) -> Sequence[Any]:
    """What our own user wrote to these tickets, as the CRM tells it."""
    wanted = {f"{world.crm.natives.ticket}/{ticket}" for ticket in tickets}
    return [
        line
        for line in world.crm.org.log.entries()
        if line.kind == "write" and line.actor == "agent" and (not tickets or line.record in wanted)
    ]
