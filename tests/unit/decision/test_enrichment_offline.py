"""Enrichment's own method: each source on its own, options and forms, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.context.context import Context, Passage
from connector.decision.agents import AGENTS
from connector.decision.agents.enrichment import Enrichment
from connector.decision.decision import Question
from connector.policy import parse_policy
from connector.record import (
    ConnectionName,
    FieldKind,
    FieldName,
    FieldSchema,
    ObjectSchema,
    ObjectType,
    Option,
    Origin,
    Record,
    RecordRef,
    Version,
)
from tests.support.questions import Shelf

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
INDUSTRIES = (
    Option(key="health", native="HEALTH", label="Health care"),
    Option(key="retail", native="RETAIL", label="Retail"),
)
KINDS = {
    "phone": FieldKind.PHONE, "website": FieldKind.URL, "employees": FieldKind.NUMBER, "domain": FieldKind.TEXT,
    "country": FieldKind.TEXT, "name": FieldKind.TEXT, "last_name": FieldKind.TEXT, "owner": FieldKind.USER,
    "consent": FieldKind.BOOLEAN,
}  # fmt: skip


def one_of(object: ObjectType, id: str, **fields) -> Record:
    named = {FieldName(name): value for name, value in fields.items()}
    ref = RecordRef(ConnectionName("crm"), object, id)
    return Record(ref=ref, version=Version("1"), fields=named, created_at=NOW, modified_at=NOW, read_at=NOW)


def asked(record: Record, *passages: Passage, may: str, around=(), agent="enrichment"):
    policy = parse_policy(
        f"schema: 1\npolicy: p\ngoal: g\nwhen: {{object: {record.ref.object}, events: [created]}}\nagent: {agent}\n"
        f"may: {{update: {may}}}\nhandoff: {{to: leads}}\n",
        agents=AGENTS,
    )
    fields = {
        FieldName(name): FieldSchema(name=FieldName(name), native=name, label=name, kind=kind)
        for name, kind in KINDS.items()
    }
    industry = FieldName("industry")
    fields[industry] = FieldSchema(
        name=industry, native="i", label="Industry", kind=FieldKind.OPTION, options=INDUSTRIES
    )
    context = Context(
        records=(record, *around), passages=passages, past=(), origins={}, now=NOW,
        schema=ObjectSchema(object=record.ref.object, native="X", fields=fields, fingerprint="f"),
        related={ObjectType.CONTACT: tuple(range(1, len(around) + 1))},
    )  # fmt: skip
    [reading] = Enrichment().decide_offline([Question(key="k", policy=policy, context=context)], Shelf())
    return reading, {step.action.field: (step.action.value, step.confidence) for step in reading.actions}


def told(text: str, origin: Origin = Origin.LOOKUP) -> Passage:
    return Passage(text=text, source="register 7", origin=origin)


EMPTY = dict.fromkeys(("phone", "website", "industry", "employees", "domain"))
ACCOUNT = one_of(ObjectType.ACCOUNT, "1", name="Kranbau Nord", **EMPTY)


def test_a_lookup_fills_with_the_confidence_it_gives_itself():
    row = told("telephone: +49 40 35012345; phone.confidence: 0.91; sector: Health care; employees: 1.200")
    reading, found = asked(ACCOUNT, row, may="{phone: {}, industry: {}, employees: {}}", agent="enrichment")
    assert found[FieldName("phone")][0] == "+49 40 35012345"
    assert found[FieldName("industry")][0] == "health"
    assert found[FieldName("employees")][0] == 1_200
    assert all(cited.origin is Origin.LOOKUP for step in reading.actions for cited in step.citations)


def test_an_option_that_is_not_on_the_list_is_not_chosen():
    reading, found = asked(ACCOUNT, told("industry: Space mining"), may="{industry: {}}")
    assert found == {}
    assert "none of its options" in str(reading.undecided)


def test_a_page_counts_only_where_it_names_the_organisation():
    page = "Kranbau Nord\nemployees: 900"
    assert asked(ACCOUNT, told(page, Origin.FILE), may="{employees: {}}")[1][FieldName("employees")][0] == 900
    assert asked(ACCOUNT, told("Somebody else\nemployees: 900", Origin.FILE), may="{employees: {}}")[1] == {}
    assert asked(ACCOUNT, told(page, Origin.OUTSIDER), may="{employees: {}}")[1] == {}


def test_the_domain_comes_from_the_peoples_addresses_and_not_from_mail_providers():
    people = [one_of(ObjectType.CONTACT, str(place), email=f"p{place}@kranbau.de") for place in range(3)]
    reading, found = asked(ACCOUNT, may="{domain: {}, website: {}}", around=people)
    assert found[FieldName("domain")][0] == "kranbau.de"
    assert found[FieldName("website")][0] == "https://kranbau.de"
    assert reading.found[0].text == "p0@kranbau.de"
    assert reading.found[0].origin is Origin.OUTSIDER
    private = [one_of(ObjectType.CONTACT, "9", email="eva@gmail.com")]
    assert asked(ACCOUNT, may="{domain: {}}", around=private)[1] == {}


def test_people_of_two_organisations_make_the_domain_doubtful():
    people = [one_of(ObjectType.CONTACT, "1", email="a@one.de"), one_of(ObjectType.CONTACT, "2", email="b@two.de")]
    _, found = asked(ACCOUNT, may="{domain: {}}", around=people)
    assert found[FieldName("domain")][1] <= 0.6


def test_a_filled_field_gets_its_form_only_where_the_policy_lets_it_be_written():
    contact = one_of(ObjectType.CONTACT, "3", phone="040 35012345", country="Deutschland", last_name="MEYER")
    _, found = asked(contact, may="{phone: {}, country: {}, last_name: {}}")
    values = {str(name): value for name, (value, _) in found.items()}
    assert values == {"phone": "+49 40 35012345", "country": "Germany", "last_name": "Meyer"}
    filling = "{phone: {conflict: fill_empty}, country: {conflict: fill_empty}, last_name: {conflict: fill_empty}}"
    assert asked(contact, may=filling)[1] == {}


def test_owners_and_consent_are_never_filled_from_texts():
    contact = one_of(ObjectType.CONTACT, "3", owner=None, consent=None)
    _, found = asked(contact, told("owner: u1; consent: yes"), may="{owner: {}, consent: {}}")
    assert found == {}


def test_a_region_that_is_none_is_refused_with_its_line():
    import pytest

    from connector.errors import PolicyError

    with pytest.raises(PolicyError, match="two capital letters"):
        asked(ACCOUNT, may="{phone: {}}", agent="{use: enrichment, region: germany}")
