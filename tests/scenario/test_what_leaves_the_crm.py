"""What leaves the CRM leaves at most once: judged by the mailbox, the other side's requests, the CRM and the journal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.channels import endpoints, slack, smtp
from connector.action import Message
from connector.adapter import NoAnswerError, NotSentError, Outlets
from connector.gate.approval import ApprovalState
from connector.gate.handoffs import HandoffState
from connector.journal import EntryKind
from connector.policy import Tier
from connector.record import ActionKind, ObjectType
from connector.writeback import OutboxState
from tests.support.given import policy
from tests.support.mail_server import mail_server
from tests.support.outside import Saying, Scripted, answered, environment

ADDRESS = "ada@example.com"
FREE = "{supervised: never, target: 90%}"
REASON = "{tier: fast, usd_per_day: 1}"


class CrashError(Exception):
    """The process dies here."""


def message(kind, question, **more):
    to = (ADDRESS,) if kind in (ActionKind.SEND_EMAIL, ActionKind.SCHEDULE_MEETING, ActionKind.DRAFT_EMAIL) else ()
    usual = {"channel": "email", "subject": "Re: Charged twice", "body": "We look into it.", "parameters": {}, "to": to}
    return Message(ref=question.context.record.ref, kind=kind, **usual | more)


def customer(desk, ticket):
    """The ticket's contact, with an address."""
    contact = desk.create(ObjectType.CONTACT, {"last_name": "Lovelace"})
    if desk.objects[ObjectType.CONTACT] == "contacts":
        desk.org.update("contacts", contact.id, {"email": ADDRESS}, actor=desk.rep)
        desk.associate(ticket, contact)
    else:
        desk.org.update("Contact", contact.id, {"Email": ADDRESS}, actor=desk.rep)
        desk.org.update("Case", ticket.id, {"ContactId": contact.id}, actor=desk.rep)


@pytest.fixture
def mailbox():
    with mail_server() as box:
        yield box


@pytest.fixture
def start(build, mailbox, desk):
    """A road whose agent proposes one message on a new ticket of a known customer; approved by a person where asked."""

    def started(kind, may, *, channels=None, endpoints=None, **more):
        mail = smtp.connect(
            environment({
                "host": "127.0.0.1", "port": mailbox.port, "security": "none", "from": "Support <support@example.org>",
            })
        )  # fmt: skip
        outlets = Outlets(channels={"mail": mail, **(channels or {})}, endpoints=endpoints or {})
        agent = Saying(lambda question: [message(kind, question, **more)])
        road = build(
            under=policy(gate=FREE, may=may, reason=REASON, context="{related: [contact]}"),
            models=lambda store, clock: {Tier.FAST: agent},
            outlets=outlets,
        )
        ticket = road.ticket("Charged twice")
        customer(desk, ticket)
        road.capture()
        road.decide()
        for question in road.approvals(ticket):
            if question.state is ApprovalState.PENDING:
                road.pipeline.people.approve(question.id, by="bob")
        return road, ticket

    return started


MAIL = "{send_email: {to: [contact]}}"
NOTIFY = "{notify: {channels: [sales], approval: never}}"
CALL = "{call_endpoint: {endpoints: [erp]}}"


def state(road, ticket):
    [row] = road.writes(ticket)
    return row.state


def test_an_approved_mail_arrives_once_under_a_name_of_its_own(start, mailbox):
    road, ticket = start(ActionKind.SEND_EMAIL, MAIL)
    road.rounds()
    road.rounds()
    [letter] = mailbox.letters
    [row] = road.writes(ticket)
    assert letter["Message-ID"] == f"<{row.intent}@example.org>"
    assert (letter["To"], letter["Subject"]) == (ADDRESS, "Re: Charged twice")
    assert letter.get_content().strip() == "We look into it."
    assert road.story(ticket) == [
        EntryKind.DECIDED, EntryKind.APPROVAL_REQUESTED, EntryKind.APPROVED, EntryKind.APPLIED,
    ]  # fmt: skip
    assert road.verified() == ()


def test_nothing_is_mailed_before_a_person_agreed(build, mailbox, desk):
    agent = Saying(lambda question: [message(ActionKind.SEND_EMAIL, question)])
    options = {"host": "127.0.0.1", "port": mailbox.port, "security": "none", "from": "a@example.org"}
    mail = smtp.connect(environment(options))
    may = "{send_email: {to: [contact], approval: until_earned}}"
    road = build(
        under=policy(gate=FREE, may=may, reason=REASON, context="{related: [contact]}"),
        models=lambda store, clock: {Tier.FAST: agent},
        outlets=Outlets(channels={"mail": mail}),
    )
    ticket = road.ticket("Charged twice")
    customer(desk, ticket)
    road.rounds()
    assert [question.state for question in road.approvals(ticket)] == [ApprovalState.PENDING]
    assert (mailbox.letters, mailbox.sessions) == ([], 0)


