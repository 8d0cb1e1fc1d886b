"""`/services/oauth2/token`: who may call, for how long; JWT bearer and client credentials only."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from adapters.sandbox.org import Org
from adapters.sandbox.rows import Actor
from adapters.sandbox.salesforce.ids import ALPHABET
from adapters.sandbox.salesforce.people import INTEGRATION_USERNAME
from adapters.sandbox.wire import WireRequest

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TWO_HOURS = 2 * 3600 * 1000
_LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedApp:
    """A client of the org. With a `public_key` (PEM) the signature of its JWTs is verified too."""

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"
    run_as: str = INTEGRATION_USERNAME
    public_key: str | None = None
    audiences: Sequence[str] = field(default_factory=lambda: _LOGIN_HOSTS)


class TokenRefusedError(Exception):
    """The grant was refused: OAuth error name and description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.body = {"error": error, "error_description": description}


class Sessions:
    """Access tokens and whom they speak for."""

    def __init__(self, org: Org, app: ConnectedApp, rng: Random, *, lifetime: int = _TWO_HOURS) -> None:
        self._org = org
        self._app = app
        self._rng = rng
        self._lifetime = lifetime
        self._expiry: dict[str, tuple[Actor, int]] = {}
        self.issued = 0

    def issue(self, actor: Actor) -> str:
        """A new token for an actor; also how a test gets one without a grant."""
        self.issued += 1
        token = "00D5g0000000001!AQ" + "".join(self._rng.choices(ALPHABET, k=64))
        self._expiry[token] = (actor, self._org.clock.stamp() + self._lifetime)
        return token

    def actor_of(self, token: str) -> Actor | None:
        """Whom a token speaks for; None when it is unknown or expired."""
        found = self._expiry.get(token)
        return found[0] if found is not None and self._org.clock.stamp() < found[1] else None

    def expire(self, token: str) -> None:
        self._expiry.pop(token, None)

    def expire_all(self) -> None:
        self._expiry.clear()

    def grant(self, request: WireRequest, instance_url: str) -> dict[str, Any]:
        """Answer a token request; raises TokenRefusedError."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        match form.get("grant_type"):
            case "client_credentials":
                username = self._client_credentials(request, form)
                extra = {"scope": "api", "api_instance_url": instance_url}
            case grant if grant == JWT_GRANT:
                username, extra = self._jwt(form.get("assertion", ""), instance_url), {"scope": "api"}
            case _:
                raise TokenRefusedError("unsupported_grant_type", "grant type not supported")
        actor = self._actor(username)
        return {
            "access_token": self.issue(actor),
            "instance_url": instance_url,
            "id": f"https://login.salesforce.com/id/00D5g0000000001AAA/{actor.user}",
            "token_type": "Bearer",
            "issued_at": str(self._org.clock.stamp()),
            "signature": base64.b64encode(self._rng.randbytes(32)).decode(),
            **extra,
        }

    def _client_credentials(self, request: WireRequest, form: Mapping[str, str]) -> str:
        given = (form.get("client_id", ""), form.get("client_secret", ""))
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise TokenRefusedError("invalid_client", "invalid client credentials") from None
            given = (user, password)
        if given[0] != self._app.client_id:
            raise TokenRefusedError("invalid_client_id", "client identifier invalid")
        if given[1] != self._app.client_secret:
            raise TokenRefusedError("invalid_client", "invalid client credentials")
        return self._app.run_as

    def _jwt(self, assertion: str, instance_url: str) -> str:
        claims = self._claims(assertion)
        if claims.get("iss") != self._app.client_id:
            raise TokenRefusedError("invalid_client_id", "client identifier invalid")
        if claims.get("aud") not in (*self._app.audiences, instance_url):
            raise TokenRefusedError("invalid_grant", "audience is invalid")
        expires = str(claims.get("exp", ""))  # simple-salesforce sends it as text
        if not expires.isdigit() or int(expires) * 1000 <= self._org.clock.stamp():
            raise TokenRefusedError("invalid_grant", "assertion expired")
        return str(claims.get("sub", ""))

    def _claims(self, assertion: str) -> dict[str, Any]:
        try:
            head, body, _ = assertion.split(".")
            header, claims = (json.loads(base64.urlsafe_b64decode(part + "===")) for part in (head, body))
        except (ValueError, binascii.Error):
            raise TokenRefusedError("invalid_grant", "invalid assertion") from None
        if not isinstance(header, dict) or not isinstance(claims, dict) or header.get("alg") != "RS256":
            raise TokenRefusedError("invalid_grant", "invalid assertion")
        if self._app.public_key is not None and not _is_signed(assertion, self._app.public_key):
            raise TokenRefusedError("invalid_grant", "invalid assertion")
        return claims

    def _actor(self, username: str) -> Actor:
        rows = self._org.rows_with("User", "Username", username)
        if not rows or not rows[0].get("IsActive"):
            raise TokenRefusedError("invalid_grant", "user hasn't approved this consumer")
        return Actor(
            kind="agent" if username == self._app.run_as else "rep", user=rows[0].id, name=username, source="API"
        )


def _is_signed(assertion: str, public_key: str) -> bool:
    from jwt import PyJWS, PyJWTError  # only an app with a key needs it

    try:
        PyJWS().decode(assertion, public_key, algorithms=["RS256"])
    except PyJWTError:
        return False
    return True
