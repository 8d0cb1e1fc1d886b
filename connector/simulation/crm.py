"""The two orgs as people use them: tickets made, edited, closed, deleted, merged; and the road's way into each."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.registry import factory
from adapters.sandbox.automations import Written
from adapters.sandbox.clock import OrgClock
from adapters.sandbox.faults import Faults
from adapters.sandbox.hubspot import build_hubspot
from adapters.sandbox.hubspot.links import default_kind, inverse_kind
from adapters.sandbox.org import Org
from adapters.sandbox.rows import Actor, Row, RowKey, Value
from adapters.sandbox.salesforce.build import build_salesforce
from adapters.sandbox.wire import Face
from connector.adapter import Adapter, Environment, Lane, Log, RateBudget, Token, Transport
from connector.clock import Clock, HeldClock
from connector.record import ConnectionName
from connector.simulation.natives import HUBSPOT, SALESFORCE, Natives

ADDRESSES = {"hubspot": "https://api.hubapi.com", "salesforce": "https://org.my.salesforce.com"}
SECRETS = ("pat-eu1-sandbox-canary", "sandbox-secret")
"""What must never be found in a journal, a log or the state."""


class KeptToken:
    """The token file of one connection: it survives a crash."""

    def __init__(self) -> None:
        self._token: Token | None = None

    def current(self) -> Token | None:
        return self._token

    def swap(self, old: Token | None, new: Token) -> bool:
        if self._token != old:
            return False
        self._token = new
        return True


class _Secrets:
    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets

    def get(self, name: str) -> str:
        return self._secrets[name]

    def find(self, name: str) -> str | None:
        return self._secrets.get(name)


@dataclass(slots=True, kw_only=True)
class SimulatedCrm:
    """One org and the people in it. Values are under shared names; `delete` and `merge` are what people do."""

    connection: ConnectionName
    natives: Natives
    org: Org
    face: Face
    reps: Sequence[Actor]
    settings: Mapping[str, object]
    secrets: Mapping[str, str]
    tokens: KeptToken
    merge_rows: Callable[[str, str], Row]
    link_contact: Callable[[str, str], None]

    @property
    def faults(self) -> Faults:
        return self.org.faults

    def create(self, values: Mapping[str, str | None], *, rep: Actor) -> str:
        native = self.natives.native(values)
        return self.org.create(self.natives.ticket, self._complete(native), actor=rep).id

    def edit(self, ticket: str, values: Mapping[str, str | None], *, rep: Actor) -> None:
        native = {name: "" if value is None else value for name, value in self.natives.native(values).items()}
        self.org.update(self.natives.ticket, ticket, native, actor=rep)

    def value(self, ticket: str, name: str) -> str | None:
        row = self.org.find(self.natives.ticket, ticket)
        return self.natives.shared(name, row.get(self.natives.fields[name])) if row is not None else None

    def delete(self, ticket: str, *, rep: Actor) -> None:
        self.org.delete(self.natives.ticket, ticket, actor=rep)

    def undelete(self, ticket: str, *, rep: Actor) -> None:
        self.org.undelete(self.natives.ticket, ticket, actor=rep)

    def live(self) -> list[str]:
        return [row.id for row in self.org.rows(self.natives.ticket)]

    def adapter(self, *, clock: Clock, chance: random.Random, transport: Transport, log: Log) -> Adapter:
        """A new adapter with the real client library, as after a start of the daemon."""
        return factory(self.natives.system)(
            Environment(
                connection=self.connection, settings=self.settings, clock=clock, random=chance, transport=transport,
                secrets=_Secrets(self.secrets), tokens=self.tokens, budget=RateBudget(clock, LANES), log=log,
            )
        )

    def _complete(self, native: Mapping[str, str | None]) -> dict[str, object]:
        given: dict[str, object] = {name: value for name, value in native.items() if value is not None}
        return given | ({"hs_pipeline": "0"} if self.natives is HUBSPOT else {})


LANES: Mapping[str, Lane] = {}


def hubspot(connection: ConnectionName, world: HeldClock, seed: int) -> SimulatedCrm:
    """A portal whose clock is the world's."""
    faults = Faults(random.Random(f"{seed}:{connection}:faults"))
    token = SECRETS[0]
    sandbox = build_hubspot(clock=OrgClock.following(world.now), seed=seed, faults=faults, token=token)
    org, rep = sandbox.org, sandbox.rep
    # A small org has few pages; short ones let a listing be cut, repeated and started over.
    sandbox.portal.longest_list = random.Random(f"{seed}:{connection}:pages").choice((2, 4, 100))

    def merge(winner: str, loser: str) -> Row:
        old = [str(org.get("tickets", each).get("hs_merged_object_ids") or "") for each in (winner, loser)]
        ids = [*";".join(old).split(";"), winner, loser]
        row = org.merge("tickets", winner, [loser], actor=rep, into_new=True)
        listed = ";".join(dict.fromkeys(each for each in ids if each))
        return org.update("tickets", row.id, {"hs_merged_object_ids": listed}, actor=replace(rep, kind="setup"))

    def link(ticket: str, contact: str) -> None:
        origin, target = RowKey("tickets", ticket), RowKey("contacts", contact)
        kind = default_kind(sandbox.portal, "tickets", "contacts")
        back = inverse_kind(sandbox.portal, "contacts", "tickets", kind)
        org.associate(origin, target, kind, inverse=back, actor=rep)

    return SimulatedCrm(
        connection=connection, natives=HUBSPOT, org=org, face=sandbox.face, reps=(rep,),
        settings={"system": "hubspot"}, secrets={"access_token": token}, tokens=KeptToken(), merge_rows=merge,
        link_contact=link,
    )


def salesforce(connection: ConnectionName, world: HeldClock, seed: int) -> SimulatedCrm:
    """A Salesforce org whose clock is the world's."""
    faults = Faults(random.Random(f"{seed}:{connection}:faults"))
    address = ADDRESSES["salesforce"]
    built = build_salesforce(
        clock=OrgClock.following(world.now), seed=seed, faults=faults, instance_url=address, daily_calls=1_000_000
    )
    org, rep = built.org, built.reps[0]

    def merge(winner: str, loser: str) -> Row:
        return org.merge("Case", winner, [loser], actor=rep)

    def link(ticket: str, contact: str) -> None:
        org.update("Case", ticket, {"ContactId": contact}, actor=rep)

    return SimulatedCrm(
        connection=connection, natives=SALESFORCE, org=org, face=built.face, reps=tuple(built.reps),
        settings={
            "system": "salesforce", "client_id": "sandbox-client", "auth": "client_credentials", "login_url": address,
        },
        secrets={"client_secret": SECRETS[1]}, tokens=KeptToken(), merge_rows=merge, link_contact=link,
    )  # fmt: skip


BUILDERS = {"hubspot": hubspot, "salesforce": salesforce}


def automation_on(crm: SimulatedCrm, watched: str, rewritten: Mapping[str, Mapping[str, str]]) -> None:
    """A flow of the org: when `watched` gets one of these values, it sets others."""
    natives = crm.natives
    native = natives.fields[watched]

    def run(written: Written) -> Mapping[str, Value]:
        if written.row.object != natives.ticket or native not in written.changed:
            return {}
        wanted = rewritten.get(natives.shared(watched, written.row.get(native)) or "")
        return dict(natives.native(wanted)) if wanted else {}

    crm.org.automations.append(run)
