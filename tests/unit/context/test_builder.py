"""A context shows an agent the record, its relatives and texts with their origins, and nothing it may not see."""

import pytest

from connector.context.builder import ContextBuilder
from connector.context.context import Audience, Passage, PastDecision
from connector.context.index import IndexState
from connector.context.memory import NOTHING, AgentValue, Recollection, value_digest
from connector.context.memory_index import MemoryIndex
from connector.context.search import scoped_search
from connector.context.wanted import Bounds, Subject, Wanted, classes_of
from connector.errors import UnavailableError
from connector.record import FieldName, ObjectType, Origin

PLAIN = Wanted()


@pytest.fixture
def index():
    return MemoryIndex()


@pytest.fixture
def build(crm, index, schema, now):
    """Contexts for records, with what memory holds given as a value."""

    def prepare(*records, wanted=PLAIN, memory=NOTHING, **subject):
        asked = []

        def recall(refs):
            asked.append(refs)
            return memory

        builder = ContextBuilder(reader=crm, index=index, recall=recall)
        kind = records[0].ref.object.value
        contexts = builder.build(
            [Subject(record=record, **subject) for record in records], wanted, schema(kind), now=now
        )
        assert len(asked) == 1
        return contexts

    return prepare


def texts(context):
    return {passage.source: passage.text for passage in context.passages}


def test_the_records_own_texts_are_passages_with_their_origin(crm, build):
    ticket = crm.given(
        "ticket", "1", subject="Refund", description="I want my money back", priority="low", status="new"
    )
    [context] = build(ticket)
    assert texts(context) == {"ticket.subject": "Refund", "ticket.description": "I want my money back"}
    assert {passage.origin for passage in context.passages} == {Origin.OUTSIDER}
    assert context.origins["priority"] is Origin.STAFF
    assert context.record == ticket


def test_relatives_are_laid_out_once_and_picked_by_index(crm, build):
    ticket = crm.given("ticket", "1", subject="Refund")
    account = crm.given("account", "a", on=[ticket], name="Acme")
    older = crm.given("email", "e1", on=[ticket], subject="Hi", body="older words", incoming=True)
    newer = crm.given("email", "e2", on=[ticket], days=1, body="newer words", incoming=False)
    [context] = build(ticket, wanted=Wanted(related=("account", "emails", "email")))
    assert context.records == (ticket, account, newer, older)
    assert context.related == {ObjectType.ACCOUNT: (1,), ObjectType.EMAIL: (2, 3)}
    assert texts(context)["email 2026-11-03 body"] == "newer words"
    assert [passage.origin for passage in context.passages if passage.source.endswith("body")] == [
        Origin.STAFF,
        Origin.OUTSIDER,
    ]
    assert context.missing == ()


def test_past_tickets_are_those_of_the_same_account_without_the_ticket_itself(crm, build):
    account, other = crm.given("account", "a", name="Acme"), crm.given("account", "b", name="Beta")
    ticket = crm.given("ticket", "1", on=[account], subject="Now")
    before = crm.given("ticket", "2", on=[account], subject="Before", description="the pump leaked")
    crm.given("ticket", "3", on=[other], subject="Foreign")
    [context] = build(ticket, wanted=Wanted(related=("past_tickets",)))
    assert context.records == (ticket, before)
    assert "the pump leaked" in texts(context).values()


def test_a_customer_without_an_account_has_a_past_through_the_contact(crm, build):
    contact = crm.given("contact", "c", last_name="Ito")
    ticket = crm.given("ticket", "1", on=[contact], subject="Now")
    before = crm.given("ticket", "2", on=[contact], subject="Before")
    [context] = build(ticket, wanted=Wanted(related=("past_tickets",)))
    assert context.records == (ticket, before)


def test_the_crm_is_read_once_per_relation_whatever_the_batch(crm, build):
    accounts = [crm.given("account", f"a{place}", name=f"Account {place}") for place in range(50)]
    tickets = [crm.given("ticket", f"t{place}", on=[account], subject="x") for place, account in enumerate(accounts)]
    contexts = build(*tickets, wanted=Wanted(related=("account", "contact", "past_tickets")))
    assert sorted(crm.calls) == ["account", "contact", "ticket"]
    assert [context.records[1] for context in contexts] == accounts


