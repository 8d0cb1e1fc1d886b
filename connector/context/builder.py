"""Prepare contexts for a batch of records under one policy: relatives, passages with origins, and what is remembered.

The CRM is read once per relation for the whole batch; the database only through `recall`, once per batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.adapter import Lookup, RecordReader
from connector.context.activities import ToldActivities
from connector.context.context import Context, Passage
from connector.context.index import Index, IndexState, Reach, knowledge_scope
from connector.context.lookups import FromLookups, Lookups
from connector.context.memory import Recall, Recollection
from connector.context.origins import origins_of
from connector.context.redaction import Redacted, hide
from connector.context.relations import RELATIONS
from connector.context.relatives import RelativeReader, Relatives
from connector.context.stays import EndedDeal, EndedDeals, stays_beside
from connector.context.texts import clean, clipped, field_passages, passages_of, text_fields
from connector.context.wanted import Bounds, Subject, Wanted
from connector.errors import PermanentError
from connector.record import FieldClass, FieldName, FieldSchema, ObjectSchema, ObjectType, Record, RecordRef


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """What all contexts of one batch share."""

    wanted: Wanted
    schema: ObjectSchema
    relatives: Relatives
    remembered: Recollection
    looked_up: Mapping[RecordRef, FromLookups]
    ended: Sequence[EndedDeal]
    now: datetime


class ContextBuilder:
    """Builds contexts for the records of one connection."""

    def __init__(
        self, *, reader: RecordReader, index: Index, recall: Recall, lookups: Mapping[str, Lookup] | None = None,
        ended: EndedDeals | None = None, told: ToldActivities | None = None,
    ) -> None:
        self._told = told
        self._reader = reader
        self._ended = ended
        self._lookups = lookups or {}
        self._index = index
        self._recall = recall

    def build(
        self, subjects: Sequence[Subject], wanted: Wanted, schema: ObjectSchema, *, now: datetime
    ) -> tuple[Context, ...]:
        """One context per subject, in order. All subjects are of the object that `schema` describes.

        Raises RetryableError as the CRM does; a relation our user may not read is named in `missing` instead.
        """
        records = [subject.record for subject in subjects]
        reading = RelativeReader(self._reader, never=_never(wanted), limit=wanted.bounds.relatives, told=self._told)
        relatives = reading.read(records, wanted.related)
        remembered = self._recall(tuple(dict.fromkeys(_refs(records, relatives))))
        looked_up = self._looked_up(records, relatives, wanted)
        batch = _Batch(
            wanted=wanted, schema=schema, relatives=relatives, remembered=remembered, looked_up=looked_up,
            ended=self._ended_like(records, wanted), now=now,
        )
        return tuple(self._context(subject, batch) for subject in subjects)

    def _context(self, subject: Subject, batch: _Batch) -> Context:
        ref, wanted, schema = subject.record.ref, batch.wanted, batch.schema
        around, places = _laid_out(batch.relatives.of[ref])
        earlier = replace(subject.record, fields=subject.changed_from, stamps={})
        shown = hide((subject.record, earlier, *around), wanted.classes)
        own, before, *others = (_narrowed(record, wanted, ref) for record in shown.records)
        # Origins are told from what the CRM holds: a masked value no longer looks like the one an agent wrote.
        origins = origins_of(subject.record, batch.remembered.written.get(ref, ()))
        own_texts = passages_of(own, schema, origins, own=True)
        hits, unanswered = self._knowledge(own_texts, wanted)
        short = wanted.quoted - {name for name, _ in text_fields(own, schema)}
        own_texts = (*own_texts, *field_passages(own, schema, short, origins, own=True))
        looked_up = batch.looked_up.get(ref, FromLookups())
        passages = (*own_texts, *subject.found, *looked_up.passages, *hits, *_texts_around(around, others, batch))
        return Context(
            records=(own, *others),
            schema=replace(schema, fields=_visible(schema, wanted)),
            passages=_within(_scrubbed(passages, shown), wanted.bounds),
            past=batch.remembered.past.get(ref, ()),
            origins={name: origin for name, origin in origins.items() if name in own.fields},
            now=batch.now,
            changed_from=before.fields,
            related=places,
            hidden=tuple(sorted(_never(wanted) & (subject.record.fields.keys() | schema.fields.keys()))),
            masked=tuple(sorted(name for name, kept in wanted.classes.items() if kept is FieldClass.MASK)),
            missing=(*subject.missing, *looked_up.missing, *_missing(batch.relatives, ref), *unanswered),
            searches=wanted.searches,
            stays=stays_beside(own, batch.ended) if wanted.stays is not None else None,
        )

    def _ended_like(self, records: Sequence[Record], wanted: Wanted) -> Sequence[EndedDeal]:
        if self._ended is None or wanted.stays is None or not records:
            return ()
        ref = records[0].ref
        return self._ended(ref.connection, ref.object, wanted.stays)

    def _looked_up(
        self, records: Sequence[Record], relatives: Relatives, wanted: Wanted
    ) -> Mapping[RecordRef, FromLookups]:
        """What the policy's lookups say about each record; a field only they need is read for them here."""
        asking = Lookups(sources=self._lookups, names=wanted.lookups, classes=wanted.classes, local=wanted.local)
        if not wanted.lookups:
            return {}
        needed = asking.own_fields()
        if any(needed - record.fields.keys() for record in records):
            records = [_completed(record, found) for record, found in self._read_also(records, needed)]
        around = [relatives.of[record.ref] for record in records]
        return {record.ref: found for record, found in zip(records, asking.ask(records, around), strict=True)}

    def _read_also(
        self, records: Sequence[Record], names: Collection[FieldName]
    ) -> Iterator[tuple[Record, Record | None]]:
        try:
            found = self._reader.read([record.ref for record in records], sorted(names))
        except PermanentError:  # a field the CRM does not have: the lookup will say what it lacks
            found = {}
        for record in records:
            read = found.get(record.ref)
            yield record, read if isinstance(read, Record) else None

    def _knowledge(self, own_texts: Sequence[Passage], wanted: Wanted) -> tuple[tuple[Passage, ...], tuple[str, ...]]:
        """The best knowledge for what the record says, and the words for `missing` where none was found."""
        question = clipped("\n".join(passage.text for passage in own_texts), 2_000)
        if not wanted.knowledge or not question.strip():
            return (), ()
        reach = Reach(scopes=frozenset(knowledge_scope(name) for name in wanted.knowledge))
        hits = self._index.search(question, reach, limit=wanted.bounds.hits, local=wanted.local)
        if hits:
            return tuple(hit.entry.passage(hit.score) for hit in hits), ()
        state = self._index.stats().state
        return (), ("knowledge" if state is IndexState.READY else f"knowledge (the index waits for a {state.value})",)


