"""How the story's links, amounts and days are written in HubSpot."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from adapters.sandbox.associations import LinkKind
from adapters.sandbox.rows import RowKey

from .association_types import DEFINED, inverse_of


def links_to(object_name: str, target: RowKey) -> list[tuple[RowKey, LinkKind, LinkKind | None]]:
    """Every standard type from an object to a record: the first company of a deal is its primary one."""
    back = {kind.id: kind for kind in DEFINED.get((target.object, object_name), ())}
    found: list[tuple[RowKey, LinkKind, LinkKind | None]] = []
    for kind in DEFINED.get((object_name, target.object), ()):
        inverse = back[inverse_of(kind.id)]
        link = LinkKind(kind.category, kind.id, kind.label)
        found.append((target, link, LinkKind(inverse.category, inverse.id, inverse.label)))
    return found


def money(amount: Decimal) -> str:
    """An amount as HubSpot shows it: no zeros that say nothing."""
    return format(amount.normalize(), "f")


def midnight(day: date) -> datetime:
    """The start of a day in UTC, which is how HubSpot keeps dates."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
