"""Where `email` is masked, nobody on the way sees an address: it is read from the CRM as the message leaves."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from adapters.channels import smtp
from adapters.conformance import Mishap
from connector.adapter import Outlets
from connector.decision.drafts import letter
from connector.gate.approval import ApprovalState
from connector.journal import EntryKind
from connector.policy import Tier
from connector.record import ActionKind, FieldName, ObjectType
from connector.settings import Privacy
from tests.scenario.test_what_leaves_the_crm import ADDRESS, FREE, REASON, customer
from tests.support.given import policy
from tests.support.mail_server import mail_server
from tests.support.outside import Saying, environment

MASKED = Privacy(mask=(FieldName("email"),))


@pytest.fixture
def mailbox():
    with mail_server() as box:
        yield box


@pytest.fixture
def asked(build, mailbox, desk):
    """A letter to the contact of a new ticket, agreed to by a person and not sent yet; and what the agent was shown."""
    shown = []

    def write(question, kind):
        shown.append([dict(record.fields) for record in question.context.records])
        permission = question.policy.action_permission(kind)
        return letter(question, kind, permission, subject="Your ticket", body="We look into it.", citations=(), passages=())

    def started(kind):
        options = {"host": "127.0.0.1", "port": mailbox.port, "security": "none", "from": "Support <support@example.org>"}
        road = build(
            under=policy(
                gate=FREE, may=f"{{{kind}: {{to: [contact]}}}}", reason=REASON, context="{related: [contact]}"
            ),
            models=lambda store, clock: {Tier.FAST: Saying(lambda question: [write(question, kind)])},
            outlets=Outlets(channels={"mail": smtp.connect(environment(options))}),
            privacy=MASKED,
        )
        ticket = road.ticket("Charged twice")
        customer(desk, ticket)
        road.capture()
        road.decide()
        for question in road.approvals(ticket):
            if question.state is ApprovalState.PENDING:
                road.pipeline.people.approve(question.id, by="bob")
        assert ADDRESS not in str(shown)
        return road, ticket

    return started


def person(desk):
    native = desk.objects[ObjectType.CONTACT]
    [contact] = [row for row in desk.org.rows(native) if ADDRESS in row.values.values()]
    return native, contact.id


def kept(road):
    """Everything the state holds, as text."""
    with road.store.snapshot() as tx:
        tables = [row["name"] for row in tx.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return json.dumps([tx.rows(f"SELECT * FROM {name}") for name in tables], default=str)


def test_a_mail_reaches_the_person_and_the_address_stands_nowhere(asked, mailbox):
    road, ticket = asked(ActionKind.SEND_EMAIL)
    road.rounds()
    [sent] = mailbox.letters
    assert (sent["To"], sent["Subject"]) == (ADDRESS, "Your ticket")
    assert road.story(ticket)[-1] is EntryKind.APPLIED
    assert ADDRESS not in kept(road)
    assert road.verified() == ()


def test_a_draft_in_the_crm_is_addressed_to_the_person(asked, desk):
    road, ticket = asked(ActionKind.DRAFT_EMAIL)
    road.rounds()
    assert road.story(ticket)[-1] is EntryKind.APPLIED
    places = [name for name in ("Task", "EmailMessage", "tasks", "emails") if name in desk.org.schema.objects]
    [draft] = [row for name in places for row in desk.org.rows(name)]
    assert ADDRESS in str(draft.values)
    assert "[email]" not in str(draft.values)
    assert ADDRESS not in kept(road)


@pytest.mark.parametrize("mishap", [Mishap.LOST_BEFORE, Mishap.LOST_AFTER], ids=lambda one: one.name)
def test_a_draft_whose_answer_is_lost_is_there_once(asked, desk, mishap):
    road, _ = asked(ActionKind.DRAFT_EMAIL)
    desk.gate._writes = lambda request: request.method in ("POST", "PATCH") and ADDRESS.encode() in request.body
    desk.arm_write(mishap)
    road.rounds()
    assert desk.happened(mishap) == 1
    places = [name for name in ("Task", "EmailMessage", "tasks", "emails") if name in desk.org.schema.objects]
    assert len([row for name in places for row in desk.org.rows(name)]) == 1


def test_who_has_no_address_any_more_gets_no_mail_and_it_is_said(asked, desk, mailbox):
    road, ticket = asked(ActionKind.SEND_EMAIL)
    native, contact = person(desk)
    desk.org.update(native, contact, {"email" if native == "contacts" else "Email": None}, actor=desk.rep)
    road.rounds()
    assert mailbox.letters == []
    [refused] = road.entries(ticket, EntryKind.REFUSED)
    assert "has no e-mail address" in refused.body["why"]


def test_who_opted_out_after_the_agreement_gets_no_mail(asked, desk, mailbox):
    road, ticket = asked(ActionKind.SEND_EMAIL)
    native, contact = person(desk)
    said_no = {"hs_email_optout": "true"} if native == "contacts" else {"HasOptedOutOfEmail": True}
    desk.org.update(native, contact, said_no, actor=replace(desk.rep, kind="setup"))
    road.rounds()
    assert mailbox.letters == []
    [refused] = road.entries(ticket, EntryKind.REFUSED)
    assert "does not want to be written to" in refused.body["why"]


def test_the_person_deleted_meanwhile_gets_no_mail(asked, desk, mailbox):
    road, ticket = asked(ActionKind.SEND_EMAIL)
    native, contact = person(desk)
    desk.org.delete(native, contact, actor=desk.rep)
    road.rounds()
    assert mailbox.letters == []
    assert [entry.body["code"] for entry in road.entries(ticket, EntryKind.REFUSED)] == ["gone"]
