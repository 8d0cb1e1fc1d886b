"""The tables that are looked at: cells as text, by column, with what a CRM's live schema adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTable:
    """One object or file. `options` are live lists by column; `lists` says which columns are lists, `free` which are not."""

    name: str
    columns: Mapping[str, Cells]
    options: Mapping[str, frozenset[str]] = field(default_factory=dict)
    free: frozenset[str] = frozenset()
    total: int | None = None  # how many records there are, where only the newest were read

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values()), ()))


class DefectKind(StrEnum):
    """What can be wrong with data."""

    INCOMPLETE = "incomplete"
    OFF_LIST = "off_list"
    UNKNOWN_REFERENCE = "unknown_reference"
    UNUSED = "unused"
    MIXED_FORMATS = "mixed_formats"
    CONTRADICTORY = "contradictory"
    STALE = "stale"
    DUPLICATE = "duplicate"
    FREE_TEXT = "free_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One value that is wrong, how many records hold it, and what is probably meant."""

    value: str
    records: int
    suggestion: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One thing that is wrong with one column, or with one table where `column` is None."""

    table: str
    column: str | None
    kind: DefectKind
    records: int
    problem: str
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Everything an assessment found."""

    columns: Sequence[ColumnProfile]
    defects: Sequence[Defect]


class Shape(StrEnum):
    """What the cells of a column look like, whatever its name."""

    EMPTY = "empty"
    NUMBER = "number"
    DATE = "date"
    CATEGORY = "category"
    NAME = "name"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """One column in figures. `belongs_to` names values of another column under which alone it is filled."""

    table: str
    column: str
    shape: Shape
    rows: int
    filled: int
    distinct: int
    belongs_to: str | None = None

    @property
    def share(self) -> float | None:
        return self.filled / self.rows if self.rows else None
