"""Records reach the index under their account, as far as they may be shown, and leave it whole."""

import pytest

from connector.context.index import Reach, account_scope
from connector.context.indexing import IndexedRecord, index_records
from connector.context.memory_index import MemoryIndex
from connector.context.wanted import classes_of
from connector.record import FieldName, Origin


@pytest.fixture
def index():
    return MemoryIndex()


def found(index, words, account):
    return index.search(words, Reach(scopes=frozenset({account_scope(account)})))


def test_a_records_texts_are_found_under_its_account(crm, index, schema, ref):
    ticket = crm.given("ticket", "1", subject="Pump leaks", description="water everywhere", account="a")
    note = crm.given("note", "n", body="the pump was sold in May")
    index_records(
        index,
        [
            IndexedRecord(record=ticket, schema=schema("ticket")),
            IndexedRecord(record=note, schema=schema("note"), account=ref("account", "a")),
        ],
        {},
    )
    hits = {hit.entry.source: hit.entry.origin for hit in found(index, "pump water", ref("account", "a"))}
    assert hits == {
        "ticket 2026-11-02 subject": Origin.OUTSIDER,
        "ticket 2026-11-02 description": Origin.OUTSIDER,
        "note 2026-11-02 body": Origin.STAFF,
    }
    assert found(index, "pump", ref("account", "b")) == ()


def test_a_changed_record_replaces_what_was_indexed(crm, index, schema, ref):
    for text in ("pump " * 3000, "fan"):
        ticket = crm.given("ticket", "1", description=text, account="a")
        index_records(index, [IndexedRecord(record=ticket, schema=schema("ticket"))], {})
    assert [hit.entry.body for hit in index.search("pump fan", None)] == ["fan"]


def test_a_record_without_an_account_is_found_only_from_itself(crm, index, schema, ref):
    ticket = crm.given("ticket", "1", description="pump")
    index_records(index, [IndexedRecord(record=ticket, schema=schema("ticket"))], {})
    assert len(found(index, "pump", ticket.ref)) == 1
    assert found(index, "pump", ref("ticket", "2")) == ()


def test_hidden_values_never_reach_the_index(crm, index, schema):
    ticket = crm.given("ticket", "1", subject="Card CANARY-1234", description="CANARY-1234 or a@b.io", card="CANARY-1234")
    classes = classes_of(never=[FieldName("card")], mask=[FieldName("description")])
    index_records(index, [IndexedRecord(record=ticket, schema=schema("ticket"))], classes)
    kept = repr(index.search("card or email hidden", None))
    assert "CANARY" not in kept
    assert "a@b.io" not in kept
    assert "[hidden] or [email]" in kept
