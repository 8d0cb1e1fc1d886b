"""connector.yaml as one frozen value: where things stand, which CRMs are connected, what may leave the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from connector.record import ConnectionName, FieldName, ObjectType

SCHEMA_VERSION = 1
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """One connected CRM. `options` are the adapter's own keys; the adapter checks them."""

    name: ConnectionName
    system: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideSettings:
    """One channel, endpoint or lookup. `options` are its own keys, with the lines they stand on; it checks them itself."""

    name: str
    kind: str
    options: Mapping[str, Any]
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Which model stands behind each tier, and the address of a local one."""

    names: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    base_url: str = "https://api.anthropic.com"
    local_url: str | None = None
    concurrent: int = 4
    batches: bool = False  # backfills ask in batches: half the price, answers within a day


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSettings:
    """An embedding service in place of the built-in likeness of spelling."""

    url: str
    model: str
    dimension: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What never leaves the machine, what leaves masked, and which objects stay on it altogether."""

    never: tuple[FieldName, ...] = ()
    mask: tuple[FieldName, ...] = ()
    local_only: frozenset[ObjectType] = frozenset()
    local_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The page for people: where it is served, and under which address people open it when that is another one."""

    port: int
    address: str = "127.0.0.1"
    origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HooksSettings:
    """The public door for webhooks: where it is served, as which address senders call it, and who they are."""

    served: WebSettings
    sources: tuple[OutsideSettings, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Some policies by name, or all of them."""

    some: frozenset[str] = frozenset()
    every: bool = False

    def names(self, policy: str) -> bool:
        return self.every or policy in self.some


NONE_CHOSEN = Chosen()


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackAsking:
    """Questions posted to one Slack channel by an app of one's own; verdicts come in at the door of the source `source`."""

    channel: str
    source: str
    policies: Chosen
    api: str = "https://slack.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalSettings:
    """Where questions are put besides the page: tasks on the record, Slack, and letters with a link to the page."""

    tasks: Chosen = NONE_CHOSEN
    mail: Chosen = NONE_CHOSEN
    slack: SlackAsking | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a daemon is told. Paths are absolute; relative ones in the file are relative to the file."""

    file: Path
    state: Path
    policies: Path
    knowledge: Path | None
    secrets: Path | None
    heads: Path
    connections: tuple[ConnectionSettings, ...]
    poll: timedelta = timedelta(seconds=30)
    batch: int = 200
    models: ModelSettings = field(default_factory=ModelSettings)
    privacy: Privacy = field(default_factory=Privacy)
    learning: str = "full"
    web: WebSettings | None = None
    hooks: HooksSettings | None = None
    approvals: ApprovalSettings = field(default_factory=ApprovalSettings)
    embedding: EmbeddingSettings | None = None
    channels: tuple[OutsideSettings, ...] = ()
    endpoints: tuple[OutsideSettings, ...] = ()
    lookups: tuple[OutsideSettings, ...] = ()

    def connection(self, name: str) -> ConnectionSettings | None:
        return next((one for one in self.connections if one.name == name), None)
