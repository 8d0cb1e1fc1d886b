"""Agents that set something off outside: an endpoint, a workflow, a channel, a mail; by a model or by a rule."""

from __future__ import annotations

import random

import pytest

from adapters.channels import endpoints, slack, smtp
from connector.adapter import Outlets
from connector.decision.agents import AGENTS
from connector.decision.budget import SpendingLedger
from connector.decision.reasoners.anthropic import reasoner
from connector.decision.reasoners.endpoint import ModelSettings
from connector.decision.reasoners.prices import price_of
from connector.errors import PolicyError
from connector.gate.approval import ApprovalState
from connector.policy import Tier, parse_policy
from connector.record import ActionKind, ObjectType
from connector.writeback import OutboxState
from tests.support.given import policy
from tests.support.mail_server import mail_server
from tests.support.messages_server import FakeMessages, message
from tests.support.outside import Scripted, answered, environment
from tests.support.road import FREE

ADDRESS = "ada@example.com"
SURE = {"confidence": 0.97, "citations": [{"passage": 0, "quote": "Charged twice"}]}
SETTINGS = ModelSettings(tier=Tier.FAST, model="claude-haiku-5-5", price=price_of("claude-haiku-5-5"), parallel=1)
MAY = (
    "{call_endpoint: {endpoints: [erp]}, start_workflow: {workflows: [renewal]}, "
    "notify: {channels: [desk], approval: always}, send_email: {to: [contact]}}"
)
ALONE = """
schema: 1
policy: order-desk
goal: Billing hears of every double charge.
when: {object: ticket, events: [created]}
agent:
  custom: order_desk
  fields: [subject]
  instructions: Tell billing of double charges.
  schema: {double: {kind: boolean, required: false}}
  rules:
    - {when: "subject.contains('twice')", then: {double: true}, call: erp, notify: desk, task: Look at the invoice.}
reason: {tier: offline}
may: {call_endpoint: {endpoints: [erp]}, notify: {channels: [desk], approval: always}, create_task: {subject: Check}}
gate: {supervised: never, target: 90%}
limits: {share_of_object: 100%}
handoff: {to: leads, due: 4h}
"""


@pytest.fixture
def web():
    return Scripted(answered(200), answered(200))


@pytest.fixture
def outlets(web):
    erp = endpoints.connect(environment(
        {"url": "https://erp.example.com/refunds", "parameters": {"about": {"field": "subject"}}}, transport=web,
    ))  # fmt: skip
    chat = slack.connect(environment({}, transport=web, secrets={"webhook_url": "https://hooks.slack.com/services/T/B/X"}))
    with mail_server() as mailbox:
        mail = smtp.connect(environment({
            "host": "127.0.0.1", "port": mailbox.port, "security": "none", "from": "Support <support@example.org>",
        }))  # fmt: skip
        yield Outlets(channels={"mail": mail, "desk": chat}, endpoints={"erp": erp}), mailbox


def customer_of(desk, ticket):
    contact = desk.create(ObjectType.CONTACT, {"last_name": "Lovelace"})
    if desk.objects[ObjectType.CONTACT] == "contacts":
        desk.org.update("contacts", contact.id, {"email": ADDRESS}, actor=desk.rep)
        desk.associate(ticket, contact)
    else:
        desk.org.update("Contact", contact.id, {"Email": ADDRESS}, actor=desk.rep)
        desk.org.update("Case", ticket.id, {"ContactId": contact.id}, actor=desk.rep)


def agreed(road, ticket):
    """A person agrees to everything that is asked; the kinds of what was asked."""
    waiting = [one for one in road.approvals(ticket) if one.state is ApprovalState.PENDING]
    for one in waiting:
        road.pipeline.people.approve(one.id, by="bob")
    road.rounds(most=60)
    return sorted(one.action.kind for one in waiting)


@pytest.fixture
def ask(build, desk, outlets):
    """A new ticket of a known customer, triaged by a model that answers from a script."""

    def asked(**errands):
        answer = {"rationale": "A double charge.", "enough": True, "out_of_scope": False, "missing": [], "values": {}}
        answer |= errands

        def models(store, clock):
            made = reasoner(
                SETTINGS, AGENTS, transport=FakeMessages(*[message(answer)] * 4), key="sk-test", clock=clock,
                chance=random.Random(1), budget=SpendingLedger(store, clock),
            )  # fmt: skip
            return {Tier.FAST: made}

        flows = getattr(getattr(desk.sandbox.face, "state", None), "flows", None)
        if flows is not None:
            flows["renewal"] = []
        road = build(
            under=policy(gate=FREE, may=MAY, reason="{tier: fast, usd_per_day: 5}", context="{related: [contact]}"),
            models=models, outlets=outlets[0],
        )  # fmt: skip
        ticket = road.ticket("Charged twice")
        customer_of(desk, ticket)
        road.rounds(most=60)
        return road, ticket, flows

    return asked


def test_what_a_model_sets_off_waits_for_a_person_and_then_happens_once(ask, web, outlets):
    road, ticket, flows = ask(
        call={"to": "erp", **SURE}, start={"to": "renewal", **SURE},
        notify={"to": "desk", "text": "A customer was charged twice.", **SURE},
        reply={"body": "Thank you, we are looking into the charge.", **SURE},
    )  # fmt: skip
    assert web.requests == []
    assert agreed(road, ticket) == sorted(
        [ActionKind.CALL_ENDPOINT, ActionKind.START_WORKFLOW, ActionKind.NOTIFY, ActionKind.SEND_EMAIL]
    )
    called, told = sorted(web.requests, key=lambda request: request.url)
    assert called.body == b'{"about": "Charged twice"}'
    assert b"A customer was charged twice." in told.body
    assert flows in (None, {"renewal": [ticket.id]})
    [letter] = outlets[1].letters
    assert "we are looking into the charge" in str(letter)
    ends = {row.action.kind: row.state for row in road.writes(ticket)}
    started = OutboxState.REFUSED if flows is None else OutboxState.APPLIED
    assert ends.pop(ActionKind.START_WORKFLOW) is started
    assert set(ends.values()) == {OutboxState.APPLIED}
    assert road.verified() == ()


@pytest.mark.parametrize("errand", [
    {"call": {"to": "https://evil.example", **SURE}}, {"start": {"to": "delete_all", **SURE}},
    {"call": {"to": "erp", "amount": "9999", **SURE}}, {"notify": {"to": "everyone", "text": "hi", **SURE}},
])  # fmt: skip
def test_a_model_reaches_nothing_the_policy_does_not_name_and_adds_nothing(ask, web, errand):
    road, ticket, _ = ask(**errand)
    assert agreed(road, ticket) == []
    assert web.requests == []
    assert len(road.handoffs(ticket)) == 1


def test_a_rule_calls_and_tells_without_a_model(build, outlets, web):
    road = build(under=parse_policy(ALONE, agents=AGENTS), outlets=outlets[0])
    ticket = road.ticket("Charged twice")
    road.rounds(most=60)
    assert agreed(road, ticket) == [ActionKind.CALL_ENDPOINT, ActionKind.NOTIFY]
    called, told = sorted(web.requests, key=lambda request: request.url)
    assert called.body == b'{"about": "Charged twice"}'
    assert b"Look at the invoice." in told.body
    assert len(road.desk.hanging(ticket, ObjectType.TASK)) == 1


def test_a_rule_that_names_what_the_policy_does_not_allow_is_refused_at_load():
    with pytest.raises(PolicyError, match=r"`call: erb` is not among `may.call_endpoint.endpoints`.*erp"):
        parse_policy(ALONE.replace("call: erp", "call: erb"), agents=AGENTS)
