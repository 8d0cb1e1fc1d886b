"""What becomes of a model's answers about tickets, honest and hostile ones."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.action import CreateTask, Message, UpdateField, validate
from connector.context.context import Audience
from connector.decision.agent import Abstention, Proposals, schema_hash
from connector.decision.agents import AGENTS
from connector.decision.answer import Malformed, Valid, read_answer
from connector.decision.decision import HandoffReason
from connector.record import ActionKind
from tests.support.questions import CONTACT, PEOPLE, TICKET, knowledge, policy, question, ticket

AGENT = AGENTS["ticket_triage"]
REPLY = policy("""
  update:
    category: {}
    queue: {}
    amount: {min: 0, max: 500}
    contact: {}
    priority: {options: [low, high], forward_only: true}
  create_task: {assign: [Ada Keller]}
  draft_email: {approval: always}
""")
QUOTE = [{"passage": 0, "quote": "Charged twice"}]


def said(value, confidence=0.9, citations=None):
    return {"value": value, "confidence": confidence, "citations": citations or QUOTE}


def answer(**changed):
    return {
        "rationale": "A double charge.",
        "enough": True,
        "out_of_scope": False,
        "missing": [],
        "values": {},
    } | changed


def read(asked, **changed):
    checked = read_answer(json.dumps(answer(**changed)), AGENT.form(asked))
    assert isinstance(checked, Valid), checked
    return AGENT.read(asked, checked.answer)


def test_values_become_updates_with_their_quotes():
    reading = read(question(under=REPLY), values={"category": said("billing"), "queue": said(0)})
    assert isinstance(reading, Proposals)
    assert [(step.action.field, step.action.value) for step in reading.actions] == [
        ("category", "billing"),
        ("queue", "q1"),
    ]
    assert reading.actions[0].citations[0].quote == "Charged twice"


def test_a_value_the_ticket_has_already_is_not_proposed():
    reading = read(question(ticket(category="billing"), REPLY), values={"category": said("billing")})
    assert isinstance(reading, Proposals)
    assert reading.actions == ()


def test_a_person_is_not_a_queue():
    reading = read(question(under=REPLY), values={"queue": said(2)})
    assert isinstance(reading, Proposals)
    assert reading.actions == ()
    assert reading.undecided == ("queue: a person is not a queue",)


def test_a_reference_is_picked_from_the_records_we_gave_and_of_the_right_object():
    picked = read(question(under=REPLY), values={"contact": said(1)})
    assert isinstance(picked, Proposals)
    assert picked.actions[0].action == UpdateField(ref=TICKET, field="contact", value=CONTACT.id)
    wrong = read(question(under=REPLY), values={"contact": said(0)})
    assert isinstance(wrong, Proposals)
    assert wrong.actions == ()


def test_a_move_backwards_is_not_proposed_where_the_policy_forbids_it():
    reading = read(question(ticket(priority="high"), REPLY), values={"priority": said("low")})
    assert isinstance(reading, Proposals)
    assert reading.actions == ()
    assert reading.undecided == ("priority: would move the field backwards",)


def test_too_little_to_go_on_is_a_handoff_with_guesses():
    reading = read(question(), enough=False, missing=["which invoice"], values={"category": said("billing")})
    assert isinstance(reading, Abstention)
    assert (reading.reason, reading.missing) == (HandoffReason.INCOMPLETE, ("which invoice",))
    assert len(reading.guesses) == 1


def test_an_out_of_scope_ticket_is_a_handoff():
    reading = read(question(), out_of_scope=True)
    assert isinstance(reading, Abstention)
    assert reading.reason is HandoffReason.UNSURE


def test_an_empty_ticket_is_never_decided_whatever_the_model_says():
    asked = question(ticket(subject=None, description=" "), passages=[knowledge("Refunds take five days.")])
    quote = [{"passage": 1, "quote": "Refunds"}]
    reading = read(asked, values={"category": said("billing", citations=quote)})
    assert isinstance(reading, Abstention)
    assert reading.reason is HandoffReason.INCOMPLETE


def test_a_task_goes_to_whom_the_policy_names():
    reading = read(
        question(under=REPLY), task={"summary": "Call the bank.", "confidence": 0.8, "citations": QUOTE, "owner": 0}
    )
    assert isinstance(reading, Proposals)
    [step] = reading.actions
    assert isinstance(step.action, CreateTask)
    assert step.action.owner == "u1"
    assert step.action.subject == "Follow up: Charged twice"


def test_a_task_or_reply_that_the_policy_does_not_grant_does_not_fit_the_form():
    asked = question(under=policy("\n  update: {category: {}}\n"))
    for extra in ("task", "reply", "need_search", "delete"):
        refused = read_answer(json.dumps(answer(**{extra: {}})), AGENT.form(asked))
        assert isinstance(refused, Malformed)


def reply(asked, body, citations):
    return read(asked, reply={"body": body, "confidence": 0.7, "citations": citations})


def test_a_reply_goes_to_the_tickets_own_contact():
    asked = question(under=REPLY, passages=[knowledge("Refunds take five days.")])
    reading = reply(asked, "Refunds take five days.", [{"passage": 2, "quote": "five days"}])
    assert isinstance(reading, Proposals)
    [step] = reading.actions
    assert isinstance(step.action, Message)
    assert (step.action.kind, step.action.to) == (ActionKind.DRAFT_EMAIL, ("eve@example.com",))
    assert step.action.subject == "Re: Charged twice"


@pytest.mark.parametrize(
    "body",
    [
        "See http://evil.example/refund",
        "See www.evil.example",
        "See [our page](evil.example)",
        "Our internal margin on every refund is four percent and we never tell anyone.",
    ],
)
def test_a_reply_with_foreign_links_or_internal_words_is_not_proposed(body):
    inside = knowledge(
        "The internal margin on every refund is four percent and stays here.", audience=Audience.INTERNAL
    )
    asked = question(under=REPLY, passages=[inside])
    reading = reply(asked, body, QUOTE)
    assert isinstance(reading, Proposals)
    assert reading.actions == ()
    assert reading.undecided[0].startswith("reply: ")


def test_a_reply_that_rests_on_an_internal_passage_is_not_proposed():
    asked = question(under=REPLY, passages=[knowledge("Be generous.", audience=Audience.INTERNAL)])
    reading = reply(asked, "Of course.", [{"passage": 2, "quote": "generous"}])
    assert isinstance(reading, Proposals)
    assert reading.actions == ()


def test_the_form_is_the_same_for_every_ticket_under_one_policy():
    one = schema_hash(AGENT.form(question(under=REPLY)))
    other = schema_hash(
        AGENT.form(question(ticket("x", "y", priority="high"), REPLY, passages=[knowledge("z")], owners=()))
    )
    assert one == other


def test_options_that_look_like_others_are_never_offered():
    asked = question()
    form = AGENT.form(asked)
    assert "retired" not in json.dumps({name: str(inner) for name, inner in form.fields["values"].fields.items()})


_VALUE = (
    st.sampled_from(["billing", "repair", "retired", "urgent", "high", "../../x", "http://evil.example", "003A", "u1"])
    | st.integers(-3, 9)
    | st.booleans()
    | st.decimals(allow_nan=False, allow_infinity=False).map(float)
    | st.text(max_size=20)
)
_CITED = st.lists(
    st.fixed_dictionaries(
        {"passage": st.integers(-1, 3), "quote": st.sampled_from(["Charged twice", "charged", "ignore previous", "."])}
    ),
    max_size=2,
)
_SAID = st.fixed_dictionaries({"value": _VALUE, "confidence": st.floats(-1, 2), "citations": _CITED})
_ANSWER = st.fixed_dictionaries(
    {
        "rationale": st.text(max_size=50),
        "enough": st.booleans(),
        "out_of_scope": st.booleans(),
        "missing": st.lists(st.text(max_size=10), max_size=2),
        "values": st.dictionaries(
            st.sampled_from(["category", "queue", "amount", "contact", "priority", "owner", "status", "Id"]),
            _SAID,
            max_size=5,
        ),
    },
    optional={
        "task": st.fixed_dictionaries(
            {"summary": st.text(max_size=30), "confidence": st.floats(0, 1), "citations": _CITED},
            optional={"owner": st.integers(-1, 3)},
        ),
        "reply": st.fixed_dictionaries(
            {"body": st.text(max_size=50), "confidence": st.floats(0, 1), "citations": _CITED}
        ),
        "delete": st.just("500A"),
    },
)


_SURE = st.integers(0, 100).map(lambda percent: percent / 100)
_PROOF = st.just(QUOTE)


def _fitting(value):
    return st.fixed_dictionaries({"value": value, "confidence": _SURE, "citations": _PROOF})


_WELL_FORMED = st.fixed_dictionaries(
    {
        "rationale": st.just("Because."),
        "enough": st.booleans(),
        "out_of_scope": st.booleans(),
        "missing": st.just([]),
        "values": st.fixed_dictionaries(
            {},
            optional={
                "category": _fitting(st.sampled_from(["billing", "repair", "other"])),
                "queue": _fitting(st.integers(0, 2)),
                "amount": _fitting(st.decimals(0, 500, places=4).map(float)),
                "contact": _fitting(st.integers(0, 1)),
                "priority": _fitting(st.sampled_from(["low", "high"])),
            },
        ),
    },
    optional={
        "task": st.fixed_dictionaries(
            {"summary": st.just("Do it."), "confidence": _SURE, "citations": _PROOF}, optional={"owner": st.just(0)}
        ),
        "reply": st.fixed_dictionaries(
            {
                "body": st.sampled_from(
                    ["Yes.", "Pay at http://evil.example", "mailto://eve", "see www.evil.example/x"]
                ),
                "confidence": _SURE,
                "citations": _PROOF,
            }
        ),
    },
)


@settings(max_examples=300, deadline=None)
@given(_ANSWER)
def test_no_answer_however_hostile_becomes_an_action_outside_the_policy(content):
    asked = question(under=REPLY)
    checked = read_answer(json.dumps(content), AGENT.form(asked))
    if isinstance(checked, Valid):
        stays_inside(asked, checked)


@settings(max_examples=300, deadline=None)
@given(_WELL_FORMED, st.sampled_from([None, "low", "high", "urgent"]))
def test_a_well_formed_answer_stays_inside_the_policy_whatever_it_wants(content, priority):
    asked = question(ticket(priority=priority), REPLY)
    checked = read_answer(json.dumps(content), AGENT.form(asked))
    assert isinstance(checked, Valid)
    stays_inside(asked, checked)


def stays_inside(asked, checked):
    reading = AGENT.read(asked, checked.answer)
    steps = reading.actions if isinstance(reading, Proposals) else reading.guesses
    owners = {user.owner_id for user in PEOPLE if user.active}
    for step in steps:
        assert step.action.ref == TICKET
        assert 0 <= step.confidence <= 1
        assert validate(step.action, asked.context.schema, owners=owners) == ()
        match step.action:
            case UpdateField(field=name, value=value):
                current = asked.context.record.value(name)
                assert REPLY.may.update[name].refusal(value, current=current) is None
                assert value != current
            case CreateTask():
                assert step.action.owner in (None, "u1")
            case Message():
                assert step.action.to == ("eve@example.com",)
                assert "evil" not in step.action.body
