"""Records, schemas and a small CRM for context tests, and one entry per index make."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from connector.context.context import Audience
from connector.context.index import IndexEntry, IndexKey, account_scope, knowledge_scope
from connector.context.memory import MIGRATIONS
from connector.errors import AccessDeniedError
from connector.record import (
    VOCABULARY,
    ConnectionName,
    FieldName,
    FieldSchema,
    FieldStamp,
    ObjectSchema,
    ObjectType,
    Origin,
    Record,
    RecordRef,
    Version,
)
from connector.store import SqliteStore, migrate

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def ref_to(kind: str, id: str) -> RecordRef:
    return RecordRef(ConnectionName("crm"), ObjectType(kind), id)


def schema_of(kind: str) -> ObjectSchema:
    object = ObjectType(kind)
    fields = {
        name: FieldSchema(name=name, native=name, label=name, kind=shared.kind)
        for name, shared in VOCABULARY[object].items()
    }
    return ObjectSchema(object=object, native=kind.title(), fields=fields, fingerprint="1")


class SmallCrm:
    """Records and their associations in memory; counts how often it is read."""

    def __init__(self) -> None:
        self.records: dict[RecordRef, Record] = {}
        self.links: dict[RecordRef, list[RecordRef]] = {}
        self.calls: list[str] = []
        self.asked: set[str] = set()
        self.denied: set[ObjectType] = set()

    def given(
        self, kind: str, id: str, *, on: Sequence[Record] = (), days: int = 0, stamps: dict | None = None, **fields
    ):
        at = START + timedelta(days=days)
        record = Record(
            ref=ref_to(kind, id),
            version=Version("1"),
            fields={FieldName(name): value for name, value in fields.items()},
            created_at=at,
            modified_at=at,
            read_at=at,
            stamps={FieldName(name): FieldStamp(at=at, source=source) for name, source in (stamps or {}).items()},
        )
        self.records[record.ref] = record
        for other in on:
            self.links.setdefault(other.ref, []).append(record.ref)
            self.links.setdefault(record.ref, []).append(other.ref)
        return record

    def related(self, refs: Sequence[RecordRef], object: ObjectType, fields: Collection[FieldName], *, limit: int):
        self.calls.append(object.value)
        self.asked |= set(fields)
        if object in self.denied:
            raise AccessDeniedError("not for you")
        return {ref: self._around(ref, object)[:limit] for ref in refs}

    def _around(self, ref: RecordRef, object: ObjectType) -> tuple[Record, ...]:
        around = [self.records[other] for other in self.links.get(ref, ()) if other.object is object]
        return tuple(sorted(around, key=lambda record: record.created_at, reverse=True))

    def schema(self, object: ObjectType) -> ObjectSchema:
        return schema_of(object.value)

    def read(self, refs, fields):
        raise AssertionError("the builder is handed its records")

    def refresh(self) -> None: ...

    def users(self):
        return ()


@pytest.fixture
def crm() -> SmallCrm:
    return SmallCrm()


@pytest.fixture
def ref():
    return ref_to


@pytest.fixture
def schema():
    return schema_of


@pytest.fixture
def now() -> datetime:
    return START


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path / "state.db")
    migrate(store, MIGRATIONS)
    yield store
    store.close()


@pytest.fixture
def entry():
    """Build an index entry from the few things a test cares about."""

    def build(key: str, body: str, *, title: str = "", knowledge: str = "faq", account: str | None = None, **rest):
        record = rest.pop("ref", None)
        scope = account_scope(ref_to("account", account)) if account else knowledge_scope(knowledge)
        defaults = {"origin": Origin.FILE, "audience": Audience.INTERNAL, "source": key} | rest
        return IndexEntry(key=IndexKey(key), scope=scope, title=title, body=body, ref=record, **defaults)

    return build
