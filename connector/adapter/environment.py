"""What an adapter is given instead of reaching for it: time, randomness, transport, secrets, tokens, budget, log."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from connector.adapter.budget import RateBudget
from connector.adapter.changes import ChangeSource
from connector.adapter.reads import Capabilities, RecordReader
from connector.adapter.transport import Transport
from connector.adapter.writes import RecordWriter
from connector.clock import Clock
from connector.record import ConnectionName, FieldName, ObjectType


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token as stored; `generation` rises by one with every refresh."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    instance_url: str | None = None
    user: str | None = None  # the user or app it speaks for, where the CRM says so; stores keep it with the rest
    generation: int = 0


class TokenStore(Protocol):
    """Tokens of one connection, shared by threads and processes."""

    def current(self) -> Token | None: ...

    def swap(self, old: Token | None, new: Token) -> bool:
        """Store `new` only if the stored token is still `old`; False means that somebody else refreshed first."""
        ...


class Secrets(Protocol):
    """Named secrets of one connection; raises SettingsError naming what to set where when one is absent."""

    def get(self, name: str) -> str: ...

    def find(self, name: str) -> str | None: ...


class Log(Protocol):
    """Structured events in the past tense with fields; never a secret, never a field value."""

    def info(self, event: str, **fields: Any) -> Any: ...

    def warning(self, event: str, **fields: Any) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Everything outside that an adapter may use."""

    connection: ConnectionName
    settings: Mapping[str, Any]  # the connection's own block of connector.yaml, already checked for unknown keys
    clock: Clock
    random: random.Random
    transport: Transport
    secrets: Secrets
    tokens: TokenStore
    budget: RateBudget
    log: Log
    client: str = "crm-connector"  # how this daemon names itself to the CRM


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem `check` found, with what to do about it.

    One with an `object` is told only where somebody uses that object, one with a `field` where somebody names it.
    """

    subject: str
    problem: str
    fix: str
    fatal: bool = True
    object: ObjectType | None = None
    field: FieldName | None = None


@runtime_checkable
class KnowsItself(Protocol):
    """A CRM without field stamps that can say which of its users we are; an adapter MAY be one."""

    def own_user(self) -> str: ...


class Adapter(Protocol):
    """One connected CRM: what it can do, its changes, its records, its writes."""

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def changes(self) -> ChangeSource: ...

    @property
    def records(self) -> RecordReader: ...

    @property
    def writes(self) -> RecordWriter: ...

    def check(self) -> tuple[Finding, ...]:
        """Try credentials, permissions, schema mapping and options; every finding at once, nothing written."""
        ...


class AdapterFactory(Protocol):
    """The entry point of group `crm_connector.adapters`."""

    def __call__(self, environment: Environment) -> Adapter: ...
