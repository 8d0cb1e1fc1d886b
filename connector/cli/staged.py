"""A made-up company's CRM of either kind, with what customers and colleagues do in it: for `sandbox` and `demo`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from adapters.sandbox import Face, Org, OrgClock, Size, Story, build_salesforce, load_story_salesforce, make_story
from adapters.sandbox.hubspot import build_hubspot
from adapters.sandbox.hubspot.loading import load_story as load_story_hubspot
from adapters.sandbox.rows import Actor
from adapters.sandbox.schema import ValidationRule
from connector.clock import Clock

SYSTEMS = ("hubspot", "salesforce")
_CUSTOMER = Actor(kind="setup", user="", name="customer", source="FORM")


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketNames:
    """What one CRM calls a ticket and its fields."""

    object: str
    subject: str
    description: str
    category: str
    priority: str
    status: str
    channel: str
    as_new: Mapping[str, str]
    from_web: str


_NAMES: Mapping[str, TicketNames] = {
    "hubspot": TicketNames(
        object="tickets", subject="subject", description="content", category="hs_ticket_category",
        priority="hs_ticket_priority", status="hs_pipeline_stage", channel="source_type",
        as_new={"hs_pipeline": "0", "hs_pipeline_stage": "1"}, from_web="FORM",
    ),
    "salesforce": TicketNames(
        object="Case", subject="Subject", description="Description", category="Type", priority="Priority",
        status="Status", channel="Origin", as_new={"Status": "New"}, from_web="Web",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededCrm:
    """One seeded org. `options` is its block of connector.yaml without the address, `secrets` what goes beside it."""

    system: str
    org: Org
    face: Face
    names: TicketNames
    story: Story
    rep: Actor
    options: Mapping[str, Any]
    secrets: Mapping[str, str]

    def arrive(self, subject: str, description: str) -> str:
        """A customer writes through the web form; the id of the new ticket."""
        names = self.names
        values = {
            **names.as_new, names.subject: subject, names.description: description, names.channel: names.from_web
        }
        with self.org.lock:
            return self.org.create(names.object, values, actor=_CUSTOMER).id

    def edit(self, ticket: str, field: str, value: str) -> None:
        """A colleague changes a field by hand."""
        with self.org.lock:
            self.org.update(self.names.object, ticket, {field: value}, actor=self.rep)

    def value(self, ticket: str, field: str) -> str | None:
        """What a field holds now; None when it is empty."""
        with self.org.lock:
            row = self.org.find(self.names.object, ticket)
        found = row.get(field) if row is not None else None
        return None if found in (None, "") else str(found)

    def add_rule(self, message: str, broken: Callable[[Mapping[str, Any]], bool]) -> None:
        """An administrator's validation rule on tickets, enforced by the CRM from now on."""
        with self.org.lock:
            definition = self.org.definition(self.names.object)
            fields = (self.names.category,)
            rule = ValidationRule(name="An_administrators_rule", broken=broken, message=message, fields=fields)
            self.org.schema = self.org.schema.with_object(replace(definition, rules=(*definition.rules, rule)))

    def block(self, url: str) -> dict[str, Any]:
        """The connection as connector.yaml wants it."""
        address = {"base_url": url} if self.system == "hubspot" else {"login_url": url, "instance_url": url}
        return {"system": self.system, **self.options, **address}


def seed_crm(
    system: str, *, seed: int, clock: Clock, tickets: int, index_lag_ms: tuple[int, int] = (300, 2_000)
) -> SeededCrm:
    """A company with `tickets` tickets, most of them filed by its people; the same seed gives the same company.

    `index_lag_ms` is how far HubSpot's search lags behind writes, at least and at most.
    """
    org_clock = OrgClock.following(clock.now)
    story = make_story(seed, until=clock.now() - timedelta(minutes=5), size=_size(tickets))
    names = _NAMES[system]
    if system == "hubspot":
        hub = build_hubspot(clock=org_clock, seed=seed, index_lag_ms=index_lag_ms)
        load_story_hubspot(hub.org, story)
        return SeededCrm(
            system=system, org=hub.org, face=hub.face, names=names, story=story, rep=hub.rep, options={},
            secrets={"access_token": hub.token},
        )
    force = build_salesforce(clock=org_clock, seed=seed, daily_calls=100_000)
    load_story_salesforce(force.org, story)
    return SeededCrm(
        system=system, org=force.org, face=force.face, names=names, story=story, rep=force.reps[0],
        options={"auth": "client_credentials", "client_id": force.app.client_id},
        secrets={"client_secret": force.app.client_secret},
    )


def _size(tickets: int) -> Size:
    usual = Size()
    return Size(**{name: getattr(usual, name) for name in Size.__slots__ if name != "tickets"}, tickets=tickets)


def secret_variable(connection: str, name: str) -> str:
    """The environment variable a secret is looked for under."""
    return f"CRM_CONNECTOR_{connection}_{name}".upper().replace("-", "_")
