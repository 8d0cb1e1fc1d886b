"""The keys a policy may set for enrichment."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connector.policy import Section

_REGION = re.compile(r"[A-Z]{2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrichmentOptions:
    """`region` is the country, by two letters, whose numbers are meant where none is named; `free_mail` adds providers."""

    region: str | None = None
    free_mail: tuple[str, ...] = ()


DEFAULTS = EnrichmentOptions()


def read_enrichment_options(section: Section) -> EnrichmentOptions:
    return EnrichmentOptions(region=read_region(section), free_mail=section.texts("free_mail"))


def read_region(section: Section) -> str | None:
    """The key `region`: a country by two capital letters."""
    return section.parsed("region", _region, default=None) if section.has("region") else None


def _region(text: str) -> str | None:
    if not _REGION.fullmatch(text):
        raise ValueError(f"`{text}` is not a country by two capital letters, such as DE or US")
    return text
