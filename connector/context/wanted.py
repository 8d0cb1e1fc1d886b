"""What a policy asks to see, as plain values, and how much of it at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector.context.context import Passage
from connector.context.relations import RELATIONS
from connector.record import NO_FIELDS, FieldClass, FieldName, FieldValue, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The largest context that is ever prepared."""

    relatives: int = 10  # records per relation
    hits: int = 6  # passages of knowledge
    passages: int = 40
    characters: int = 60_000  # of all passages together


OF_A_SET = Bounds(relatives=5, hits=2, passages=16, characters=2_500)
"""How much of each record where a hundred are looked at together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One policy's `context` section with the settings' field classes laid over it."""

    related: tuple[str, ...] = ()
    knowledge: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()
    classes: Mapping[FieldName, FieldClass] = field(default_factory=dict)
    searches: int = 0
    local: bool = False  # texts of these records may not leave the machine, not even to an embedder
    fields: frozenset[FieldName] | None = None  # of the record itself; None shows them all
    quoted: frozenset[FieldName] = frozenset()  # short fields that are passages too, so that an answer can quote them
    bounds: Bounds = field(default_factory=Bounds)
    timeless: bool = False  # the same context asked about later has the same answer
    stays: str | None = None  # the policy whose ended deals the time in a stage is measured against

    def __post_init__(self) -> None:
        if unknown := [name for name in self.related if name not in RELATIONS]:
            raise ValueError(f"no such relation: {', '.join(unknown)}")


def classes_of(*, never: Sequence[FieldName] = (), mask: Sequence[FieldName] = ()) -> Mapping[FieldName, FieldClass]:
    """Field classes from the lists of policies and settings; `never` beats `mask`."""
    return dict.fromkeys(mask, FieldClass.MASK) | dict.fromkeys(never, FieldClass.NEVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One record to prepare a context for; `found` and `missing` bring what was found before or could not be."""

    record: Record
    changed_from: Mapping[FieldName, FieldValue] = field(default_factory=lambda: NO_FIELDS)
    found: tuple[Passage, ...] = ()
    missing: tuple[str, ...] = ()
