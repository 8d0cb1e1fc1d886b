"""Keep the index in step with the CRM: texts go in before the cursor passes them, out before a record is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.context.index import Index
from connector.context.indexing import IndexedRecord, index_records
from connector.context.memory import Recall
from connector.context.wanted import classes_of
from connector.policy import Policy
from connector.record import ObjectSchema, Record, RecordRef
from connector.settings import Privacy


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedTexts:
    """The road's side of the index. Only texts that some policy may search are indexed at all."""

    index: Index
    recall: Recall
    privacy: Privacy

    def remember(self, records: Sequence[Record], schema: ObjectSchema, policies: Sequence[Policy]) -> None:
        """Index these records for the policies that search; what any of them hides is hidden from the index."""
        searching = [policy for policy in policies if policy.reason.searches]
        if not searching or not records:
            return
        never = {*self.privacy.never, *(name for policy in searching for name in policy.context.never)}
        mask = {*self.privacy.mask, *(name for policy in searching for name in policy.context.mask)}
        written = self.recall([record.ref for record in records]).written
        indexed = [
            IndexedRecord(
                record=record, schema=schema, written=written.get(record.ref, ()),
                local=record.ref.object in self.privacy.local_only,
            )
            for record in records
        ]
        index_records(self.index, indexed, classes_of(never=sorted(never), mask=sorted(mask)))

    def forget(self, refs: Sequence[RecordRef]) -> None:
        """Deleted and merged records are found no more."""
        if refs:
            self.index.delete_records(refs)
