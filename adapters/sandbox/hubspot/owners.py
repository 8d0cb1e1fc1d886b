"""Owners: the people records are assigned to. An owner id is not a user id (facts §3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adapters.sandbox.org import Org
from adapters.sandbox.rows import Actor, Row
from adapters.sandbox.schema import FieldDefinition, ObjectDefinition

from .stamps import iso

OWNERS = "owners"
_FIELDS = ("email", "firstName", "lastName", "userId", "type", "team")


def owners_object() -> ObjectDefinition:
    """Owners as engine rows; they are not reachable as CRM objects."""
    return ObjectDefinition(
        name=OWNERS, label="Owner", fields={name: FieldDefinition(name=name, kind="string") for name in _FIELDS}
    )


def add_owner(org: Org, owner_id: str, values: Mapping[str, str], *, setup: Actor) -> Row:
    """Give the org one more owner, who writes under another number (`userId`) as a user."""
    return org.create(OWNERS, {"type": "PERSON", **values}, actor=setup, row_id=owner_id)


def owner_ids(org: Org) -> list[str]:
    """Ids a `hubspot_owner_id` may hold."""
    return [row.id for row in org.rows(OWNERS)]


def user_of(org: Org, owner_id: str) -> str | None:
    """The user number behind an owner."""
    row = org.find(OWNERS, owner_id)
    return None if row is None else str(row.get("userId"))


def described_owner(row: Row) -> dict[str, object]:
    """The JSON of `/crm/owners/{id}`."""
    user = int(str(row.get("userId")))
    archived = row.deleted is not None
    described: dict[str, object] = {
        "id": row.id,
        "email": row.get("email"),
        "type": row.get("type"),
        "firstName": row.get("firstName"),
        "lastName": row.get("lastName"),
        "userId": None if archived else user,
        "userIdIncludingInactive": user,
        "createdAt": iso(row.created),
        "updatedAt": iso(row.stamp),
        "archived": archived,
    }
    if row.get("team"):
        described["teams"] = [{"id": "1", "name": row.get("team"), "primary": True}]
    return described


def listed_owners(org: Org, *, email: str | None, archived: bool) -> Iterator[Row]:
    """Owners as the list endpoint filters them."""
    for row in org.rows(OWNERS, deleted=True):
        if (row.deleted is not None) is archived and email in (None, row.get("email")):
            yield row
