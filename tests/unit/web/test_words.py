"""A task, a note or a mail is approved in a person's own words: those are what the CRM gets, once."""

from __future__ import annotations

import pytest

from connector.action import CreateNote, CreateTask, Message, words_of
from connector.gate import labels
from connector.gate.approval import ApprovalState
from connector.gate.cells import Cell
from connector.journal import EntryKind
from connector.policy import Tier
from connector.record import ActionKind, ObjectType
from connector.web.security.forms import LONGEST
from tests.support.given import policy, ref
from tests.support.outside import Saying
from tests.support.road import Road
from tests.support.visitor import Visitor, house_over

REWORD = ("verdict", "reword")
ASK = policy(
    gate="{supervised: until_earned, approvers: ada}", reason="{tier: fast, usd_per_day: 1}",
    may="{create_task: {approval: always}, create_note: {approval: always}}",
)  # fmt: skip
STEPS = {
    "task": lambda ref: CreateTask(ref=ref, subject="Call them", description="They were charged twice."),
    "note": lambda ref: CreateNote(ref=ref, body="Was charged <b>twice</b>."),
    "long": lambda ref: CreateNote(ref=ref, body="Was charged twice. " * 500),
}  # fmt: skip


@pytest.fixture
def asked_for(desk, tmp_path):
    """A road whose agent proposes one step, the page before it, the ticket and the question."""
    made: list[Road] = []

    def start(step):
        agent = Saying(lambda question: [STEPS[step](question.context.record.ref)])
        road = Road(desk, tmp_path, under=ASK, models=lambda store, clock: {Tier.FAST: agent})
        made.append(road)
        road.activate()
        ticket = road.ticket("Charged twice")
        road.rounds()
        [question] = road.approvals(ticket)
        assert question.state is ApprovalState.PENDING
        return road, Visitor(house_over(road), "ada"), ticket, question

    yield start
    for road in made:
        road.store.close()


def test_a_task_is_written_in_the_words_of_whoever_approved_it(asked_for):
    road, ada, ticket, question = asked_for("task")
    form = ada.form(f"/approvals/{question.id}", REWORD)
    assert (form.fields["word-subject"], form.fields["word-description"]) == ("Call them", "They were charged twice.")
    words = {"word-subject": "Call Mrs Keller back", "word-description": "Before noon.\r\nAsk for the invoice."}
    posted = {**form.fields, **words, "verdict": "reword"}
    assert [ada.send(form.action, posted).status_code for _ in range(2)] == [303, 303]
    road.rounds()
    road.restart()
    road.rounds()
    [task] = road.desk.hanging(ticket, ObjectType.TASK)
    assert task["subject"] == "Call Mrs Keller back"
    assert "Before noon.\nAsk for the invoice." in str(task["description"])
    assert len(road.entries(ticket, EntryKind.APPROVED)) == 1
    with road.store.snapshot() as tx:
        [label] = labels.of_cell(tx, Cell.parse(question.cell), question.pins, road.clock.now())
    assert not label.agreed
    assert "Call Mrs Keller back" in label.actual


def test_the_same_words_are_an_approval(asked_for):
    road, ada, ticket, question = asked_for("note")
    form = ada.form(f"/approvals/{question.id}", REWORD)
    assert form.fields["word-body"] == "Was charged <b>twice</b>."
    assert ada.press(f"/approvals/{question.id}", REWORD).status_code == 303
    road.rounds()
    assert len(road.desk.hanging(ticket, ObjectType.NOTE)) == 1
    with road.store.snapshot() as tx:
        [label] = labels.of_cell(tx, Cell.parse(question.cell), question.pins, road.clock.now())
    assert label.agreed


@pytest.mark.parametrize("words", [{"word-subject": " "}, {"word-subject": "x" * 256}])
def test_words_the_crm_would_not_take_are_kept_in_the_form_and_written_nowhere(asked_for, words):
    road, ada, ticket, question = asked_for("task")
    answer = ada.press(f"/approvals/{question.id}", REWORD, **words)
    assert answer.status_code == 409
    assert "Not done: the" in answer.text
    assert next(iter(words.values())) in answer.text
    road.rounds()
    assert road.desk.hanging(ticket, ObjectType.TASK) == ()
    assert road.approvals(ticket)[0].state is ApprovalState.PENDING


def test_a_text_longer_than_a_form_takes_is_approved_as_it_is_and_the_page_says_so(asked_for):
    road, ada, ticket, question = asked_for("long")
    page = f"/approvals/{question.id}"
    told = ada.read(page)
    assert "more than 8,000 characters" in told
    assert 'value="reword"' not in told
    ada.press(page, ("verdict", "approve"))
    road.rounds()
    [note] = road.desk.hanging(ticket, ObjectType.NOTE)
    assert len(str(note["body"])) > LONGEST


def test_the_longest_words_fit_in_whatever_script_they_are_written(asked_for):
    road, ada, ticket, question = asked_for("task")
    words = {"word-subject": "請求書" * 80, "word-description": "お客様に電話してください。" * 600}
    assert ada.press(f"/approvals/{question.id}", REWORD, **words).status_code == 303
    road.rounds()
    [task] = road.desk.hanging(ticket, ObjectType.TASK)
    assert words["word-description"] in str(task["description"])


def test_a_call_without_words_has_none_to_change():
    call = Message(
        ref=ref(), kind=ActionKind.CALL_ENDPOINT, channel="erp", to=(), subject="", body="", parameters={"id": "7"}
    )
    assert words_of(call) == {}


def test_a_field_has_no_words_to_change(ada, road, asked):
    ticket, question = asked
    posted = {**ada.form("/", ("verdict", "approve")).fields, "verdict": "reword", "word-body": "anything"}
    answer = ada.send(f"/approvals/{question.id}", posted)
    assert answer.status_code == 409
    assert "has no words to change" in answer.text
    assert road.approvals(ticket)[0].state is ApprovalState.PENDING
