"""Builds a Salesforce-flavoured org with its people, and the face to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from adapters.sandbox.clock import OrgClock
from adapters.sandbox.faults import Faults
from adapters.sandbox.org import Org
from adapters.sandbox.rows import Actor
from adapters.sandbox.salesforce.face import SalesforceFace
from adapters.sandbox.salesforce.limits import ApiBudget
from adapters.sandbox.salesforce.people import INTEGRATION_USERNAME
from adapters.sandbox.salesforce.token import ConnectedApp
from adapters.sandbox.schema_salesforce import salesforce_schema

SETUP = Actor(kind="setup", user="", name="setup", source="SETUP")
_REPS = (
    ("Amara", "Diallo", "Sales"),
    ("Jonas", "Brandt", "Sales"),
    ("Priya", "Nair", "Sales"),
    ("Lucia", "Romero", "Service"),
)
_QUEUES = ("Support Tier 1", "Support Tier 2", "Billing Desk", "Returns Desk")


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesforceOrg:
    """An org, its face, and who is in it: the integration user's actor, the reps, the queues' ids by name."""

    org: Org
    face: SalesforceFace
    app: ConnectedApp
    agent: Actor
    reps: Sequence[Actor]
    queues: dict[str, str]

    def access_token(self) -> str:
        """A valid token of the integration user, without a token call."""
        return self.face.sessions.issue(self.agent)


def build_salesforce(
    *,
    clock: OrgClock,
    seed: int = 0,
    faults: Faults | None = None,
    app: ConnectedApp | None = None,
    daily_calls: int = 15_000,
    enforce_limits: bool = False,
    instance_url: str | None = None,
    reps: int = len(_REPS),
) -> SalesforceOrg:
    """An empty org with an integration user, `reps` reps and four queues, and a face that speaks for it."""
    rng = Random(seed)
    org = Org(schema=salesforce_schema(), clock=clock, faults=faults or Faults(Random(seed + 1)), rng=rng)
    connected = app or ConnectedApp()
    budget = ApiBudget(allowance=daily_calls, enforced=enforce_limits)
    face = SalesforceFace(org, app=connected, budget=budget, rng=rng, instance_url=instance_url)
    agent_id = _user(org, "Connector", "Integration", INTEGRATION_USERNAME, "IT")
    _record_types(org)
    return SalesforceOrg(
        org=org,
        face=face,
        app=connected,
        agent=Actor(kind="agent", user=agent_id, name="Connector Integration", source="API"),
        reps=[_rep(org, number) for number in range(reps)],
        queues={name: _queue(org, name) for name in _QUEUES},
    )


def _rep(org: Org, number: int) -> Actor:
    first, last, department = _REPS[number % len(_REPS)]
    again = "" if number < len(_REPS) else str(number // len(_REPS) + 1)
    username = f"{first.lower()}.{last.lower()}{again}@example.com"
    user_id = _user(org, first, last + again, username, department)
    return Actor(kind="rep", user=user_id, name=f"{first} {last}{again}", source="CRM_UI")


def _user(org: Org, first: str, last: str, username: str, department: str) -> str:
    values = {
        "FirstName": first,
        "LastName": last,
        "Username": username,
        "Email": username,
        "Alias": last[:8].lower(),
        "Department": department,
        "IsActive": True,
    }
    return org.create("User", values, actor=SETUP).id


def _queue(org: Org, name: str) -> str:
    values = {"Name": name, "DeveloperName": name.replace(" ", "_"), "Type": "Queue"}
    return org.create("Group", values, actor=SETUP).id


def _record_types(org: Org) -> None:
    for definition in org.schema.objects.values():
        for kind in definition.record_types:
            values = {
                "Name": kind.name,
                "DeveloperName": kind.name.replace(" ", "_"),
                "SobjectType": definition.name,
                "IsActive": True,
            }
            org.create("RecordType", values, actor=SETUP, row_id=kind.id)