@pytest.mark.parametrize("fault", ["keep and cut", "cut"])
def test_a_lost_answer_is_never_sent_again_and_a_person_is_told(start, mailbox, fault):
    mailbox.script["body"] = fault
    road, ticket = start(ActionKind.SEND_EMAIL, MAIL)
    road.rounds()
    mailbox.script.clear()
    road.wait(timedelta(hours=1))
    road.restart()
    road.rounds()
    assert len(mailbox.letters) == (fault == "keep and cut")
    assert mailbox.sessions == 1
    assert state(road, ticket) is OutboxState.UNCONFIRMED
    [handoff] = road.handoffs(ticket)
    assert (handoff.state, handoff.owner) == (HandoffState.OPEN, "leads")
    assert "not known whether this arrived" in handoff.summary
    assert road.story(ticket)[-2:] == [EntryKind.UNKNOWN, EntryKind.HANDED_OFF]
    assert road.verified() == ()


def crash_at(road, name):
    """The process dies as it opens its next transaction of this name."""
    whole = road.store.transaction

    def transaction(called, *more):
        if called == name:
            road.store.transaction = whole
            raise CrashError
        return whole(called, *more)

    road.store.transaction = transaction


@pytest.mark.parametrize(
    ("died", "arrived"), [("writeback: sending a message", 1), ("writeback: delivered", 1)], ids=["before", "after"]
)
def test_a_crash_between_sending_and_recording_sends_nothing_twice(start, mailbox, died, arrived):
    road, ticket = start(ActionKind.SEND_EMAIL, MAIL)
    crash_at(road, died)
    with pytest.raises(CrashError):
        road.rounds()
    road.restart()
    road.rounds()
    assert len(mailbox.letters) == arrived
    doubted = died == "writeback: delivered"
    assert state(road, ticket) is (OutboxState.UNCONFIRMED if doubted else OutboxState.APPLIED)
    assert len(road.handoffs(ticket)) == doubted


@pytest.mark.parametrize(
    ("verb", "says", "ends", "letters"),
    [
        ("RCPT", "550 no such person", OutboxState.REFUSED, 0),
        ("DATA", "554 not today", OutboxState.REFUSED, 0),
        ("body", "554 looks like spam", OutboxState.REFUSED, 0),
        ("MAIL", "421 come back later", OutboxState.READY, 0),
        ("MAIL", "cut", OutboxState.READY, 0),
    ],
)
def test_what_certainly_did_not_arrive_is_refused_or_tried_again(start, mailbox, verb, says, ends, letters):
    mailbox.script[verb] = says
    road, ticket = start(ActionKind.SEND_EMAIL, MAIL)
    road.write()
    assert (state(road, ticket), len(mailbox.letters)) == (ends, letters)
    mailbox.script.clear()
    road.wait(timedelta(minutes=10))
    road.rounds()
    assert len(mailbox.letters) == (ends is OutboxState.READY)


def test_a_chat_message_is_posted_once_and_mentions_nobody(start):
    web = Scripted(answered())
    chat = slack.connect(environment({}, transport=web, secrets={"webhook_url": "https://hooks.slack.com/services/T/B/X"}))
    road, ticket = start(
        ActionKind.NOTIFY, NOTIFY, channels={"sales": chat}, channel="sales", body="<!channel> look at <https://evil>"
    )
    road.rounds()
    [request] = web.requests
    assert b"&lt;!channel&gt;" in request.body
    assert b"<" not in request.body
    assert state(road, ticket) is OutboxState.APPLIED


CALLS = {
    "taken": (answered(201), OutboxState.APPLIED, 1),
    "refused": (answered(422), OutboxState.REFUSED, 1),
    "a redirect": (answered(302, location="http://169.254.169.254/"), OutboxState.REFUSED, 1),
    "a broken answer": (answered(502), OutboxState.UNCONFIRMED, 1),
    "no answer": (NoAnswerError("silence"), OutboxState.UNCONFIRMED, 1),
    "not reached": (NotSentError("no route"), OutboxState.APPLIED, 2),
}


@pytest.mark.parametrize("answer", CALLS)
def test_an_endpoint_is_called_once_with_what_settings_and_record_say(start, answer):
    first, ends, calls = CALLS[answer]
    web = Scripted(first, answered(200))
    erp = endpoints.connect(
        environment(
            {
                "url": "https://erp.example.com/orders", "auth": "bearer",
                "parameters": {"about": {"field": "subject"}, "source": {"value": "crm"}},
            },
            transport=web, secrets={"token": "t0ken"},
        )
    )  # fmt: skip
    road, ticket = start(ActionKind.CALL_ENDPOINT, CALL, endpoints={"erp": erp}, channel="erp", subject="", body="")
    road.rounds()
    road.wait(timedelta(hours=1))
    road.rounds()
    assert state(road, ticket) is ends
    assert len(web.requests) == calls
    assert web.requests[0].body == b'{"about": "Charged twice", "source": "crm"}'
    [row] = road.writes(ticket)
    assert web.requests[0].headers["Idempotency-Key"] == row.intent


