"""A CRM row as the org keeps it, who wrote it, and how rows are addressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

Value = str | int | float | bool | None
ActorKind = Literal["agent", "rep", "automation", "setup"]


class RowKey(NamedTuple):
    """The address of a row: native object name and id."""

    object: str
    id: str

    def __str__(self) -> str:
        return f"{self.object}/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who writes. `user` is a native user id; `source` and `source_id` are what a field history shows."""

    kind: ActorKind
    user: str
    name: str = ""
    source: str = ""
    source_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record at one moment: native field values plus the org's own stamps in milliseconds.

    `stamp` moves with every write and also alone (background work); `modified` moves with writes only.
    """

    key: RowKey
    values: Mapping[str, Value]
    created: int
    created_by: str
    modified: int
    modified_by: str
    stamp: int
    revision: int = 1
    deleted: int | None = None
    merged_into: str | None = None

    @property
    def object(self) -> str:
        return self.key.object

    @property
    def id(self) -> str:
        return self.key.id

    def get(self, field: str) -> Value:
        """The value of a field; None when it was never set."""
        return self.values.get(field)
