"""The keys a policy may set for record hygiene."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from connector.decision.agents.enrichment_options import read_region
from connector.policy import Duration, Section
from connector.record import FieldName


@dataclass(frozen=True, slots=True, kw_only=True)
class HygieneOptions:
    """When an open record counts as forgotten, the rivals to look for and where they are kept, and how 3/4 is read."""

    silent_for: Duration = Duration(span=timedelta(days=60))  # noqa: RUF009 - a frozen value
    competitors: tuple[str, ...] = ()
    competitor_field: FieldName | None = None
    region: str | None = None
    day_first: bool | None = None


DEFAULTS = HygieneOptions()


def read_hygiene_options(section: Section) -> HygieneOptions:
    field = section.optional_name("competitor_field")
    return HygieneOptions(
        silent_for=section.duration("silent_for", default=DEFAULTS.silent_for), competitors=section.texts("competitors"),
        competitor_field=FieldName(field) if field else None, region=read_region(section),
        day_first=section.yes_or_no("day_first", default=False) if section.has("day_first") else None,
    )