def test_an_account_named_in_a_field_needs_no_call(crm, build):
    account = crm.given("account", "a", name="Acme")
    ticket = crm.given("ticket", "1", account="a", subject="Now")
    before = crm.given("ticket", "2", on=[account], subject="Before")
    [context] = build(ticket, wanted=Wanted(related=("past_tickets",)))
    assert (context.records, crm.calls) == ((ticket, before), ["ticket"])


def test_a_hidden_field_is_neither_read_nor_shown_nor_repeated(crm, build):
    ticket = crm.given("ticket", "1", subject="Card", description="use 4929-CANARY please", card_number="4929-CANARY")
    note = crm.given("note", "n", on=[ticket], body="card 4929-CANARY seen")
    crm.given("account", "a", on=[ticket], name="Acme", phone="555-CANARY")
    wanted = Wanted(
        related=("account", "notes"), classes=classes_of(never=[FieldName("card_number"), FieldName("phone")])
    )
    [context] = build(
        ticket,
        wanted=wanted,
        changed_from={FieldName("card_number"): "OLD-CANARY", FieldName("subject"): "was OLD-CANARY"},
    )
    assert "CANARY" not in repr(context)
    assert "phone" not in crm.asked
    assert context.hidden == ("card_number",)
    assert f"note {note.created_at.date()} body" in texts(context)


def test_a_masked_field_is_masked_everywhere_and_keeps_its_taint(crm, build):
    ticket = crm.given("ticket", "1", category="call 030 1234567", description="mail a@b.io")
    wanted = Wanted(classes=classes_of(mask=[FieldName("description"), FieldName("category")]))
    value = AgentValue(
        ref=ticket.ref,
        field=FieldName("category"),
        digest=value_digest("call 030 1234567"),
        origin=Origin.OUTSIDER,
        decision="d",
        at=ticket.created_at,
    )
    [context] = build(ticket, wanted=wanted, memory=Recollection(written={ticket.ref: (value,)}))
    assert context.record.fields == {"category": "call [phone]", "description": "mail [email]"}
    assert texts(context) == {"ticket.description": "mail [email]"}
    assert context.origins["category"] is Origin.OUTSIDER


def test_a_note_the_agent_wrote_is_not_a_colleagues_word(crm, build):
    ticket = crm.given("ticket", "1", subject="x")
    note = crm.given("note", "n", on=[ticket], body="wire the money")
    value = AgentValue(
        ref=note.ref,
        field=FieldName("body"),
        digest=value_digest("wire the money"),
        origin=Origin.OUTSIDER,
        decision="d",
        at=note.created_at,
    )
    [context] = build(ticket, wanted=Wanted(related=("notes",)), memory=Recollection(written={note.ref: (value,)}))
    assert [passage.origin for passage in context.passages if passage.ref == note.ref] == [Origin.OUTSIDER]


def test_what_was_asked_for_and_not_found_is_named(crm, build):
    crm.denied = {ObjectType.ORDER}
    ticket = crm.given("ticket", "1", subject="where is it")
    wanted = Wanted(related=("account", "orders", "notes"), knowledge=("faq",))
    [context] = build(ticket, wanted=wanted, missing=("order-history",))
    assert context.missing == ("order-history", "account", "orders (our CRM user may not read it)", "knowledge")


def test_an_unbuilt_index_says_so_rather_than_that_nothing_was_found(crm, index, build):
    index.clear()
    [context] = build(crm.given("ticket", "1", subject="where"), wanted=Wanted(knowledge=("faq",)))
    assert context.missing == (f"knowledge (the index waits for a {IndexState.REBUILD})",)


def test_knowledge_comes_from_the_named_files_only(crm, index, build, entry):
    index.upsert(
        [
            entry("1", "Refunds take five days.", title="Refunds", audience=Audience.CUSTOMER, category="billing"),
            entry("2", "Refunds for staff.", title="Refunds", knowledge="hr"),
        ]
    )
    [context] = build(crm.given("ticket", "1", subject="refunds?"), wanted=Wanted(knowledge=("faq",)))
    [passage] = [passage for passage in context.passages if passage.origin is Origin.FILE]
    assert (passage.text, passage.audience, passage.category) == (
        "Refunds take five days.",
        Audience.CUSTOMER,
        "billing",
    )
    assert passage.score is not None


def test_past_decisions_are_part_of_the_context(crm, build, now):
    ticket = crm.given("ticket", "1", subject="x")
    past = PastDecision(at=now, policy="triage", summary="set category", outcome="applied", verdict="rejected")
    [context] = build(ticket, memory=Recollection(past={ticket.ref: (past,)}))
    assert context.past == (past,)


