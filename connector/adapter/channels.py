"""How something leaves the CRM: the channel port, one dispatch per intent, and every answer a channel can give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from connector.adapter.addresses import Dial
from connector.adapter.environment import Finding, Log, Secrets
from connector.adapter.options import Options
from connector.adapter.transport import Transport
from connector.adapter.writes import Postponed, Refused, Unknown
from connector.clock import Clock
from connector.record import NO_FIELDS, ActionKind, FieldName, FieldValue, RecordRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One message on its way out, named by its intent.

    `fields` are the record's own values as re-read just before, as far as the channel `needs` them.
    """

    intent: str
    kind: ActionKind
    ref: RecordRef
    target: str  # the channel, endpoint or workflow as the policy names it
    to: tuple[str, ...]
    subject: str
    body: str
    parameters: Mapping[str, str]
    at: datetime
    fields: Mapping[FieldName, FieldValue] = field(default_factory=lambda: NO_FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The other side has taken it; `reference` is how it names it, for people who look there."""

    reference: str


DeliveryResult: TypeAlias = Delivered | Refused | Postponed | Unknown


class Channel(Protocol):
    """One way out. At most once: what may have arrived is never sent again, by nobody.

    `deliver` MUST answer Postponed only where certainly nothing arrived, Unknown where it may have, and MUST NOT retry.
    """

    @property
    def kinds(self) -> frozenset[ActionKind]: ...

    @property
    def needs(self) -> frozenset[FieldName]:
        """The fields of the record that it carries along."""
        ...

    def deliver(self, dispatch: Dispatch) -> DeliveryResult: ...

    def check(self) -> tuple[Finding, ...]:
        """Problems that show without delivering anything."""
        ...


@runtime_checkable
class StartsWorkflows(Protocol):
    """A CRM whose own automations can be started from outside; an adapter MAY be one."""

    def workflows(self) -> tuple[str, ...]:
        """The names of those that may be started."""
        ...

    def start_workflow(self, dispatch: Dispatch) -> DeliveryResult:
        """Start `dispatch.target` for the record, at most once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEnvironment:
    """Everything outside that a channel or lookup may use."""

    name: str
    options: Options
    clock: Clock
    secrets: Secrets
    dial: Dial
    folder: Path  # where relative files of settings count from
    transport_to: Callable[[str], Transport]
    """A transport that reaches the host of one address and no other."""
    log: Log


ChannelFactory: TypeAlias = Callable[[ChannelEnvironment], Channel]

_MAILED = frozenset({ActionKind.SEND_EMAIL, ActionKind.SCHEDULE_MEETING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlets:
    """The channels and endpoints of one settings file, by the names policies use.

    `at_home` names the endpoints on this machine or on a host that people named as theirs.
    """

    channels: Mapping[str, Channel] = field(default_factory=dict)
    endpoints: Mapping[str, Channel] = field(default_factory=dict)
    at_home: frozenset[str] = frozenset()

    def find(self, kind: ActionKind, target: str) -> Channel | None:
        """The way out for one action. Mail is named by relation, not by channel: it leaves through the one that mails."""
        if kind in _MAILED:
            return next((channel for channel in self.channels.values() if kind in channel.kinds), None)
        named = (self.endpoints if kind is ActionKind.CALL_ENDPOINT else self.channels).get(target)
        return named if named is not None and kind in named.kinds else None

    def needs(self, kind: ActionKind, target: str) -> frozenset[FieldName]:
        """The fields of the record that an action carries out of the CRM."""
        channel = self.find(kind, target)
        return channel.needs if channel is not None else frozenset()

    def leaving(self, kind: ActionKind, target: str) -> frozenset[FieldName]:
        """Those of them that leave the house."""
        stays = kind is ActionKind.CALL_ENDPOINT and target in self.at_home
        return frozenset() if stays else self.needs(kind, target)
