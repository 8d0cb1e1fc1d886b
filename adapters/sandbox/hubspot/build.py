"""Puts an account together: org, face, token, clock, randomness and faults."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from adapters.sandbox.clock import OrgClock
from adapters.sandbox.faults import Faults
from adapters.sandbox.org import Org
from adapters.sandbox.rows import Actor
from adapters.sandbox.wire import WireRequest, WireResponse

from .bumps import SelfBumps
from .face import HubSpotFace
from .index import SearchIndex
from .limits import Allowance, RateMeter
from .owners import add_owner
from .peers import Peers
from .portal import Portal
from .schema import standard_schema
from .tokens import Grant, OAuthApp, TokenBook

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
TOKEN = "pat-eu1-sandbox"
APP_ID = "8123456"
PORTAL_ID = 26_123_456
SETUP = Actor(kind="setup", user="", name="setup", source="IMPORT", source_id="70001")
REP_OWNER, REP_USER = "4100001", "9100001"
_ROBIN = {"email": "robin@acme.example", "firstName": "Robin", "lastName": "Reyes", "userId": REP_USER}


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSpotSandbox:
    """An account ready to be called; `rep` is a person whose edits show as CRM_UI."""

    org: Org
    face: HubSpotFace
    portal: Portal
    tokens: TokenBook
    token: str
    agent: Actor
    rep: Actor
    setup: Actor

    def call(self, method: str, path: str, body: object = None, *, query: str = "") -> WireResponse:
        """One call with the service key, in process."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        raw = b"" if body is None else json.dumps(body).encode()
        return self.face.respond(WireRequest(method=method, path=path, query=query, headers=headers, body=raw))


def rep_actor(user_id: str, name: str = "") -> Actor:
    """A person at work in the account, by user id (not owner id)."""
    return Actor(
        kind="rep", user=user_id, name=name or f"user {user_id}", source="CRM_UI", source_id=f"userId:{user_id}"
    )


def build_hubspot(
    *,
    clock: OrgClock | None = None,
    seed: int = 0,
    faults: Faults | Mapping[str, float] | None = None,
    token: str = TOKEN,
    app_id: str = APP_ID,
    portal_id: int = PORTAL_ID,
    allowance: Allowance | None = None,
    oauth: OAuthApp | None = None,
    refresh_token: str = "refresh-0",
    index_lag_ms: tuple[int, int] = (300, 2_000),
) -> HubSpotSandbox:
    """An empty account with the standard objects, one rep who is an owner, and one service key for the agent."""
    clock = clock or OrgClock(START)
    if not isinstance(faults, Faults):
        faults = Faults(Random(f"{seed}:faults"), faults)
    org = Org(schema=standard_schema(), clock=clock, faults=faults, rng=Random(f"{seed}:org"))
    agent = Actor(kind="agent", user="", name="integration", source="INTEGRATION", source_id=app_id)
    rep = rep_actor(REP_USER, "Robin Reyes")
    add_owner(org, REP_OWNER, _ROBIN, setup=SETUP)
    tokens = TokenBook(clock=clock, rng=Random(f"{seed}:tokens"), grants={token: Grant(actor=agent)})
    if oauth is not None:
        tokens.apps[oauth.client_id] = oauth
        tokens.refresh[refresh_token] = oauth.client_id
    portal = Portal(
        org=org,
        portal_id=portal_id,
        app_id=app_id,
        index=SearchIndex(org=org, shortest_ms=index_lag_ms[0], longest_ms=index_lag_ms[1]),
        bumps=SelfBumps(Random(f"{seed}:bumps")),
        rng=Random(f"{seed}:face"),
    )
    peers = Peers(portal, rep)
    org.before_agent_write.append(peers.edit_before_write)
    face = HubSpotFace(portal=portal, tokens=tokens, meter=RateMeter(allowance or Allowance()), peers=peers)
    return HubSpotSandbox(
        org=org, face=face, portal=portal, tokens=tokens, token=token, agent=agent, rep=rep, setup=SETUP
    )
