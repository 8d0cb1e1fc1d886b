"""What the org looks like to our user: object descriptions and owners, asked once and kept for some minutes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from adapters.salesforce.client import ResourceMissingError, SalesforceClient
from adapters.salesforce.mapping import ObjectMap
from adapters.salesforce.schema import Description, narrowed, read_description
from adapters.salesforce.soql import safe_name
from connector.adapter import Environment, ObjectSchema, ObjectType, User
from connector.errors import PermanentError, UnknownFieldError

_KEPT_SECONDS = 600.0


class Catalog:
    """Descriptions by object, shared by reading, writing and capture."""

    def __init__(self, environment: Environment, client: SalesforceClient, maps: Mapping[ObjectType, ObjectMap]) -> None:
        self._clock = environment.clock
        self._log = environment.log
        self._client = client
        self._maps = maps
        self._lock = threading.Lock()
        self._described: dict[ObjectType, tuple[float, Description]] = {}
        self._narrowed: dict[ObjectType, tuple[Description, ObjectSchema]] = {}
        self._users: tuple[float, tuple[User, ...]] | None = None

    @property
    def objects(self) -> frozenset[ObjectType]:
        return frozenset(self._maps)

    def describe(self, kind: ObjectType) -> Description:
        """The live description of an object; UnknownFieldError when Salesforce has no such object for us."""
        with self._lock:
            kept = self._described.get(kind)
        now = self._clock.monotonic()
        if kept is not None and now - kept[0] < _KEPT_SECONDS:
            return kept[1]
        mapped = self._maps.get(kind)
        if mapped is None:
            raise UnknownFieldError(f"{kind}: Salesforce has no such object here; name one under `objects`")
        try:
            answer = self._client.get(f"sobjects/{safe_name(mapped.native)}/describe")
        except ResourceMissingError as error:
            raise UnknownFieldError(f"{kind}: Salesforce has no {mapped.native}, or hides it from our user") from error
        description = read_description(kind, mapped, answer.body)
        with self._lock:
            self._described[kind] = (now, description)
        return description

    def schema(self, kind: ObjectType) -> ObjectSchema:
        """The live schema, its options narrowed by record type where the object has record types."""
        description = self.describe(kind)
        if not description.record_types:
            return description.schema
        kept = self._narrowed.get(kind)
        if kept is None or kept[0] is not description:
            kept = (description, self._by_record_type(description))
            self._narrowed[kind] = kept
        return kept[1]

    def _by_record_type(self, description: Description) -> ObjectSchema:
        try:
            answer = self._client.get(f"sobjects/{safe_name(description.native)}/describe/layouts")
        except PermanentError as error:
            # Without it the CRM still refuses an option its record type lacks; we only learn it later.
            self._log.warning("record_types_not_described", object=description.native, reason=error.message)
            return description.schema
        return narrowed(description, answer.body)

    def refresh(self) -> None:
        with self._lock:
            self._described.clear()
            self._narrowed.clear()
            self._users = None

    def users(self) -> tuple[User, ...]:
        """People first, then queues, each in id order."""
        now = self._clock.monotonic()
        if self._users is None or now - self._users[0] >= _KEPT_SECONDS:
            people = self._client.rows(("Id", "Name", "Email", "IsActive"), "User")
            queues = self._client.rows(("Id", "Name"), "Group", "Type = 'Queue'")
            found = (*map(_person, people), *map(_queue, queues))
            self._users = (now, found)
        return self._users[1]


def _person(row: Mapping[str, Any]) -> User:
    return User(
        owner_id=str(row["Id"]), user_id=str(row["Id"]), name=str(row.get("Name") or ""), email=row.get("Email"),
        active=bool(row.get("IsActive", True)),
    )  # fmt: skip


def _queue(row: Mapping[str, Any]) -> User:
    return User(owner_id=str(row["Id"]), user_id=None, name=str(row.get("Name") or ""), email=None, is_queue=True)
