"""How we sign in to Salesforce: a JWT bearer assertion or client credentials; never a password."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from connector.adapter import Environment, HttpRequest, HttpResponse, Secrets, Token
from connector.adapter.tokens import GrantRefusedError
from connector.errors import CredentialsError, InvalidResponseError, RateLimitedError, SettingsError, UnavailableError

PRODUCTION, TEST = "https://login.salesforce.com", "https://test.salesforce.com"
_ASSERTION_LIFE = timedelta(minutes=3)
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def token_request(environment: Environment) -> HttpRequest:
    """The call that asks for an access token, signed for this connection."""
    settings = environment.settings
    login_url = str(settings.get("login_url") or PRODUCTION).rstrip("/")
    client_id = _setting(settings, "client_id", environment)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    match settings.get("auth", "jwt"):
        case "jwt":
            form = {"grant_type": _JWT_GRANT, "assertion": _assertion(environment, login_url, client_id)}
        case "client_credentials":
            form = {"grant_type": "client_credentials"}
            pair = f"{client_id}:{environment.secrets.get('client_secret')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        case other:
            at = f"connections.{environment.connection}.auth"
            raise SettingsError([f"{at}: {other!r} is not jwt or client_credentials"])
    url = f"{login_url}/services/oauth2/token"
    return HttpRequest(method="POST", url=url, headers=headers, body=urlencode(form).encode(), read=30.0)


def token_from(answer: HttpResponse) -> Token:
    """The token an answer carries, with the id of the user it speaks for."""
    content = _content(answer)
    if answer.status != 200:
        raise _refusal(answer.status, content)
    access, instance = content.get("access_token"), content.get("instance_url")
    if not isinstance(access, str) or not isinstance(instance, str):
        raise InvalidResponseError("the login answered without an access token or an instance")
    identity = str(content.get("id") or "").rsplit("/", 1)[-1]
    user = identity if identity.startswith("005") else None
    return Token(access=access, instance_url=instance.rstrip("/"), user=user)


def audience(login_url: str) -> str:
    """Whom the assertion is meant for: the generic login of production or of test orgs, else the address itself."""
    host = urlsplit(login_url).hostname or ""
    if host == "test.salesforce.com" or host.endswith(".sandbox.my.salesforce.com"):
        return TEST
    return PRODUCTION if host.endswith(".salesforce.com") else login_url


def _assertion(environment: Environment, login_url: str, client_id: str) -> str:
    import jwt

    now: datetime = environment.clock.now()
    claims = {
        "iss": client_id,
        "sub": _setting(environment.settings, "username", environment),
        "aud": str(environment.settings.get("audience") or audience(login_url)),
        "exp": int((now + _ASSERTION_LIFE).timestamp()),
    }
    try:
        return jwt.encode(claims, _private_key(environment.secrets), algorithm="RS256")
    except (ValueError, TypeError, jwt.exceptions.PyJWTError) as error:
        raise CredentialsError("the private key of this connection is not an RSA key in PEM form") from error


def _private_key(secrets: Secrets) -> str:
    # Environment variables often carry the PEM with its line ends written as \n.
    return secrets.get("private_key").replace("\\n", "\n")


def _setting(settings: Mapping[str, Any], name: str, environment: Environment) -> str:
    value = settings.get(name)
    if not isinstance(value, str) or not value:
        raise SettingsError([f"connections.{environment.connection}.{name}: missing"])
    return value


def _content(answer: HttpResponse) -> Mapping[str, Any]:
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        content = None
    if isinstance(content, dict):
        return content
    if answer.status >= 500:
        raise UnavailableError(f"the login answered {answer.status}")
    raise InvalidResponseError(f"the login answered {answer.status} with something that is not JSON")


def _refusal(status: int, content: Mapping[str, Any]) -> Exception:
    code, reason = str(content.get("error", "")), str(content.get("error_description", ""))
    if status == 429:
        return RateLimitedError("the login accepts no more calls for now", retry_after=timedelta(minutes=1))
    if status >= 500 or code in {"server_error", "temporarily_unavailable"}:
        return UnavailableError(f"the login answered {status}")
    message = f"Salesforce refused the login: {code or status} {reason}".strip()
    return GrantRefusedError(message) if code == "invalid_grant" else CredentialsError(message)
