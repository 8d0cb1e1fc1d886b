"""What comes in by a public door: the port of a hook source, and what it may make of one delivery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from connector.adapter.channels import ChannelEnvironment
from connector.adapter.questions import PersonSaid
from connector.record import ConnectionName, ObjectType


@dataclass(frozen=True, slots=True, kw_only=True)
class HookDelivery:
    """One request as it arrived. `address` is the public one as configured, never rebuilt from what the request claims.

    Header names are in small letters; `body` are the raw bytes, since a signature covers those.
    """

    method: str
    address: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True, order=True)
class Hinted:
    """A record that may have changed. Nothing else that is said of it is ever used: the record is read again."""

    object: ObjectType
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldActivity:
    """What somebody did, where the CRM does not keep it: a page view, a download, an opened mail. `event` is its name.

    Whoever holds the sender's secret is believed that it happened; its words count as an outsider's.
    """

    object: ObjectType
    id: str
    event: str
    kind: str
    at: datetime
    subject: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A genuine delivery: the records it is about, and what people did around records.

    What it says of objects we do not know is left out.
    """

    records: tuple[Hinted, ...]
    activities: tuple[ToldActivity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forged:
    """The delivery does not prove who sent it, or is not of this moment."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbled:
    """Genuine, and not readable."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A genuine delivery that says what people answered to questions of ours."""

    words: tuple[PersonSaid, ...]


HookReading: TypeAlias = Heard | Spoken | Forged | Garbled


class HookSource(Protocol):
    """One sender. MUST answer Forged for everything it cannot prove, and MUST NOT raise whatever arrives."""

    @property
    def connection(self) -> ConnectionName:
        """The CRM whose records it hints at; its own name where it brings no hints."""
        ...

    def read(self, delivery: HookDelivery) -> HookReading: ...


HookFactory: TypeAlias = Callable[[ChannelEnvironment], HookSource]
