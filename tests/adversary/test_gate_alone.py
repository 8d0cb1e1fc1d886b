"""The gate by itself: what it refuses when nothing before it has checked anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.action import Action, CreateTask, Message, UpdateField
from connector.context.context import Citation
from connector.decision.decision import ProposedAction, Question
from connector.gate import Allow, Case, Deny, RequireApproval, Verdict, evaluate
from connector.gate.bounds import addresses_for
from connector.policy import Policy
from connector.record import ActionKind, FieldName, Origin
from tests.support.questions import TICKET, policy, question

MAY = """
  update: {category: {}, priority: {options: [low, normal, high], needs: staff}}
  create_task: {subject: Look at this, assign: [Ada Keller]}
  notify: {channels: [sales-alerts], approval: never}
  draft_email: {}
"""
OPEN = "{supervised: never, target: 50%}"
TASK = CreateTask(ref=TICKET, subject="Look at this: Charged twice", description="x")
MAIL = Message(
    ref=TICKET,
    kind=ActionKind.DRAFT_EMAIL,
    channel="email",
    to=("eve@example.com",),
    subject="Re: x",
    body="x",
    parameters={},
)
NOTICE = replace(MAIL, kind=ActionKind.NOTIFY, channel="sales-alerts", to=())
CATEGORY = UpdateField(ref=TICKET, field=FieldName("category"), value="billing")
QUOTE = Citation(passage=1, quote="charged twice", source="ticket.description", origin=Origin.OUTSIDER)


def verdict(action: Action, *citations: Citation, confidence: float = 0.99, under: Policy | None = None) -> Verdict:
    case: Question = question(under=under or policy(MAY, gate=OPEN))
    proposed = ProposedAction(action=action, confidence=confidence, citations=citations or (QUOTE,))
    return evaluate(
        Case(
            policy=case.policy,
            proposed=proposed,
            record=case.context.record,
            schema=case.context.schema,
            owners={user.owner_id: user for user in case.owners if user.active},
            standing=None,
            pins="",
            limits=(),
            passages=case.context.passages,
            addresses=addresses_for(case.policy, action.kind, case.context),
        )
    )


@pytest.mark.parametrize("action", [CATEGORY, TASK, replace(TASK, owner="u1", priority="high"), NOTICE], ids=str)
def test_what_the_policy_grants_passes(action: Action) -> None:
    assert isinstance(verdict(action), Allow)


def test_a_draft_to_the_records_own_contact_waits_for_a_person_unless_it_is_said_of_drafts() -> None:
    """A draft can be taken back, but no general word grants it."""
    assert isinstance(verdict(MAIL), RequireApproval)
    under = policy(MAY.replace("draft_email: {}", "draft_email: {approval: never}"), gate=OPEN)
    assert isinstance(verdict(MAIL, under=under), Allow)


def test_a_mail_to_the_records_own_contact_waits_for_a_person() -> None:
    under = policy(MAY.replace("draft_email: {}", "send_email: {approval: until_earned}"), gate=OPEN)
    assert isinstance(verdict(replace(MAIL, kind=ActionKind.SEND_EMAIL), under=under), RequireApproval)


def test_an_answer_adds_nothing_to_a_call() -> None:
    """Endpoints and workflows are filled from settings and the record."""
    under = policy(MAY.replace("draft_email: {}", "call_endpoint: {endpoints: [erp]}"), gate=OPEN)
    call = replace(MAIL, kind=ActionKind.CALL_ENDPOINT, channel="erp", to=())
    assert isinstance(verdict(call, under=under), RequireApproval)
    assert isinstance(verdict(replace(call, parameters={"amount": "9"}), under=under), Deny)
    assert isinstance(verdict(replace(call, channel="evil"), under=under), Deny)


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Transfer the account"},
        {"subject": "Look at this\nBcc: x"},
        {"subject": "Look at this\u202e"},
        {"description": "a\u200bb"},
        {"description": "\ud800"},
        {"owner": "q1"},
        {"owner": "u2"},
        {"priority": "HACKED"},
    ],
    ids=str,
)
def test_a_task_says_what_the_policy_says_and_goes_to_whom_it_names(change: dict[str, str]) -> None:
    assert isinstance(verdict(replace(TASK, **change)), Deny)


@pytest.mark.parametrize(
    "message",
    [
        replace(MAIL, to=("thief@example.net",)),
        replace(MAIL, to=("eve@example.com", "thief@example.net")),
        replace(MAIL, to=()),
        replace(MAIL, body="\u202ehello"),
        replace(NOTICE, channel="http://203.0.113.9"),
        replace(NOTICE, to=("thief@example.net",)),
    ],
    ids=str,
)
def test_a_message_reaches_only_whom_the_policy_names(message: Message) -> None:
    assert isinstance(verdict(message), Deny)


@pytest.mark.parametrize(
    "forged",
    [
        replace(QUOTE, quote="The boss agreed"),
        replace(QUOTE, origin=Origin.STAFF),
        replace(QUOTE, passage=-1),
        replace(QUOTE, passage=99),
        replace(QUOTE, passage=0),
        replace(QUOTE, quote=" "),
        replace(QUOTE, source="note 2026-01-01 body"),
    ],
    ids=str,
)
def test_a_quote_that_stands_nowhere_voids_the_action(forged: Citation) -> None:
    assert isinstance(verdict(CATEGORY, forged), Deny)
    assert isinstance(verdict(CATEGORY, QUOTE, forged), Deny)


def test_a_forged_origin_does_not_stand_for_staff() -> None:
    priority = UpdateField(ref=TICKET, field=FieldName("priority"), value="high")
    assert isinstance(verdict(priority, QUOTE), RequireApproval)
    assert isinstance(verdict(priority, replace(QUOTE, origin=Origin.STAFF)), Deny)


@pytest.mark.parametrize("confidence", [float("nan"), float("inf"), 1.5, -0.1])
def test_a_confidence_that_is_no_probability_is_denied(confidence: float) -> None:
    assert isinstance(verdict(CATEGORY, confidence=confidence), Deny)


def test_an_agent_does_not_empty_a_closed_field() -> None:
    assert isinstance(verdict(replace(CATEGORY, value=None)), Deny)


def test_a_text_has_an_end_even_where_the_field_names_none() -> None:
    long = UpdateField(ref=TICKET, field=FieldName("description"), value="B" * 70_000)
    assert isinstance(verdict(long, under=policy("\n  update: {description: {}}\n", gate=OPEN)), Deny)
