"""A parsed query as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal as Choice

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A value in a condition. `kind` is how it was written."""

    kind: Choice["string", "number", "boolean", "null", "date", "datetime"]
    value: str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field against one literal: = != < <= > >= LIKE."""

    field: Path
    operator: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class Membership:
    """A field IN or NOT IN a list."""

    field: Path
    negated: bool
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class All:
    """Every condition holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one condition holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition


Condition = Comparison | Membership | All | Either | Not


@dataclass(frozen=True, slots=True)
class Order:
    field: Path
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """SELECT ... FROM ...; `fields` is empty for count()."""

    fields: Sequence[Path]
    object: str
    where: Condition | None = None
    order: Sequence[Order] = ()
    limit: int | None = None
    offset: int = 0

    @property
    def counts(self) -> bool:
        return not self.fields
