"""Bring the texts of records into the index, as far as they may be shown, under the account they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.context.agent_values import AgentValue
from connector.context.chunking import chunks_of, text_blocks
from connector.context.index import Index, IndexEntry, account_scope, entry_key
from connector.context.origins import origins_of
from connector.context.redaction import hide
from connector.context.relatives import known_account
from connector.context.texts import audience_of, clean, passages_of
from connector.record import FieldClass, FieldName, ObjectSchema, Record, RecordRef


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedRecord:
    """A record to index. `account` is what its associations say, where the record itself does not tell."""

    record: Record
    schema: ObjectSchema
    account: RecordRef | None = None
    written: tuple[AgentValue, ...] = ()  # what agents wrote on it, from memory
    local: bool = False


def index_records(
    index: Index, indexed: Sequence[IndexedRecord], classes: Mapping[FieldName, FieldClass]
) -> None:
    """Replace everything the index holds of these records; call it with whole batches."""
    index.delete_records([one.record.ref for one in indexed])
    index.upsert([entry for one in indexed for entry in entries_of(one, classes)])


def entries_of(indexed: IndexedRecord, classes: Mapping[FieldName, FieldClass]) -> tuple[IndexEntry, ...]:
    """One entry per passage of a record's texts. Hidden fields are not in them, masked ones only masked."""
    record = indexed.record
    shown = hide([record], classes)
    account = known_account(record) or indexed.account
    passages = passages_of(shown.records[0], indexed.schema, origins_of(record, indexed.written), own=False)
    return tuple(
        IndexEntry(
            key=entry_key(str(record.ref), passage.source, str(place)),
            scope=account_scope(account or record.ref),
            title=shown.scrub(passage.title),
            body=shown.scrub(clean(chunk.text)),
            source=passage.source,
            origin=passage.origin,
            audience=audience_of(record.ref.object),
            at=passage.at,
            ref=record.ref,
            local=indexed.local,
        )
        for passage in passages
        for place, chunk in enumerate(chunks_of(list(text_blocks(passage.text))))
    )
