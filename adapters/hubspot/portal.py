"""What every part of the adapter shares about one portal: the client, the live schemas and the owners."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from adapters.hubspot.client import HubSpotClient
from adapters.hubspot.mapping import OBJECTS, PIPED
from adapters.hubspot.schema import LiveObject, build, read_bodies
from connector.adapter import Environment, ObjectType, User
from connector.errors import UnknownFieldError

_FRESH = timedelta(minutes=10).total_seconds()


class Portal:
    """One HubSpot account as this adapter sees it. Schemas and owners are kept for minutes."""

    def __init__(self, environment: Environment) -> None:
        self.client = HubSpotClient(environment)
        self.connection = environment.connection
        self.clock = environment.clock
        self.log = environment.log
        self.settings = environment.settings
        self.app_id: str | None = str(environment.settings["app_id"]) if environment.settings.get("app_id") else None
        self._schemas: dict[ObjectType, tuple[float, LiveObject]] = {}
        self._users: tuple[float, tuple[User, ...]] | None = None
        self._lock = threading.Lock()

    def live(self, object: ObjectType) -> LiveObject:
        """The live schema of an object; raises UnknownFieldError for an object HubSpot has no name for."""
        if object not in OBJECTS:
            raise UnknownFieldError(f"HubSpot has no object for {object}")
        with self._lock:
            kept = self._schemas.get(object)
        if kept is not None and self.clock.monotonic() - kept[0] < _FRESH:
            return kept[1]
        native = OBJECTS[object]
        properties = self.client.properties(native).response.body
        pipelines = self.client.pipelines(native).response.body if object in PIPED else b""
        live = build(object, *read_bodies(properties, pipelines), self.settings)
        with self._lock:
            self._schemas[object] = (self.clock.monotonic(), live)
        return live

    def users(self) -> tuple[User, ...]:
        """People and queues that can own records; the owner id is what `hubspot_owner_id` holds, not the user id."""
        if self._users is None or self.clock.monotonic() - self._users[0] >= _FRESH:
            self._users = (self.clock.monotonic(), tuple(_user(each) for each in self._owners()))
        return self._users[1]

    def forget(self) -> None:
        with self._lock:
            self._schemas.clear()
            self._users = None

    def learn_app_id(self, app_id: str | None) -> None:
        """Our own app's id, as the history of our first verified write names it."""
        if self.app_id is None and app_id is not None:
            self.app_id = app_id

    def _owners(self) -> list[Mapping[str, Any]]:
        owners: list[Mapping[str, Any]] = []
        after: str | None = None
        while True:
            answer = self.client.owners(after)
            owners.extend(answer.results())
            following = answer.next_after()
            if following is None or following == after:
                return owners
            after = following


def _user(owner: Mapping[str, Any]) -> User:
    name = " ".join(part for part in (owner.get("firstName"), owner.get("lastName")) if part)
    user_id = owner.get("userId") or owner.get("userIdIncludingInactive")
    return User(
        owner_id=str(owner.get("id")),
        user_id=None if user_id is None else str(user_id),
        name=name or str(owner.get("email") or owner.get("id")),
        email=owner.get("email") or None,
        is_queue=owner.get("type") == "QUEUE",
        active=not owner.get("archived"),
    )
