"""Read the records around a batch of records: one call per relation for the whole batch, never one per record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from connector.adapter import RecordReader
from connector.context.activities import ToldActivities
from connector.context.relations import RELATIONS, Relation
from connector.errors import AccessDeniedError, UnknownFieldError
from connector.record import VOCABULARY, FieldName, ObjectSchema, ObjectType, Record, RecordRef, asks_approval

_ACCOUNT, _OWNER = FieldName("account"), FieldName("owner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relatives:
    """What was found around each record of a batch, by relation name, and which relations our user may not read."""

    of: Mapping[RecordRef, Mapping[str, tuple[Record, ...]]]
    denied: tuple[str, ...]
    schemas: Mapping[ObjectType, ObjectSchema]


class RelativeReader:
    """Reads relations for one batch. `never` fields are not even asked for; `told` adds activities the CRM does not keep."""

    def __init__(
        self, reader: RecordReader, *, never: Collection[FieldName], limit: int, told: ToldActivities | None = None
    ) -> None:
        self._reader = reader
        self._told = told
        self._never = frozenset(never)
        self._limit = limit
        self._denied: list[str] = []
        self._schemas: dict[ObjectType, ObjectSchema] = {}

    def read(self, records: Sequence[Record], names: Sequence[str]) -> Relatives:
        """Every named relation of every record. Raises RetryableError as the CRM does; nothing is kept then."""
        relations = [RELATIONS[name] for name in dict.fromkeys(names)]
        refs = [record.ref for record in records]
        found: dict[RecordRef, dict[str, tuple[Record, ...]]] = {ref: {} for ref in refs}
        for relation in (relation for relation in relations if not relation.past and relation.via is None):
            answers = self._related(refs, relation)
            for ref in refs:
                found[ref][relation.name] = answers.get(ref, ())
        for relation in relations:
            if relation.via is None:
                continue
            carriers = self._carriers(records, found, relation.via)
            answers = self._related(list(dict.fromkeys(carriers.values())), relation)
            for ref in refs:
                found[ref][relation.name] = answers.get(carriers[ref], ()) if ref in carriers else ()
        past = [relation for relation in relations if relation.past]
        if past:
            anchors = self._anchors(records, found)
            for relation in past:
                answers = self._related(list(dict.fromkeys(anchors.values())), relation)
                for ref in refs:
                    around = answers.get(anchors[ref], ()) if ref in anchors else ()
                    found[ref][relation.name] = tuple(other for other in around if other.ref != ref)
        return Relatives(of=found, denied=tuple(self._denied), schemas=self._schemas)

    def _related(self, refs: Sequence[RecordRef], relation: Relation) -> Mapping[RecordRef, tuple[Record, ...]]:
        if not refs or relation.name in self._denied:
            return {}
        told = self._told(refs) if self._told is not None and relation.object is ObjectType.ACTIVITY else {}
        found = self._in_crm(refs, relation, expected=not told)
        if not told:
            return found
        shown = {ref: [_without(one, self._never) for one in some] for ref, some in told.items()}
        return {ref: _newest((*found.get(ref, ()), *shown.get(ref, ())), self._limit) for ref in refs}

    def _in_crm(
        self, refs: Sequence[RecordRef], relation: Relation, *, expected: bool
    ) -> Mapping[RecordRef, tuple[Record, ...]]:
        try:
            schema = self._reader.schema(relation.object)
            wanted = relation.fields if relation.fields is not None else VOCABULARY[relation.object].keys()
            fields = (wanted & schema.fields.keys()) - self._never
            self._schemas[relation.object] = schema
            found = self._reader.related(refs, relation.object, sorted(fields), limit=self._limit)
            # A question of ours is no evidence for its own answer.
            return {ref: tuple(one for one in some if not asks_approval(one)) for ref, some in found.items()}
        except (AccessDeniedError, UnknownFieldError):
            # The agent is told that it sees less; the record is not set aside for it.
            self._denied += [relation.name] if expected else []
            return {}

    def _carriers(
        self, records: Sequence[Record], found: Mapping[RecordRef, Mapping[str, tuple[Record, ...]]], kind: ObjectType
    ) -> dict[RecordRef, RecordRef]:
        """The owner of each record, or the contact it is about."""
        if kind is ObjectType.USER:
            owners = ((record.ref, record.value(_OWNER)) for record in records)
            return {ref: RecordRef(ref.connection, kind, one) for ref, one in owners if isinstance(one, str) and one}
        asking = [record.ref for record in records if record.ref.object is not kind]
        known = {ref: found[ref][kind.value] for ref in asking if kind.value in found[ref]}
        read = self._related([ref for ref in asking if ref not in known], RELATIONS[kind.value])
        return {ref: around[0].ref for ref in asking if (around := known.get(ref) or read.get(ref))}

    def _anchors(
        self, records: Sequence[Record], found: Mapping[RecordRef, Mapping[str, tuple[Record, ...]]]
    ) -> dict[RecordRef, RecordRef]:
        """Whose history counts as a record's past: its account's, or its contact's where no account is known."""
        anchors = {record.ref: anchor for record in records if (anchor := known_account(record)) is not None}
        for kind in (ObjectType.ACCOUNT, ObjectType.CONTACT):
            lacking = [record.ref for record in records if record.ref not in anchors and record.ref.object is not kind]
            known = {ref: found[ref][kind.value] for ref in lacking if kind.value in found[ref]}
            unread = [ref for ref in lacking if ref not in known]
            read = self._related(unread, RELATIONS[kind.value])
            for ref in lacking:
                if around := known.get(ref) or read.get(ref):
                    anchors[ref] = around[0].ref
        return anchors


def _newest(records: Iterable[Record], limit: int) -> tuple[Record, ...]:
    return tuple(sorted(records, key=lambda one: one.created_at, reverse=True)[:limit])


def _without(record: Record, never: frozenset[FieldName]) -> Record:
    return replace(record, fields={name: value for name, value in record.fields.items() if name not in never})


def known_account(record: Record) -> RecordRef | None:
    """The account a record belongs to, as far as the record itself tells."""
    if record.ref.object is ObjectType.ACCOUNT:
        return record.ref
    named = record.value(_ACCOUNT)
    listed = record.related.get(ObjectType.ACCOUNT, ())
    account = named if isinstance(named, str) and named else listed[0] if listed else None
    return RecordRef(record.ref.connection, ObjectType.ACCOUNT, account) if account else None