def test_lookups_arrive_as_passages(crm, build):
    found = Passage(text="3 orders", source="order-history", origin=Origin.LOOKUP)
    [context] = build(crm.given("ticket", "1", subject="x"), found=(found,))
    assert texts(context)["order-history"] == "3 orders"


def test_passages_are_bounded_in_number_and_size(crm, build):
    ticket = crm.given("ticket", "1", subject="x", description="word " * 2_000_000)
    for place in range(30):
        crm.given("note", f"n{place}", on=[ticket], body="note " * 500)
    bounds = Bounds(relatives=20, passages=8, characters=25_000)
    [context] = build(ticket, wanted=Wanted(related=("notes",), bounds=bounds))
    assert len(context.passages) <= 8
    assert max(len(passage.text) for passage in context.passages) <= 20_000
    assert sum(len(passage.text) for passage in context.passages) <= 25_000


def test_invisible_characters_do_not_reach_the_agent(crm, build):
    ticket = crm.given("ticket", "1", description="a\u200bb\u202ec\U000e0041d\x07 \ud800e")
    [context] = build(ticket)
    assert texts(context) == {"ticket.description": "abcd ?e"}


def test_a_crm_that_is_down_fails_the_batch_for_a_retry(crm, build):
    def down(*_, **__):
        raise UnavailableError("down")

    crm.related = down
    with pytest.raises(UnavailableError):
        build(crm.given("ticket", "1", subject="x"), wanted=Wanted(related=("account",)))


def test_the_same_inputs_make_the_same_context(crm, build):
    ticket = crm.given("ticket", "1", subject="x")
    crm.given("account", "a", on=[ticket], name="Acme")
    wanted = Wanted(related=("account",))
    assert build(ticket, wanted=wanted)[0].digest == build(ticket, wanted=wanted)[0].digest


def test_an_unknown_relation_is_refused():
    with pytest.raises(ValueError, match="no such relation: friends"):
        Wanted(related=("friends",))


@pytest.fixture
def stocked(crm, index, entry):
    """A ticket of account a; texts of accounts a and b and two knowledge names in the index."""
    ticket = crm.given("ticket", "1", account="a", subject="pump")
    index.upsert(
        [
            entry("own", "pump ticket itself", account="a", ref=ticket.ref),
            entry("ours", "pump note of this account", account="a"),
            entry("shared", "pump mail of this account", account="a", audience=Audience.CUSTOMER),
            entry("theirs", "pump note of another account", account="b"),
            entry("faq", "pump manual", knowledge="faq", audience=Audience.CUSTOMER),
            entry("hr", "pump secrets", knowledge="hr"),
        ]
    )
    return ticket


def keys(passages):
    return {passage.source for passage in passages}


def test_a_reasoner_searches_its_account_and_its_knowledge_only(stocked, index, build):
    wanted = Wanted(knowledge=("faq",), searches=2)
    [context] = build(stocked, wanted=wanted)
    search = scoped_search(index, context, wanted)
    assert keys(search.search("pump")) == {"ours", "shared", "faq"}


def test_a_draft_to_the_customer_is_built_on_what_the_customer_may_see(stocked, index, build):
    wanted = Wanted(knowledge=("faq",), searches=1)
    [context] = build(stocked, wanted=wanted)
    assert keys(scoped_search(index, context, wanted, audience=Audience.CUSTOMER).search("pump")) == {"shared", "faq"}


def test_searches_run_out(stocked, index, build):
    wanted = Wanted(knowledge=("faq",), searches=1)
    [context] = build(stocked, wanted=wanted)
    search = scoped_search(index, context, wanted)
    assert search.search("   ") == ()
    assert search.search("pump") != ()
    assert search.search("pump") == ()
    assert search.left == 0


def test_an_id_is_no_text_to_quote(crm, build):
    contact = crm.given("contact", "c", account="001000000000001AAA", owner="005000000000001AAA", city="Hamburg")
    names = frozenset(FieldName(name) for name in ("account", "owner", "city"))
    [context] = build(contact, wanted=Wanted(quoted=names))
    assert texts(context) == {"contact.city": "city: Hamburg"}


def test_an_account_lacks_no_account(crm, build):
    [context] = build(crm.given("account", "a", name="Acme"), wanted=Wanted(related=("account", "emails")))
    assert context.missing == ()
