"""CaseHistory, OpportunityFieldHistory, OpportunityHistory and the like, derived from the org's own history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from adapters.sandbox.history import FieldChange
from adapters.sandbox.org import Org
from adapters.sandbox.rows import Row, RowKey, Value
from adapters.sandbox.salesforce.ids import base62, checksum
from adapters.sandbox.salesforce.objects_setup import HISTORY_OBJECTS, STAGE_HISTORY, TRACKED

_STAGE_FIELDS = ("StageName", "Amount", "ExpectedRevenue", "CloseDate", "Probability", "ForecastCategory")
_LONGEST_VALUE = 255


class HistoryRows:
    """Read-only rows computed when they are asked for; their ids follow from the record and the place in its past."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def rows(self, name: str, parent_id: str | None) -> Iterator[Row]:
        """History rows of one record, or of all."""
        parent = "Opportunity" if name == STAGE_HISTORY else HISTORY_OBJECTS[name]
        keys = self._org.history.keys(parent) if parent_id is None else [RowKey(parent, parent_id)]
        for key in keys:
            seen = self._org.find(*key)
            # The rows of a transaction show when it commits, like what it changed.
            changes = [one for one in self._org.history.of(key) if seen is not None and one.at <= seen.stamp]
            yield from self._stages(key, changes) if name == STAGE_HISTORY else self._fields(name, key, changes)

    def _fields(self, name: str, key: RowKey, changes: Sequence[FieldChange]) -> Iterator[Row]:
        parent_field = "CaseId" if key.object == "Case" else f"{key.object}Id"
        first_write = changes[0].at if changes else 0
        definition = self._org.schema.objects[key.object]
        for place, change in enumerate(changes):
            if change.field not in TRACKED[key.object] or (change.before is None and change.at == first_write):
                continue
            field = definition.fields.get(change.field)
            long = field is not None and field.kind == "textarea" and field.length > _LONGEST_VALUE
            values: dict[str, Value] = {
                parent_field: key.id,
                "Field": "Owner" if change.field == "OwnerId" else change.field,
                "DataType": "EntityId" if field is not None and field.references else "Text",
                "OldValue": None if long else change.before,
                "NewValue": None if long else change.after,
            }
            yield _row(name, key, place, change, values)

    def _stages(self, key: RowKey, changes: Sequence[FieldChange]) -> Iterator[Row]:
        now: dict[str, Value] = {}
        for place, (_, group) in enumerate(groupby(changes, key=lambda change: (change.at, change.request))):
            before, listed = dict(now), list(group)
            now.update({change.field: change.after for change in listed if change.field in _STAGE_FIELDS})
            if any(change.field in ("StageName", "Amount", "CloseDate", "Probability") for change in listed):
                values = {**{name: now.get(name) for name in _STAGE_FIELDS}, "OpportunityId": key.id}
                values |= {"PrevAmount": before.get("Amount"), "PrevCloseDate": before.get("CloseDate")}
                yield _row(STAGE_HISTORY, key, place, listed[0], values)


def _row(name: str, parent: RowKey, place: int, change: FieldChange, values: dict[str, Value]) -> Row:
    prefix = "008" if name == STAGE_HISTORY else "017"
    id15 = prefix + parent.id[3:7] + parent.id[11:15] + base62(place, 4)
    return Row(
        key=RowKey(name, id15 + checksum(id15)),
        values=values,
        created=change.at,
        created_by=change.user,
        modified=change.at,
        modified_by=change.user,
        stamp=change.at,
    )
