"""Read-only sources beside the CRM: the lookup port, and what it can answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from connector.adapter.channels import ChannelEnvironment
from connector.adapter.environment import Finding
from connector.record import FieldClass, FieldName, FieldValue


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupRow:
    """One row as the source gave it; every column is text in one line."""

    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """What the source holds for the record; no rows is an answer too."""

    rows: tuple[LookupRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLookedUp:
    """The source was not asked or did not answer; `away` says that the next question will fare no better."""

    why: str
    away: bool = False


LookupResult: TypeAlias = LookedUp | NotLookedUp


class Lookup(Protocol):
    """One named source. It changes nothing there, MUST bind parameters rather than paste them, and MUST NOT raise."""

    @property
    def needs(self) -> frozenset[FieldName]:
        """The fields it is asked with: the record's own, or a relative's as `contact.email`."""
        ...

    @property
    def columns(self) -> Mapping[str, FieldClass]:
        """The columns it may show, and how; others are never read out of an answer."""
        ...

    @property
    def key(self) -> str:
        """The column by which a person finds a row there; citations name it."""
        ...

    @property
    def local(self) -> bool:
        """Whether asking it keeps everything on this machine or in the house."""
        ...

    @property
    def outsider(self) -> bool:
        """Whether strangers write into it, so that its words carry no more than theirs."""
        ...

    def find(self, fields: Mapping[FieldName, FieldValue]) -> LookupResult: ...

    def check(self) -> tuple[Finding, ...]: ...


LookupFactory: TypeAlias = Callable[[ChannelEnvironment], Lookup]
