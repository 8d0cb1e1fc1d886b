"""What an agent may read: related records, lookups and knowledge; and what never leaves, or only masked."""

from __future__ import annotations

from dataclasses import dataclass

from connector.policy.reading import Section
from connector.record import FieldName


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The bounds of a policy's context. `never` and `mask` hold for every prompt, search and draft."""

    related: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()
    knowledge: tuple[str, ...] = ()
    never: tuple[FieldName, ...] = ()
    mask: tuple[FieldName, ...] = ()


def read_evidence(section: Section) -> Evidence:
    """The section `context`."""
    evidence = Evidence(
        related=section.names_list("related"),
        lookups=section.names_list("lookups"),
        knowledge=section.names_list("knowledge"),
        never=tuple(FieldName(name) for name in section.names_list("never")),
        mask=tuple(FieldName(name) for name in section.names_list("mask")),
    )
    for name in sorted({*evidence.never} & {*evidence.mask}):
        section.wrong("mask", f"`{name}` is under `never` as well")
    section.close()
    return evidence
