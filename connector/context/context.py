"""What an agent may know about one record: the record, its relatives, passages with origins, and past decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.context.stays import StageStays
from connector.record import FieldName, FieldValue, ObjectSchema, ObjectType, Origin, Record, RecordRef


class Audience(StrEnum):
    """Who may be shown a passage. Drafts to outsiders quote `customer` passages only."""

    INTERNAL = "internal"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A quotable piece of text with where it came from. A citation names it by its place in `Context.passages`."""

    text: str
    source: str  # as a person would look it up: "ticket.description", "returns.md#refunds", "email 2026-11-02 body"
    origin: Origin
    audience: Audience = Audience.INTERNAL
    title: str = ""
    category: str | None = None
    at: datetime | None = None
    ref: RecordRef | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A verbatim quote from one passage of the context; an invented quote voids the decision."""

    passage: int
    quote: str
    source: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDecision:
    """An earlier decision on this record, what became of it, and what a person said of it."""

    at: datetime
    policy: str
    summary: str
    outcome: str
    verdict: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything prepared for one decision. Records a decision may point at are picked by index into `records`.

    `records[0]` is the record the change happened to. `origins` tells per field of it who can have written the value.
    `hidden` names fields that the policy keeps from the agent, `masked` those it shows in part.
    `missing` names what was asked for and not found. `stays` tells how long deals that ended stood where this one stands.
    """

    records: tuple[Record, ...]
    schema: ObjectSchema
    passages: tuple[Passage, ...]
    past: tuple[PastDecision, ...]
    origins: Mapping[FieldName, Origin]
    now: datetime
    changed_from: Mapping[FieldName, FieldValue] = field(default_factory=dict)
    related: Mapping[ObjectType, tuple[int, ...]] = field(default_factory=dict)  # indices into `records`
    hidden: tuple[FieldName, ...] = ()
    masked: tuple[FieldName, ...] = ()
    missing: tuple[str, ...] = ()
    searches: int = 0
    stays: StageStays | None = None

    @property
    def record(self) -> Record:
        return self.records[0]

    @property
    def digest(self) -> str:
        """Names this context in the journal: a hash over versions and passages."""
        content = hashlib.sha256()
        for record in self.records:
            content.update(f"{record.ref}@{record.version}\n".encode())
        for passage in self.passages:
            content.update(f"{passage.source}\0{passage.text}\n".encode())
        return content.hexdigest()
