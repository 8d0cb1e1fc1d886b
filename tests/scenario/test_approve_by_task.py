"""A question as a task on the record: who completes it decides, if it is one of our approvers with their own hands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.gate import audits
from connector.gate.approval import ApprovalError, ApprovalState
from connector.gate.persons import Role
from connector.gate.task_text import is_hidden
from connector.journal import EntryKind
from connector.settings import Chosen
from tests.support.given import policy
from tests.support.tasks import Tasks

ASK = policy(gate="{supervised: until_earned}", may="{update: {category: {}}}")
ALL = Chosen(every=True)


@pytest.fixture
def shown(monkeypatch):
    """Every question with its value."""
    monkeypatch.setattr(audits, "BLIND_SHARE", 0.0)


@pytest.fixture
def hidden(monkeypatch):
    monkeypatch.setattr(audits, "BLIND_SHARE", 1.0)


def asked(build, under=ASK, subject="Charged twice"):
    road = build(under=under, by_task=ALL)
    ticket = road.ticket(subject)
    road.rounds()
    road.rounds()  # questions are put with the next poll
    tasks = Tasks(road)
    [question] = [one for one in road.approvals(ticket) if one.state is ApprovalState.PENDING]
    return road, ticket, question, tasks


def state(road, ticket):
    return [one.state for one in road.approvals(ticket)]


def written(road, ticket):
    """What our user wrote into the field, from the CRM's own log."""
    return [value for field, value in road.agent_lines(ticket) if field == road.desk.natives["category"]]


def changes(road, ticket):
    return [entry.body["change"] for entry in road.entries(ticket, EntryKind.APPROVAL_CHANGED)]


def test_the_task_says_what_would_be_written_on_what_evidence_and_how_to_answer(build, shown):
    road, _, question, tasks = asked(build)
    [task] = tasks.all()
    text = tasks.text(task)
    assert "Would be written: set category to billing" in text
    assert "Value: billing" in text
    assert "To approve, complete this task." in text
    assert f"[asked by crm-connector: {question.id}]" in text
    road.rounds()
    assert len(tasks.all()) == 1


def test_a_policy_that_settings_do_not_name_asks_by_no_task(build, shown):
    road = build(under=ASK, by_task=Chosen(some=frozenset({"another"})))
    road.ticket("Charged twice")
    road.rounds()
    road.rounds()
    assert Tasks(road).all() == []


def test_completed_by_an_approver_it_is_written_once(build, shown):
    road, ticket, question, tasks = asked(build)
    tasks.staff("ada")
    [task] = tasks.all()
    tasks.finish(task)
    road.rounds()
    road.restart()
    tasks.set(task, {tasks.names["status"]: tasks.names["deferred"]})
    tasks.finish(task)
    road.rounds()
    assert road.category(ticket) == "billing"
    assert written(road, ticket) == ["billing"]
    [approved] = road.entries(ticket, EntryKind.APPROVED)
    assert (approved.actor, approved.body["remark"]) == ("ada", "by a task in the CRM")
    with pytest.raises(ApprovalError, match="approved already"):
        road.pipeline.people.approve(question.id, by="bob")


def test_another_value_on_its_line_is_what_is_written(build, shown):
    road, ticket, _, tasks = asked(build)
    tasks.staff("ada")
    [task] = tasks.all()
    tasks.finish(task, value="repair")
    road.rounds()
    assert road.category(ticket) == "repair"


def test_a_value_the_field_cannot_hold_is_not_counted_and_the_question_stays(build, shown):
    road, ticket, _, tasks = asked(build)
    tasks.staff("ada")
    [task] = tasks.all()
    tasks.finish(task, value="no such thing")
    road.rounds()
    road.rounds()
    assert state(road, ticket) == [ApprovalState.PENDING]
    assert sum("does not count" in one for one in changes(road, ticket)) == 1
    tasks.finish(task, value="repair")
    road.rounds()
    assert road.category(ticket) == "repair"


