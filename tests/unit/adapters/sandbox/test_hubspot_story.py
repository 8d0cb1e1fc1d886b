"""The neutral story of a company arrives in HubSpot's own objects, words, owners and past."""

import json
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.sandbox.clock import OrgClock
from adapters.sandbox.hubspot import build_hubspot
from adapters.sandbox.schema_hubspot import load_story
from adapters.sandbox.story import (
    About,
    OrderLine,
    StageChange,
    Story,
    StoryAccount,
    StoryContact,
    StoryEmail,
    StoryLead,
    StoryNote,
    StoryOpportunity,
    StoryOrder,
    StoryPageView,
    StoryProduct,
    StoryTask,
    StoryTicket,
    StoryUser,
)

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)


def ago(**delta):
    return NOW - timedelta(**delta)


def account(number):
    return StoryAccount(
        key=f"a{number}", name=f"Acme {number}", domain=f"acme{number}.example", industry="Retail & Trade",
        employees=50, revenue=Decimal("1500000.00"), city="Bonn", country="Germany", phone="", owner="u1",
        created=ago(days=300),
    )  # fmt: skip


def contact(number):
    return StoryContact(
        key=f"c{number}", account=f"a{number}", first="Ada", last="Byron", title="CTO",
        email=f"ada@acme{number}.example", phone="+49 1", owner="u1", created=ago(days=200),
    )  # fmt: skip


def ticket(key, *, filed):
    return StoryTicket(
        key=key, account="a1", contact="c1", subject="Broken", description="It broke.", category="returns",
        filed=filed, priority="normal", status="new", origin="web", kind="clear", owner="u2", created=ago(days=1),
    )  # fmt: skip


@pytest.fixture(scope="module")
def story():
    return Story(
        users=[
            StoryUser(key="u1", first="Sam", last="Sales", email="sam@us.example", team="sales"),
            StoryUser(key="u2", first="Sue", last="Support", email="sue@us.example", team="support", active=False),
        ],
        products=[StoryProduct(key="p1", name="Lamp", code="L-1", price=Decimal("19.90"))],
        accounts=[account(1)],
        contacts=[contact(1)],
        leads=[
            StoryLead(
                key="l1", first="Bob", last="Bell", company="Bell", title="", email="bob@bell.example", source="Web",
                status="working", message="Call me", owner="u1", created=ago(days=9),
            )
        ],
        opportunities=[
            StoryOpportunity(
                key="o1", account="a1", contact="c1", name="Lamps", amount=Decimal("1200"), close=date(2026, 10, 1),
                next_step="Send offer", owner="u1", created=ago(days=30),
                stages=[
                    StageChange(at=ago(days=30), stage="prospecting", by="u1"),
                    StageChange(at=ago(days=10), stage="proposal", by="u1"),
                ],
            )
        ],
        tickets=[ticket("t1", filed=True), ticket("t2", filed=False)],
        orders=[
            StoryOrder(
                key="s1", account="a1", contact="c1", number="1001", status="shipped", placed=ago(days=20),
                lines=[OrderLine(product="p1", quantity=3, price=Decimal("19.90"))],
            )
        ],
        emails=[
            StoryEmail(
                key="e1", about=About(kind="opportunity", key="o1"), sender="ada@acme1.example",
                recipient="sam@us.example", subject="Offer?", text="When?", incoming=True, at=ago(days=9),
            )
        ],
        notes=[StoryNote(key="n1", about=About(kind="account", key="a1"), text="Big plans", by="u1", at=ago(days=8))],
        tasks=[
            StoryTask(
                key="k1", about=About(kind="contact", key="c1"), subject="Call Ada", due=date(2026, 9, 3), done=False,
                owner="u1", at=ago(days=2),
            )
        ],
        page_views=[
            StoryPageView(key="v1", about=About(kind="lead", key="l1"), page="/pricing", seconds=9, at=ago(days=3)),
            StoryPageView(key="v2", about=About(kind="lead", key="l1"), page="/contact", seconds=9, at=ago(days=2)),
        ],
        categories=["returns", "billing"],
    )  # fmt: skip


@pytest.fixture
def told(story):
    sandbox = build_hubspot(clock=OrgClock(NOW))
    return sandbox, load_story(sandbox.org, story)


def read(told, kind, key, query):
    sandbox, loader = told
    place = loader.keys[kind, key]
    response = sandbox.call("GET", f"/crm/v3/objects/{place.object}/{place.id}", query=query)
    return json.loads(response.body)


