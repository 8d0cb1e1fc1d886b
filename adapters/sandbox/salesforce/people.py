"""Who works in the org: the users that can be actors."""

from __future__ import annotations

from adapters.sandbox.org import Org
from adapters.sandbox.rows import Actor, Row

INTEGRATION_USERNAME = "integration@example.com"


def rep_of(row: Row) -> Actor:
    """The actor for a user row."""
    return Actor(kind="rep", user=row.id, name=str(row.get("Name") or ""), source="CRM_UI")


def active_users(org: Org) -> list[Actor]:
    """Active colleagues, the integration user excluded, in order of creation."""
    return [
        rep_of(row) for row in org.rows("User") if row.get("IsActive") and row.get("Username") != INTEGRATION_USERNAME
    ]
