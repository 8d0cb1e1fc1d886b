"""Stays of opportunities in their stages, from the rows that Salesforce adds whenever one of them changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.reads import READ_BATCH
from adapters.salesforce.soql import chunks, one_of, parse_stamp, safe_id
from connector.adapter import FieldName, ObjectType, RecordRef, Stay, stays_of

NATIVE = "OpportunityHistory"
_STAGE, _TRACKED = FieldName("stage"), "StageName"


class StageRows:
    """Reads the stage history. Of a stage that the user keeps in a field of their own Salesforce has none."""

    def __init__(self, client: SalesforceClient, catalog: Catalog) -> None:
        self._client = client
        self._catalog = catalog

    def stays(self, refs: Sequence[RecordRef]) -> Mapping[RecordRef, tuple[Stay, ...]]:
        column = self._catalog.describe(ObjectType.OPPORTUNITY).select([_STAGE])[_STAGE]
        if column.native != _TRACKED:
            return dict.fromkeys(refs, ())
        told: dict[str, list[tuple[datetime, str, object]]] = defaultdict(list)
        for batch in chunks([safe_id(ref.id) for ref in refs], READ_BATCH):
            names = ("Id", "OpportunityId", _TRACKED, "CreatedDate")
            for row in self._client.rows(names, NATIVE, one_of("OpportunityId", batch)):
                entry = (parse_stamp(row["CreatedDate"]), str(row["Id"]), column.value(row[_TRACKED]))
                told[str(row["OpportunityId"])[:15]].append(entry)
        return {
            ref: stays_of((at, stage) for at, _, stage in sorted(told[ref.id[:15]], key=lambda one: one[:2]))
            for ref in refs
        }