def test_a_call_whose_parameters_moved_after_the_verdict_is_asked_again(start, desk):
    web = Scripted()
    options = {"url": "https://erp.example.com/x", "parameters": {"p": {"field": "priority"}}}
    erp = endpoints.connect(environment(options, transport=web))
    road, ticket = start(ActionKind.CALL_ENDPOINT, CALL, endpoints={"erp": erp}, channel="erp", subject="", body="")
    desk.edit(ticket, {"priority": "high"})
    road.wait(desk.lag)
    road.write()
    assert web.requests == []
    assert state(road, ticket) is OutboxState.STALE


def test_a_message_without_a_channel_is_refused(start):
    road, ticket = start(ActionKind.NOTIFY, NOTIFY, channel="sales")
    road.rounds()
    assert state(road, ticket) is OutboxState.REFUSED


def test_a_draft_stands_in_the_crm_once_and_can_be_taken_back(start, desk, mailbox):
    from connector.revert import Selection, revert

    road, ticket = start(ActionKind.DRAFT_EMAIL, "{draft_email: {to: [contact], approval: never}}")
    road.rounds()
    assert mailbox.letters == []
    native = "tasks" if desk.objects[ObjectType.TICKET] == "tickets" else "EmailMessage"
    [draft] = [row for row in desk.org.rows(native) if row.deleted is None]
    assert "We look into it." in str(dict(draft.values))
    assert ADDRESS in str(dict(draft.values))
    people = road.pipeline
    revert(road.store, people.journal, road.clock, people.adapters, Selection(record=ticket), by="bob")
    road.rounds()
    assert [row for row in desk.org.rows(native) if row.deleted is None] == []


MEETING = "{schedule_meeting: {invite: [contact], within: 10 business days, lasts: 30 minutes}}"
TIMES = {"start": "2026-09-03T10:00:00+00:00", "end": "2026-09-03T10:30:00+00:00"}


def meetings(desk):
    native = "meetings" if desk.objects[ObjectType.TICKET] == "tickets" else "Event"
    return [row for row in desk.org.rows(native) if row.deleted is None]


def test_a_meeting_stands_in_the_crm_and_its_guest_is_invited_once(start, desk, mailbox):
    road, ticket = start(ActionKind.SCHEDULE_MEETING, MEETING, parameters=TIMES)
    road.rounds()
    road.restart()
    road.rounds()
    assert len(meetings(desk)) == 1
    [letter] = mailbox.letters
    [invitation] = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    text = invitation.get_content()
    [row] = road.writes(ticket)
    assert f"UID:{row.intent}@example.org" in text
    assert "METHOD:REQUEST" in text
    assert "DTSTART:20260903T100000Z" in text
    assert row.state is OutboxState.APPLIED


def test_a_meeting_whose_invitation_is_refused_does_not_stand(start, desk, mailbox):
    mailbox.script["RCPT"] = "550 no such person"
    road, ticket = start(ActionKind.SCHEDULE_MEETING, MEETING, parameters=TIMES)
    road.rounds()
    assert (meetings(desk), mailbox.letters) == ([], [])
    assert state(road, ticket) is OutboxState.REFUSED


@pytest.mark.parametrize(
    "times",
    [
        {"start": "2026-08-03T10:00:00+00:00", "end": "2026-08-03T10:30:00+00:00"},
        {"start": "2026-12-03T10:00:00+00:00", "end": "2026-12-03T10:30:00+00:00"},
        {"start": "2026-09-03T10:00:00+00:00", "end": "2026-09-03T18:30:00+00:00"},
        {"start": "2026-09-03T10:00:00", "end": "2026-09-03T10:30:00"},
        {"start": "tomorrow", "end": ""},
        TIMES | {"attendee": "eve@example.net"},
    ],
    ids=["past", "far off", "too long", "no zone", "no time", "another guest"],
)
def test_a_meeting_outside_the_policys_bounds_is_denied(start, desk, mailbox, times):
    road, ticket = start(ActionKind.SCHEDULE_MEETING, MEETING, parameters=times)
    road.rounds()
    assert [approval.state for approval in road.approvals(ticket)] == [ApprovalState.DENIED]
    assert (meetings(desk), mailbox.letters) == ([], [])


def test_a_workflow_is_started_where_the_crm_can_and_refused_where_it_cannot(start, desk):
    flows = getattr(getattr(desk.sandbox.face, "state", None), "flows", None)
    if flows is not None:
        flows["renewal"] = []
    road, ticket = start(
        ActionKind.START_WORKFLOW, "{start_workflow: {workflows: [renewal]}}", channel="renewal", subject="", body=""
    )
    road.rounds()
    road.rounds()
    assert state(road, ticket) is (OutboxState.REFUSED if flows is None else OutboxState.APPLIED)
    assert flows in (None, {"renewal": [ticket.id]})
