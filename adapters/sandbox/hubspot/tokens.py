"""Who may call: service keys that last, and OAuth tokens that are exchanged, expire and may rotate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from urllib.parse import parse_qs

from adapters.sandbox.clock import OrgClock
from adapters.sandbox.rows import Actor

from .errors import RefusedError, token_expired, unauthenticated

ACCESS_SECONDS = 1_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token stands for; a service key has no end."""

    actor: Actor
    ends_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthApp:
    """An app that exchanges refresh tokens; `rotates` makes each refresh token good for one use."""

    client_id: str
    client_secret: str
    actor: Actor
    rotates: bool = False


@dataclass(slots=True, kw_only=True)
class TokenBook:
    """Every token the account knows."""

    clock: OrgClock
    rng: Random
    grants: dict[str, Grant] = field(default_factory=dict)
    apps: dict[str, OAuthApp] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    issued: int = 0

    def actor(self, headers: Mapping[str, str]) -> Actor:
        """The caller behind a Bearer header; raises the 401 HubSpot gives."""
        scheme, _, token = (headers.get("Authorization") or "").partition(" ")
        grant = self.grants.get(token.strip()) if scheme.lower() == "bearer" else None
        if grant is None:
            raise unauthenticated()
        past = 0 if grant.ends_ms is None else self.clock.stamp() - grant.ends_ms
        if grant.ends_ms is not None and past >= 0:
            raise token_expired(past // 1000)
        return grant.actor

    def exchange(self, body: bytes) -> dict[str, object]:
        """The token endpoint: a refresh token for an access token."""
        form = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        app = self.apps.get(form.get("client_id", ""))
        if app is None or form.get("client_secret") != app.client_secret:
            raise _refused("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret")
        token = form.get("refresh_token", "")
        if form.get("grant_type") != "refresh_token" or self.refresh.get(token) != app.client_id:
            raise _refused("invalid_grant", "BAD_REFRESH_TOKEN", "missing or invalid refresh token")
        if app.rotates:
            del self.refresh[token]
            token = self._fresh("refresh")
            self.refresh[token] = app.client_id
        access = self._fresh("access")
        self.grants[access] = Grant(actor=app.actor, ends_ms=self.clock.stamp() + ACCESS_SECONDS * 1000)
        return {"token_type": "bearer", "access_token": access, "refresh_token": token, "expires_in": ACCESS_SECONDS}

    def introspect(self, body: bytes) -> dict[str, object]:
        """Whether a token is still good."""
        form = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        grant = self.grants.get(form.get("token", ""))
        good = grant is not None and (grant.ends_ms is None or self.clock.stamp() < grant.ends_ms)
        return {"active": good, "token_type": "bearer"}

    def _fresh(self, kind: str) -> str:
        self.issued += 1
        return f"{kind}-{self.issued}-{self.rng.getrandbits(64):016x}"


def _refused(error: str, status: str, message: str) -> RefusedError:
    """The token endpoint's own body carries both vocabularies [mem]."""
    return RefusedError(400, message, None, {"error": error, "error_description": message, "code": status})
