"""The cookie of a session: never sent with a request another site began, never readable by a script."""

from __future__ import annotations

from collections.abc import Mapping

from connector.gate.sessions import LASTS
from connector.web.security.doors import Doors

_NAME = "connector_session"


def name_of(doors: Doors) -> str:
    # A browser takes a __Host- cookie only over https, for exactly this host: a neighbouring name cannot plant one.
    return f"__Host-{_NAME}" if doors.is_https else _NAME


def secret_in(cookies: Mapping[str, str], doors: Doors) -> str | None:
    return cookies.get(name_of(doors))


def setting(secret: str, doors: Doors) -> str:
    """The header that keeps a session's secret in the browser; an empty one ends it."""
    age = int(LASTS.total_seconds()) if secret else 0
    parts = [f"{name_of(doors)}={secret}", "Path=/", f"Max-Age={age}", "HttpOnly", "SameSite=Strict"]
    return "; ".join([*parts, *(["Secure"] if doors.is_https else [])])
