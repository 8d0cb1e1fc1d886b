"""Where HubSpot access tokens come from: a service key as it is, or an OAuth refresh."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from adapters.hubspot.answers import parse_object
from adapters.hubspot.paths import rewrite
from connector.adapter import Environment, HttpRequest, Token, TokenStore
from connector.adapter.tokens import GrantRefusedError
from connector.errors import CredentialsError, SettingsError, UnavailableError

SERVICE_KEY, OAUTH = "service_key", "oauth"


class UnstoredToken:
    """A service key is read from the secrets at every start and copied nowhere: what is revoked there stops working."""

    def __init__(self) -> None:
        self._token: Token | None = None

    def current(self) -> Token | None:
        return self._token

    def swap(self, old: Token | None, new: Token) -> bool:
        if self._token is not old:
            return False
        self._token = new
        return True


def token_store(environment: Environment) -> TokenStore:
    """Where this connection's token is kept: only what a refresh brought is worth keeping over a restart."""
    return environment.tokens if environment.settings.get("auth", SERVICE_KEY) == OAUTH else UnstoredToken()


def fetch_token(environment: Environment, base_url: str, version: str, stored: Token | None) -> Token:
    """A token to work with; raises GrantRefusedError when HubSpot refuses the refresh token."""
    match environment.settings.get("auth", SERVICE_KEY):
        case "service_key":
            return Token(access=environment.secrets.get("access_token"))
        case "oauth":
            return _refresh(environment, base_url, version, stored)
        case other:
            raise SettingsError([f"auth: {other!r} is not {SERVICE_KEY!r} or {OAUTH!r}"])


def _refresh(environment: Environment, base_url: str, version: str, stored: Token | None) -> Token:
    refresh = (stored.refresh if stored else None) or environment.secrets.get("refresh_token")
    form = {
        "grant_type": "refresh_token",
        "client_id": str(environment.settings.get("client_id") or ""),
        "client_secret": environment.secrets.get("client_secret"),
        "refresh_token": refresh,
    }
    request = HttpRequest(
        method="POST",
        url=base_url + rewrite("/oauth/v1/token", version),
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        body=urlencode(form).encode(),
    )
    response = environment.transport.send(request)
    body = parse_object(response.body) or {}
    if response.status >= 500 or response.status == 429:
        raise UnavailableError(f"HubSpot's sign-in answered {response.status}")
    if response.status >= 400:
        raise GrantRefusedError("HubSpot refuses the refresh token")
    access = body.get("access_token")
    if not isinstance(access, str) or not access:
        raise CredentialsError("HubSpot's sign-in answered without an access token")
    lifetime = body.get("expires_in")
    expires = environment.clock.now() + timedelta(seconds=int(lifetime)) if isinstance(lifetime, int | float) else None
    return Token(access=access, refresh=str(body.get("refresh_token") or refresh), expires_at=expires)
