"""A ticket's agent sees the customer's orders through a lookup, cites them, and is told when they are not there."""

from __future__ import annotations

import json
import random
import re
import sqlite3

import pytest

from adapters.channels import lookup_http, lookup_sql
from connector.adapter import NoAnswerError
from connector.decision.agents import AGENTS
from connector.decision.budget import SpendingLedger
from connector.decision.reasoners.anthropic import reasoner
from connector.decision.reasoners.endpoint import ModelSettings
from connector.decision.reasoners.prices import price_of
from connector.journal import EntryKind
from connector.policy import Tier
from connector.record import FieldName, ObjectType
from connector.settings import Privacy
from tests.support.given import policy
from tests.support.messages_server import FakeMessages, message
from tests.support.outside import Scripted, answered, environment
from tests.support.road import FREE

ADDRESS = "ada@example.com"
SETTINGS = ModelSettings(tier=Tier.FAST, model="claude-haiku-5-5", price=price_of("claude-haiku-5-5"), parallel=1)
MAY = "{update: {category: {needs: staff}}}"
COLUMNS = {"order_id": "ok", "total": "ok", "phone": "mask", "card": "never"}
SHARED = {"parameters": {"email": {"field": "contact.email"}}, "key": "order_id", "columns": COLUMNS}


class Reading(FakeMessages):
    """A model that rests on the orders it was shown, or on the customer's own words where there are none."""

    def send(self, request):
        content = json.loads(request.body)["messages"][0]["content"]
        self.saw = content if isinstance(content, str) else "\n".join(part["text"] for part in content)
        shown = re.search(r'number="(\d+)" origin="lookup"', self.saw)
        quote = {"passage": int(shown[1]), "quote": "order_id: A-1"} if shown else {"passage": 0, "quote": "Charged twice"}
        self._script = [triage(quote)]
        return super().send(request)


def customer(desk, ticket):
    contact = desk.create(ObjectType.CONTACT, {"last_name": "Lovelace"})
    if desk.objects[ObjectType.CONTACT] == "contacts":
        desk.org.update("contacts", contact.id, {"email": ADDRESS}, actor=desk.rep)
        desk.associate(ticket, contact)
    else:
        desk.org.update("Contact", contact.id, {"Email": ADDRESS}, actor=desk.rep)
        desk.org.update("Case", ticket.id, {"ContactId": contact.id}, actor=desk.rep)


def triage(quote):
    return message(
        {
            "rationale": "The shop has one order.", "enough": True, "out_of_scope": False, "missing": [],
            "values": {"category": {"value": "billing", "confidence": 0.95, "citations": [quote]}},
        }
    )  # fmt: skip


@pytest.fixture
def shop(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("CREATE TABLE orders (order_id, email, total, phone, card)")
        database.execute(
            "INSERT INTO orders VALUES ('A-1', ?, '12.50', '+49 30 1234567', '4111111111111111')", (ADDRESS,)
        )
        database.execute("INSERT INTO orders VALUES ('Z-9', 'eve@example.com', '1', '', '')")
    database.close()
    query = "SELECT * FROM orders WHERE email = :email"
    return lookup_sql.connect_sqlite(environment({**SHARED, "file": "shop.db", "query": query}, folder=tmp_path))


@pytest.fixture
def ask(build, desk):
    def asked(source, privacy=None):
        server = Reading()

        def models(store, clock):
            ledger = SpendingLedger(store, clock)
            made = reasoner(
                SETTINGS, AGENTS, transport=server, key="k", clock=clock, chance=random.Random(1), budget=ledger
            )
            return {Tier.FAST: made}

        context = "{related: [contact], lookups: [order-history]}"
        under = policy(gate=FREE, may=MAY, reason="{tier: fast, usd_per_day: 5}", context=context)
        road = build(under=under, models=models, lookups={"order-history": source}, privacy=privacy)
        ticket = road.ticket("Charged twice")
        customer(desk, ticket)
        road.rounds(most=60)
        return road, ticket, server

    return asked


def test_triage_sees_the_customers_orders_and_rests_on_them(ask, shop):
    road, ticket, server = ask(shop)
    assert road.category(ticket) == "billing"  # which the customer's own words alone would not have carried
    [allowed] = road.entries(ticket, EntryKind.ALLOWED)
    assert allowed.body["citations"] == [{"quote": "order_id: A-1", "source": "order-history A-1", "origin": "lookup"}]
    assert "order_id: A-1; total: 12.50; phone: [phone]" in server.saw
    assert "Z-9" not in server.saw
    assert "4111111111111111" not in server.saw


def test_a_table_that_strangers_write_into_carries_no_more_than_their_words(ask, shop):
    shop._outsider = True
    road, ticket, _ = ask(shop)
    assert road.category(ticket) is None
    assert [question.ref for question in road.approvals(ticket)] == [ticket]


def away(*script):
    options = {**SHARED, "url": "https://shop.example.com/orders"}
    web = Scripted(*script)
    return lookup_http.connect(environment(options, transport=web)), web


def test_a_source_that_does_not_answer_is_named_and_nothing_stops(ask):
    source, _ = away(NoAnswerError("silence"))
    road, ticket, server = ask(source)
    assert "order-history (silence)" in server.saw
    [decided] = road.entries(ticket, EntryKind.DECIDED)
    assert "order-history (silence)" in decided.body["missing"]
    assert [question.ref for question in road.approvals(ticket)] == [ticket]


def test_an_object_that_stays_here_asks_no_source_elsewhere(ask):
    source, web = away(answered(200, b"[]"))
    road, ticket, server = ask(source, Privacy(local_only=frozenset({ObjectType.TICKET})))
    assert (web.requests, server.requests) == ([], [])
    [told] = road.entries(ticket, EntryKind.NOT_ENOUGH)
    assert any("not on this machine" in missing for missing in told.body["missing"])


def test_a_field_that_never_leaves_is_not_asked_with(ask):
    source, web = away(answered(200, b"[]"))
    road, ticket, _ = ask(source, Privacy(mask=(FieldName("email"),)))
    assert web.requests == []
    [decided] = road.entries(ticket, EntryKind.DECIDED)
    assert "order-history (it is asked with contact.email, which never leaves the machine)" in decided.body["missing"]