def _narrowed(record: Record, wanted: Wanted, ref: RecordRef) -> Record:
    """The record itself with the fields that were asked for; relatives stay as they are."""
    if wanted.fields is None or record.ref != ref:
        return record
    return replace(record, fields={name: value for name, value in record.fields.items() if name in wanted.fields})


def _completed(record: Record, also: Record | None) -> Record:
    return record if also is None else replace(record, fields={**also.fields, **record.fields})


def _never(wanted: Wanted) -> frozenset[FieldName]:
    return frozenset(name for name, kept in wanted.classes.items() if kept is FieldClass.NEVER)


def _visible(schema: ObjectSchema, wanted: Wanted) -> Mapping[FieldName, FieldSchema]:
    hidden = _never(wanted)
    return {name: field for name, field in schema.fields.items() if name not in hidden}


def _refs(records: Sequence[Record], relatives: Relatives) -> Iterator[RecordRef]:
    for record in records:
        yield record.ref
        for around in relatives.of[record.ref].values():
            yield from (other.ref for other in around)


def _laid_out(
    found: Mapping[str, Sequence[Record]],
) -> tuple[tuple[Record, ...], Mapping[ObjectType, tuple[int, ...]]]:
    """Relatives in one row, each once, and the places of each object in the context (0 is the record itself)."""
    row = {record.ref: record for around in found.values() for record in around}
    places: dict[ObjectType, list[int]] = defaultdict(list)
    for place, ref in enumerate(row, start=1):
        places[ref.object].append(place)
    return tuple(row.values()), {object: tuple(standing) for object, standing in places.items()}


def _missing(relatives: Relatives, ref: RecordRef) -> Iterator[str]:
    """Relations the policy named that are not there: refused by the CRM, or expected and empty."""
    for name, around in relatives.of[ref].items():
        if RELATIONS[name].object is ref.object and not RELATIONS[name].past:
            continue  # a policy may serve accounts and contacts alike: an account lacks no account
        if name in relatives.denied:
            yield f"{name} (our CRM user may not read it)"
        elif not around and RELATIONS[name].expected:
            yield name


def _texts_around(around: Sequence[Record], shown: Sequence[Record], batch: _Batch) -> Iterator[Passage]:
    """What the relatives say as far as it may be shown, newest first."""
    newest = sorted(zip(around, shown, strict=True), key=lambda pair: (pair[0].created_at, pair[0].ref), reverse=True)
    for record, fit in newest:
        origins = origins_of(record, batch.remembered.written.get(record.ref, ()))
        yield from passages_of(fit, batch.relatives.schemas.get(record.ref.object), origins, own=False)


def _scrubbed(passages: Iterable[Passage], shown: Redacted) -> Iterator[Passage]:
    """Passages from anywhere in which no hidden value of the records at hand is repeated."""
    for passage in passages:
        # Again after cleaning: an invisible character inside a value would have kept it from being found.
        yield replace(passage, text=shown.scrub(clean(passage.text)), title=shown.scrub(clean(passage.title)))


def _within(passages: Iterable[Passage], bounds: Bounds) -> tuple[Passage, ...]:
    """As many passages as the bounds allow, in order; the one that reaches the bound is clipped."""
    kept: list[Passage] = []
    left = bounds.characters
    for passage in passages:
        if left <= 0 or len(kept) >= bounds.passages:
            break
        text = clipped(passage.text, left)
        left -= len(text)
        kept.append(replace(passage, text=text))
    return tuple(kept)
