"""A CRM that answers at once: the adapter contract over a dictionary, to measure the road and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connector.adapter import (
    Capabilities,
    ChangePage,
    Created,
    CreateResult,
    Cursor,
    FieldKind,
    FieldName,
    FieldSchema,
    FieldStamp,
    Finding,
    Found,
    Gone,
    GuardedWrite,
    GuardKind,
    IdentityPage,
    MarkedCreate,
    ObjectSchema,
    ObjectType,
    Option,
    Record,
    RecordRef,
    Resolution,
    UnknownWrite,
    User,
    Version,
    WriteResult,
    Written,
)

TICKET = ObjectType.TICKET
PAGE = 200


def field(name: str, kind: FieldKind, *options: str) -> FieldSchema:
    listed = tuple(Option(key=option, native=option, label=option) for option in options)
    return FieldSchema(name=FieldName(name), native=name, label=name, kind=kind, options=listed)


SCHEMA = ObjectSchema(
    object=TICKET,
    native="tickets",
    fields={
        made.name: made
        for made in (
            field("subject", FieldKind.TEXT),
            field("description", FieldKind.LONG_TEXT),
            field("status", FieldKind.OPTION, "new", "closed"),
            field("category", FieldKind.OPTION, "billing", "crash"),
        )
    },
    fingerprint="fixed",
)


class FastCrm:
    """One object, no latency, no faults. Implements every port of an adapter."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.kept: dict[str, Record] = {}
        self.order: list[str] = []
        self.writes_made = 0

    changes = records = writes = property(lambda self: self)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            system="fast", guard=GuardKind.CONDITIONAL, objects=frozenset({TICKET}), field_stamps=False, read_batch=PAGE,
            update_batch=PAGE, create_batch=PAGE, settle=timedelta(0), marker_field=True, links_stamped=True,
        )

    def add(self, record: Record) -> None:
        self.kept[record.ref.id] = record
        self.order.append(record.ref.id)

    def cursor_now(self, object: ObjectType) -> tuple[Cursor, datetime]:
        return Cursor(str(len(self.order))), self.now

    def poll(self, object: ObjectType, cursor: Cursor, fields: Collection[FieldName]) -> ChangePage:
        start = int(cursor)
        chosen = self.order[start : start + PAGE]
        end = start + len(chosen)
        return ChangePage(
            records=tuple(self.kept[one] for one in chosen), gone=(), cursor=Cursor(str(end)), more=end < len(self.order)
        )

    def sweep(self, object: ObjectType, cursor: Cursor | None, fields: Collection[FieldName]) -> ChangePage:
        return ChangePage(records=(), gone=(), cursor=Cursor("0"), more=False)

    def identities(self, object: ObjectType, after: str | None) -> IdentityPage:
        return IdentityPage(identities=tuple((one.ref.id, one.version) for one in self.kept.values()), after=None)

    def count(self, object: ObjectType) -> int:
        return len(self.kept)

    def read(self, refs: Sequence[RecordRef], fields: Collection[FieldName]) -> Mapping[RecordRef, Found]:
        return {ref: self.kept.get(ref.id) or Gone(ref=ref) for ref in refs}

    def related(
        self, refs: Sequence[RecordRef], object: ObjectType, fields: Collection[FieldName], *, limit: int
    ) -> Mapping[RecordRef, tuple[Record, ...]]:
        return {ref: () for ref in refs}

    def schema(self, object: ObjectType) -> ObjectSchema:
        return SCHEMA

    def refresh(self) -> None: ...

    def users(self) -> tuple[User, ...]:
        return ()

    def update(self, writes: Sequence[GuardedWrite]) -> tuple[WriteResult, ...]:
        return tuple(self._write(write) for write in writes)

    def _write(self, write: GuardedWrite) -> Written:
        before = self.kept[write.ref.id]
        self.writes_made += 1
        stamps = {name: FieldStamp(at=self.now, source="API") for name in write.values}
        after = replace(
            before, fields={**before.fields, **write.values}, version=Version(f"{before.version}+"), stamps=stamps
        )
        self.kept[write.ref.id] = after
        return Written(
            version=after.version, before={name: before.fields.get(name) for name in write.values}, after=write.values
        )

    def create(self, creates: Sequence[MarkedCreate]) -> tuple[CreateResult, ...]:
        return tuple(Created(ref=one.parents[0]) for one in creates)

    def resolve(self, unknown: Sequence[UnknownWrite]) -> tuple[Resolution, ...]:
        raise NotImplementedError("no answer is ever lost here")

    def delete_created(self, ref: RecordRef) -> WriteResult:
        raise NotImplementedError("nothing is created here")

    def check(self) -> tuple[Finding, ...]:
        return ()
