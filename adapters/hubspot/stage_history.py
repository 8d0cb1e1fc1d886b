"""Stays of deals in their stages, from the history of the property that holds the stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.hubspot.records import HubSpotRecords
from connector.adapter import FieldName, ObjectType, RecordRef, Stay, stays_of

_STAGE = FieldName("stage")


def stays(records: HubSpotRecords, refs: Sequence[RecordRef]) -> Mapping[RecordRef, tuple[Stay, ...]]:
    """What HubSpot still keeps of each deal's stages; of a very long past the oldest stays have fallen off."""
    rows = records.rows(ObjectType.OPPORTUNITY, [ref.id for ref in refs], (_STAGE,))
    found: dict[RecordRef, tuple[Stay, ...]] = {}
    for ref in refs:
        newest_first = rows[ref.id].histories.get(_STAGE, ()) if ref.id in rows else ()
        found[ref] = stays_of((entry.stamp.at, entry.value) for entry in reversed(newest_first))
    return found
