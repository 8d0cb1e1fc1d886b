"""The CRM of a rehearsal: a sandbox org of either kind, filled with a team's history, spoken to over loopback HTTP."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.sandbox import Face, Faults, Org, OrgClock, Row, build_salesforce
from adapters.sandbox.hubspot import Allowance, build_hubspot
from adapters.sandbox.rows import Actor
from connector.evaluation.rehearse.rows import Message
from connector.record import FieldName

CLOSED = "closed"
HISTORY_SPAN = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeNames:
    """What one CRM calls a ticket and its fields."""

    object: str
    subject: str
    description: str
    status: str
    statuses: Mapping[str, str]
    fields: Mapping[str, str]
    other: Mapping[str, Any]


HUBSPOT = NativeNames(
    object="tickets", subject="subject", description="content", status="hs_pipeline_stage",
    statuses={"new": "1", "waiting": "2", "open": "3", CLOSED: "4"},
    fields={"category": "hs_ticket_category", "priority": "hs_ticket_priority", "channel": "source_type"},
    other={"hs_pipeline": "0"},
)
SALESFORCE = NativeNames(
    object="Case", subject="Subject", description="Description", status="Status",
    statuses={"new": "New", "open": "Working", "waiting": "Escalated", CLOSED: "Closed"},
    fields={"category": "Type", "priority": "Priority", "channel": "Origin"}, other={},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalCrm:
    """A sandbox org with the tickets of a rehearsal. `connection` is its block of connector.yaml, without the address."""

    system: str
    org: Org
    clock: OrgClock
    face: Face
    names: NativeNames
    field: str
    setup: Actor
    reps: Sequence[Actor]
    connection: Mapping[str, Any]
    secrets: Mapping[str, str]

    def load_history(self, rows: Sequence[Message], *, until: datetime) -> None:
        """Closed tickets with the value people gave them, spread over the weeks before `until`."""
        step = HISTORY_SPAN / max(1, len(rows))
        for place, row in enumerate(rows):
            at = until - HISTORY_SPAN + step * place
            self._create(row, {self.names.status: self.names.statuses[CLOSED], self.field: row.label}, at)

    def arrive(self, rows: Sequence[Message], values: Mapping[FieldName, str], times: Sequence[datetime]) -> list[str]:
        """New tickets at their times of arrival, unclassified; their ids in order."""
        native = {self._native(name): self._option(name, value) for name, value in values.items()}
        return [self._create(row, native, at).id for row, at in zip(rows, times, strict=True)]

    def value(self, record: str) -> object:
        """What the field holds now."""
        row = self.org.find(self.names.object, record)
        return None if row is None else row.get(self.field)

    def _create(self, row: Message, values: Mapping[str, object], at: datetime) -> Row:
        filled = {
            **self.names.other,
            self.names.status: self.names.statuses["new"],
            self.names.subject: row.subject or "(no subject)",
            self.names.description: row.description or None,
            **values,
        }
        stamp = int(at.timestamp() * 1000)
        return self.org.create(self.names.object, filled, actor=self.setup, at=stamp)

    def _native(self, name: FieldName) -> str:
        return self.names.status if name == "status" else self.names.fields.get(name, name)

    def _option(self, name: FieldName, value: str) -> str:
        return self.names.statuses.get(value, value) if name == "status" else value


def stage(
    system: str, *, field: FieldName, options: Sequence[str], start: datetime, faults: Mapping[str, float], seed: int
) -> RehearsalCrm:
    """An empty org of one kind whose `field` has exactly these options, its clock running on from `start`."""
    from datetime import UTC

    offset = start - datetime.now(UTC)
    clock = OrgClock.following(lambda: datetime.now(UTC))
    clock.advance(offset)
    spoiled = Faults(random.Random(f"{seed}:faults"), dict(faults))
    if system == "hubspot":
        # Its limits are not the question here, and an account that says it allows more is called faster.
        unlimited = Allowance(ten_secondly=1_000_000, search_secondly=1_000_000)
        hub = build_hubspot(clock=clock, seed=seed, faults=spoiled, allowance=unlimited)
        native = _option_field(hub.org, HUBSPOT, HUBSPOT.fields.get(field, f"rehearsed_{field}"), options)
        return RehearsalCrm(
            system=system, org=hub.org, clock=clock, face=hub.face, names=HUBSPOT, field=native, setup=hub.setup,
            reps=(hub.rep,), connection={"system": system, "auth": "service_key", **_mapped(field, native, options)},
            secrets={"access_token": hub.token},
        )
    force = build_salesforce(clock=clock, seed=seed, faults=spoiled, daily_calls=10_000_000)
    native = _option_field(force.org, SALESFORCE, SALESFORCE.fields.get(field, f"Rehearsed_{field}__c"), options)
    setup = Actor(kind="setup", user="", name="setup", source="SETUP")
    return RehearsalCrm(
        system=system, org=force.org, clock=clock, face=force.face, names=SALESFORCE, field=native, setup=setup,
        reps=tuple(force.reps),
        connection={
            "system": system, "auth": "client_credentials", "client_id": force.app.client_id,
            **_mapped(field, native, options),
        },
        secrets={"client_secret": force.app.client_secret},
    )


def _option_field(org: Org, names: NativeNames, native: str, options: Sequence[str]) -> str:
    """Give the field exactly these options; one the CRM does not have is added as a custom field."""
    fields = org.definition(names.object).fields
    if native not in fields:
        org.add_field(names.object, replace(fields[names.fields["priority"]], name=native, label=native))
    org.set_options(names.object, native, options)
    return native


def _mapped(field: FieldName, native: str, options: Sequence[str]) -> Mapping[str, Any]:
    """Every label is an option under its own name, whatever the shared vocabulary calls such a field."""
    return {"fields": {"ticket": {str(field): {"native": native, "options": {option: option for option in options}}}}}