def linked(told, kind, key, other):
    sandbox, loader = told
    place = loader.keys[kind, key]
    response = sandbox.call("GET", f"/crm/v4/objects/{place.object}/{place.id}/associations/{other}")
    return json.loads(response.body)["results"]


def test_an_account_is_a_company_with_an_option_for_its_industry(told):
    shown = read(told, "account", "a1", "properties=name,industry,annualrevenue,hubspot_owner_id")
    values = shown["properties"]
    assert (values["name"], values["industry"], values["annualrevenue"]) == ("Acme 1", "RETAIL_TRADE", "1500000")
    assert shown["createdAt"] == "2025-11-05T08:00:00Z"
    options = told[0].org.definition("companies").fields["industry"].options
    assert ("RETAIL_TRADE", "Retail & Trade") in [(option.value, option.label) for option in options]


def test_a_contact_belongs_to_its_company_as_the_primary_one(told):
    (link,) = linked(told, "contact", "c1", "companies")
    assert {kind["typeId"] for kind in link["associationTypes"]} == {1, 279}


def test_a_lead_is_a_lead_record_on_a_contact(told):
    values = read(told, "lead", "l1", "properties=hs_lead_name,hs_pipeline_stage")["properties"]
    assert (values["hs_lead_name"], values["hs_pipeline_stage"]) == ("Bob Bell", "attempting-stage-id")
    person = told[0].org.get(*told[1].people["l1"])
    assert (person.get("hs_lead_status"), person.get("message")) == ("IN_PROGRESS", "Call me")
    assert person.get("hs_analytics_num_page_views") == "2"
    assert person.get("hs_analytics_last_url") == "/contact"


def test_a_deal_remembers_its_stages_and_who_moved_it(told):
    shown = read(told, "opportunity", "o1", "propertiesWithHistory=dealstage&properties=closedate,amount")
    past = shown["propertiesWithHistory"]["dealstage"]
    assert [(entry["value"], entry["timestamp"]) for entry in past] == [
        ("presentationscheduled", "2026-08-22T08:00:00Z"),
        ("appointmentscheduled", "2026-08-02T08:00:00Z"),
    ]
    user = told[1].users["u1"]
    assert past[0] | {"value": "", "timestamp": ""} == {
        "value": "",
        "timestamp": "",
        "sourceType": "CRM_UI",
        "sourceId": f"userId:{user}",
        "updatedByUserId": int(user),
    }
    assert shown["properties"]["closedate"] == "2026-10-01T00:00:00Z"


def test_a_category_is_stored_only_where_it_was_filed(told):
    query = "properties=hs_ticket_category,hs_ticket_priority,source_type,hs_pipeline_stage"
    filed, unfiled = (read(told, "ticket", key, query)["properties"] for key in ("t1", "t2"))
    assert (filed["hs_ticket_category"], unfiled["hs_ticket_category"]) == ("returns", None)
    assert (filed["hs_ticket_priority"], filed["source_type"], filed["hs_pipeline_stage"]) == ("MEDIUM", "FORM", "1")


def test_an_order_has_its_lines_and_total(told):
    assert read(told, "order", "s1", "properties=hs_total_price")["properties"]["hs_total_price"] == "59.7"
    (line,) = linked(told, "order", "s1", "line_items")
    row = told[0].org.get("line_items", str(line["toObjectId"]))
    assert (row.get("quantity"), row.get("amount")) == ("3", "59.70")


def test_activities_hang_on_what_they_are_about(told):
    assert [each["toObjectId"] for each in linked(told, "email", "e1", "deals")] == [
        int(told[1].keys["opportunity", "o1"].id)
    ]
    assert linked(told, "note", "n1", "companies")
    assert linked(told, "task", "k1", "contacts")
    assert read(told, "email", "e1", "properties=hs_email_direction")["properties"]["hs_email_direction"] == (
        "INCOMING_EMAIL"
    )


def test_somebody_who_left_is_an_archived_owner(told):
    sandbox, _ = told
    for archived, email in (("false", "sam@us.example"), ("true", "sue@us.example")):
        response = sandbox.call("GET", "/crm/v3/owners", query=f"email={email}&archived={archived}")
        assert len(json.loads(response.body)["results"]) == 1


def test_ten_thousand_records_load_in_seconds(story):
    from dataclasses import replace

    numbers = range(1, 5_001)
    big = replace(story, accounts=[account(n) for n in numbers], contacts=[contact(n) for n in numbers])
    sandbox = build_hubspot(clock=OrgClock(NOW))
    started = time.perf_counter()
    load_story(sandbox.org, big)
    assert sandbox.org.count("contacts") == 5_001
    assert time.perf_counter() - started < 15
