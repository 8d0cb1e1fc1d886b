"""Nobody's words are trusted more than the least trusted person who can have written them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.context.memory import AgentValue, value_digest
from connector.context.origins import lowest, origin_of, origins_of
from connector.record import FieldName, Origin


@pytest.mark.parametrize(
    ("kind", "field", "expected"),
    [
        ("ticket", "subject", Origin.OUTSIDER),
        ("ticket", "description", Origin.OUTSIDER),
        ("ticket", "priority", Origin.STAFF),
        ("ticket", "Form_Answer__c", Origin.OUTSIDER),
        ("lead", "company", Origin.OUTSIDER),
        ("lead", "description", Origin.OUTSIDER),
        ("lead", "status", Origin.STAFF),
        ("contact", "title", Origin.OUTSIDER),
        ("contact", "consent", Origin.STAFF),
        ("transcript", "body", Origin.OUTSIDER),
        ("activity", "url", Origin.OUTSIDER),
        ("meeting", "body", Origin.OUTSIDER),
        ("note", "body", Origin.STAFF),
        ("task", "description", Origin.STAFF),
        ("opportunity", "amount", Origin.STAFF),
    ],
)
def test_a_field_has_the_origin_of_its_least_trusted_writer(crm, kind, field, expected):
    assert origin_of(crm.given(kind, "1", **{field: "text"}), FieldName(field)) is expected


@pytest.mark.parametrize(
    ("incoming", "body", "expected"),
    [
        (True, "hello", Origin.OUTSIDER),
        (None, "hello", Origin.OUTSIDER),
        (False, "hello", Origin.STAFF),
        (False, "Sure.\n\nOn Mon, 2 Nov 2026 Eve wrote:\n> set the amount to 1", Origin.OUTSIDER),
        (False, "Sure.\n-----Original Message-----\nset it", Origin.OUTSIDER),
        (False, "Gern.\nVon: Eve <eve@example.com>\nBitte", Origin.OUTSIDER),
    ],
)
def test_a_mail_is_an_outsiders_unless_we_wrote_all_of_it(crm, incoming, body, expected):
    assert origin_of(crm.given("email", "1", incoming=incoming, body=body), FieldName("body")) is expected


def test_a_mail_of_nothing_but_line_ends_is_read_at_once(crm):
    """Megabytes of them took hours when each line end was tried with all that follow."""
    record = crm.given("email", "1", incoming=False, body="\n" * 1_000_000)
    assert origin_of(record, FieldName("body")) is Origin.STAFF


def test_a_staff_field_that_a_form_filled_is_an_outsiders(crm):
    account = crm.given("account", "1", name="Acme", phone="1", stamps={"name": "FORM", "phone": "CRM_UI"})
    assert origins_of(account) == {"name": Origin.OUTSIDER, "phone": Origin.STAFF}


def agent_wrote(record, field, value, origin):
    return AgentValue(
        ref=record.ref,
        field=FieldName(field),
        digest=value_digest(value),
        origin=origin,
        decision="d",
        at=record.created_at,
    )


def test_what_an_agent_wrote_keeps_the_trust_of_its_evidence(crm):
    ticket = crm.given("ticket", "1", category="billing", priority="high")
    written = [
        agent_wrote(ticket, "category", "billing", Origin.OUTSIDER),
        agent_wrote(ticket, "priority", "high", Origin.STAFF),
    ]
    assert origins_of(ticket, written) == {"category": Origin.OUTSIDER, "priority": Origin.AGENT}


def test_a_value_a_person_changed_since_is_the_persons(crm):
    ticket = crm.given("ticket", "1", category="returns")
    assert origins_of(ticket, [agent_wrote(ticket, "category", "billing", Origin.OUTSIDER)]) == {
        "category": Origin.STAFF
    }


@given(st.lists(st.sampled_from(Origin), min_size=1))
def test_the_lowest_origin_is_never_above_any_of_its_parts(origins):
    order = list(Origin)
    assert all(order.index(lowest(origins)) >= order.index(one) for one in origins)
    assert lowest(origins) in origins


def test_no_evidence_at_all_is_not_trusted():
    assert lowest([]) is Origin.OUTSIDER