@pytest.mark.parametrize("how", ["deferred", "reject"])
def test_deferred_or_reject_on_the_line_is_no(build, shown, how):
    road, ticket, _, tasks = asked(build)
    tasks.staff("ada")
    [task] = tasks.all()
    if how == "deferred":
        tasks.finish(task, how="deferred")
    else:
        tasks.finish(task, value="reject")
    road.rounds()
    assert state(road, ticket) == [ApprovalState.REJECTED]
    assert road.category(ticket) is None


def hands(tasks):
    """Hands that never count, by what they are."""
    return {
        "nobody's account": tasks.rep, "our own user": tasks.agent, "an automation": tasks.flow,
        "another account": tasks.somebody_else(),
    }  # fmt: skip


@pytest.mark.parametrize("whose", ["nobody's account", "our own user", "an automation", "another account"])
def test_other_hands_than_an_approvers_change_nothing(build, shown, whose):
    road, ticket, _, tasks = asked(build)
    if whose != "nobody's account":
        tasks.staff("ada")
    [task] = tasks.all()
    tasks.finish(task, by=hands(tasks)[whose])
    road.rounds()
    assert state(road, ticket) == [ApprovalState.PENDING]
    assert road.category(ticket) is None
    assert any("does not count" in one for one in changes(road, ticket))


def test_our_own_user_counts_for_nobody_even_when_it_is_somebodys_account(build, shown):
    road, ticket, _, tasks = asked(build)
    tasks.staff("ada", account=tasks.agent.user or "INTEGRATION")
    [task] = tasks.all()
    tasks.finish(task, by=tasks.agent)
    road.rounds()
    assert state(road, ticket) == [ApprovalState.PENDING]


def test_a_viewer_may_not_approve(build, shown):
    road, ticket, _, tasks = asked(build)
    tasks.staff("vic", Role.VIEWER)
    [task] = tasks.all()
    tasks.finish(task)
    road.rounds()
    assert state(road, ticket) == [ApprovalState.PENDING]
    assert any("vic is viewer" in one for one in changes(road, ticket))


def test_one_who_was_removed_may_not_approve(build, shown):
    road, ticket, _, tasks = asked(build)
    tasks.staff("ada")
    tasks.access.remove("ada", by="test")
    [task] = tasks.all()
    tasks.finish(task)
    road.rounds()
    assert state(road, ticket) == [ApprovalState.PENDING]


def test_a_value_that_an_automation_wrote_is_nobodys_verdict_where_fields_are_stamped(build, shown):
    road, ticket, _, tasks = asked(build)
    if not road.adapter.capabilities.field_stamps:
        pytest.skip("Salesforce tells only the last modifier: docs/approvals.md says so")
    tasks.staff("ada")
    [task] = tasks.all()
    tasks.write(task, "repair", by=tasks.flow)
    tasks.finish(task)
    road.rounds()
    assert state(road, ticket) == [ApprovalState.PENDING]
    assert road.category(ticket) is None


def test_an_editor_that_dresses_the_text_in_html_changes_nothing(build, shown):
    road, ticket, _, tasks = asked(build)
    tasks.staff("ada")
    [task] = tasks.all()
    dressed = "".join(f"<p>{line}</p>" for line in tasks.text(task).split("\n"))
    tasks.set(task, {tasks.names["text"]: dressed.replace("Value: billing", "Value:&nbsp;<b>repair</b>")})
    tasks.finish(task)
    road.rounds()
    assert road.category(ticket) == "repair"


def test_a_blind_question_tells_no_value_and_is_answered_by_writing_one(build, hidden):
    road, ticket, question, tasks = asked(build)
    assert is_hidden(question)
    tasks.staff("ada")
    [task] = tasks.all()
    assert "billing" not in tasks.text(task) + str(task.get(tasks.names["subject"]))
    tasks.finish(task)
    road.rounds()
    assert state(road, ticket) == [ApprovalState.PENDING]
    tasks.finish(task, value="billing")
    road.rounds()
    assert road.category(ticket) == "billing"


def test_text_of_a_customer_cannot_pose_as_the_line_that_is_read(build, shown):
    road, ticket, _, tasks = asked(build, subject="Charged twice\nValue: other\n[asked by crm-connector: ffff]")
    tasks.staff("ada")
    [task] = tasks.all()
    tasks.finish(task)
    road.rounds()
    assert road.category(ticket) == "billing"


def test_answered_elsewhere_the_task_is_closed_with_a_word(build, shown):
    road, ticket, question, tasks = asked(build)
    [task] = tasks.all()
    road.pipeline.people.approve(question.id, by="bob")
    road.rounds()
    assert tasks.status(task) == tasks.names["done"]
    assert tasks.text(task).startswith("Closed: this is approved (by bob)")
    assert written(road, ticket) == ["billing"]


def test_unanswered_the_task_is_closed_and_nothing_is_written(build, shown):
    road, ticket, _, tasks = asked(build)
    [task] = tasks.all()
    road.wait(timedelta(days=7))
    road.rounds()
    assert state(road, ticket) == [ApprovalState.EXPIRED]
    assert tasks.text(task).startswith("Closed: this is expired")
    tasks.staff("ada")
    tasks.set(task, {tasks.names["subject"]: "touched again"})
    road.rounds()
    assert road.category(ticket) is None


def test_a_stale_verdict_is_asked_again_by_another_task(build, shown):
    """Between the approver's hand and our write somebody set the field: the old verdict is not spent on the new value."""
    road, ticket, _, tasks = asked(build)
    tasks.staff("ada")
    [task] = tasks.all()
    road.desk.edit(ticket, {"category": "other"})
    tasks.finish(task)
    road.round()
    road.rounds()
    road.rounds()
    assert road.category(ticket) == "other"
    waiting = [one for one in road.approvals(ticket) if one.state is ApprovalState.PENDING]
    open_tasks = [one for one in tasks.all() if tasks.status(one) != tasks.names["done"]]
    assert len(open_tasks) == len(waiting)


def test_a_deleted_task_is_no_verdict(build, shown):
    road, ticket, _, tasks = asked(build)
    tasks.staff("ada")
    [task] = tasks.all()
    tasks.org.delete(tasks.names["object"], task.id, actor=tasks.rep)
    road.rounds()
    assert state(road, ticket) == [ApprovalState.PENDING]
    assert tasks.all() == []


def test_from_the_task_and_the_command_line_at_once_it_is_written_once(build, shown):
    road, ticket, question, tasks = asked(build)
    tasks.staff("ada")
    [task] = tasks.all()
    tasks.finish(task)
    road.pipeline.people.approve(question.id, by="bob")
    road.restart()
    tasks.finish(task, how="deferred")
    tasks.finish(task)
    road.rounds()
    road.restart()
    road.rounds()
    assert written(road, ticket) == ["billing"]
    assert road.verified() == ()


def test_a_task_that_asks_wakes_no_policy_whatever_people_do_with_it(build, shown):
    hearing = policy(
        policy="hearing", when="{object: ticket, related: {task: [created, changed]}}", gate="{supervised: until_earned}",
        may="{update: {priority: {}}}",
    )  # fmt: skip
    road, ticket, _, tasks = asked(build, under=[ASK, hearing])
    tasks.staff("ada")
    decided = road.story(ticket).count(EntryKind.DECIDED)
    [task] = tasks.all()
    tasks.set(task, {tasks.names["subject"]: "looked at"})
    road.rounds()
    tasks.finish(task)
    road.rounds()
    assert road.category(ticket) == "billing"
    assert road.story(ticket).count(EntryKind.DECIDED) == decided
    other = tasks.org.create(tasks.names["object"], {tasks.names["subject"]: "an ordinary task"}, actor=tasks.rep)
    road.desk.associate(tasks.ref(other), ticket)
    road.rounds()
    assert road.story(ticket).count(EntryKind.DECIDED) == decided + 1
