"""What happens around a record wakes it: a new mail, call, note or meeting on a deal, ticket or contact, once each."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from connector.action import CreateTask, UpdateField
from connector.journal import EntryKind
from connector.record import FieldName, ObjectType, RecordRef
from tests.support.deals import SALES, sales_policy

KINDS = (ObjectType.EMAIL, ObjectType.CALL, ObjectType.NOTE, ObjectType.MEETING, ObjectType.TASK)
WORDS = {ObjectType.NOTE: "body"}
ADDRESS = "ada@kestrel.example"
MAIL = "{object: opportunity, related: {email: [created]}}"


@pytest.fixture(params=SALES)
def desk(request):
    return SALES[request.param]()


@pytest.fixture
def build(clerked):
    def road(when=MAIL, answer=None, **more):
        policies = [sales_policy(when=when, **more)] if isinstance(when, str) else when
        return clerked(policies, answer or noted)

    return road


def noted(question):
    return [UpdateField(ref=question.context.record.ref, field=FieldName("next_step"), value="answer it")]


def deal(desk):
    ref = desk.create(ObjectType.OPPORTUNITY, {"name": "Big deal", "close_date": date(2026, 12, 1)})
    desk.advance(desk.lag)
    return ref


def looks(road, ref):
    return road.story(ref).count(EntryKind.DECIDED)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_activity_wakes_its_deal_once(desk, build, kind):
    there, other = deal(desk), deal(desk)
    road = build(f"{{object: opportunity, related: {{{kind}: [created]}}}}")
    desk.hang(kind, there, **{WORDS.get(kind, "subject"): "When can you start?"})
    for _ in range(3):
        road.rounds()
    assert desk.look(there)["next_step"] == "answer it"
    assert (looks(road, there), looks(road, other)) == (1, 0)
    assert len(road.agent_lines(there)) == 1
    [decided] = road.entries(there, EntryKind.DECIDED)
    assert decided.body["why_now"]["event"] == "related"
    assert road.verified() == ()


def test_mails_from_before_the_activation_wake_nobody(desk, build):
    there = deal(desk)
    desk.hang(ObjectType.EMAIL, there, subject="Old", body="Old question")
    desk.advance(desk.lag)
    road = build()
    road.rounds()
    assert looks(road, there) == 0


def test_three_mails_at_once_are_one_decision_and_a_later_one_another(desk, build):
    there = deal(desk)
    road = build()
    for number in range(3):
        desk.hang(ObjectType.EMAIL, there, subject=f"Question {number}")
    road.rounds()
    assert looks(road, there) == 1
    desk.hang(ObjectType.EMAIL, there, subject="One more")
    road.rounds()
    assert looks(road, there) == 2


def test_a_mail_that_is_hung_on_its_deal_later_still_wakes_it(desk, build):
    there = deal(desk)
    road = build()
    mail = desk.create(ObjectType.EMAIL, {"subject": "A question"})
    road.capture()
    road.decide()
    assert looks(road, there) == 0
    if hasattr(desk.sandbox, "portal"):
        desk.associate(mail, there)
    else:
        desk.org.update("EmailMessage", mail.id, {"RelatedToId": there.id}, actor=desk.rep)
    road.rounds()
    assert looks(road, there) == 1


def test_a_mail_on_nothing_is_looked_at_and_forgotten(desk, build):
    there = deal(desk)
    road = build()
    desk.create(ObjectType.EMAIL, {"subject": "Spam"})
    road.rounds()
    assert looks(road, there) == 0


def test_a_mail_wakes_the_ticket_it_hangs_on(desk, build):
    ticket = desk.create(ObjectType.TICKET, {"subject": "Broken", "status": "new"})
    desk.advance(desk.lag)
    road = build(
        "{object: ticket, related: {email: [created]}, where: status == 'new'}", may="{update: {priority: {}}}",
        answer=lambda question: [UpdateField(ref=question.context.record.ref, field=FieldName("priority"), value="high")],
    )
    desk.hang(ObjectType.EMAIL, ticket, subject="Still broken")
    road.rounds()
    assert desk.look(ticket)["priority"] == "high"


@pytest.mark.parametrize("kind", [ObjectType.CONTACT, ObjectType.LEAD])
def test_a_mail_wakes_the_person_who_wrote_it_and_is_seen_with_them(desk, build, kind):
    person = desk.person(kind, ADDRESS)
    desk.advance(desk.lag)
    road = build(
        f"{{object: {kind}, related: {{email: [created]}}}}", may="{create_task: {subject: Answer}}",
        context="{related: [emails]}", answer=lambda question: [],
    )
    mail = desk.mail_from(person, ADDRESS)
    road.rounds()
    assert looks(road, person) == 1
    [asked] = road.clerk.asked
    assert [record.ref for record in asked.context.records] == [person, mail]


def test_a_condition_on_the_deal_is_asked_too(desk, build):
    there = deal(desk)
    road = build("{object: opportunity, related: {email: [created]}, where: amount > 100}")
    desk.hang(ObjectType.EMAIL, there, subject="A question")
    road.rounds()
    assert looks(road, there) == 0


def test_our_own_task_wakes_nobody_and_a_person_who_finishes_it_does(desk, build):
    there = deal(desk)
    road = build(
        "{object: opportunity, related: {email: [created], task: [created, changed]}}", may="{create_task: {subject: Call}}",
        answer=lambda question: [CreateTask(ref=question.context.record.ref, subject="Call", description="Call them")],
    )
    desk.hang(ObjectType.EMAIL, there, subject="A question")
    for _ in range(3):
        road.rounds()
    assert looks(road, there) == 1
    assert len(desk.hanging(there, ObjectType.TASK)) == 1
    [row] = road.writes(there)
    desk.edit(RecordRef.parse(row.outcome["created"]), {"subject": "Called"})
    road.rounds()
    assert looks(road, there) == 2


@pytest.mark.parametrize("dies_after", ["the mail was read", "the deal was woken", "the decision"])
def test_a_crash_between_the_steps_loses_and_repeats_nothing(desk, build, dies_after):
    there = deal(desk)
    road = build()
    desk.hang(ObjectType.EMAIL, there, subject="A question")
    road.capture()
    if dies_after != "the mail was read":
        road.decide()
    if dies_after == "the decision":
        road.decide()
    road.restart()
    road.rounds()
    assert looks(road, there) == 1
    assert len(road.agent_lines(there)) == 1


def test_two_policies_each_wake_once(desk, build):
    there = deal(desk)
    policies = [
        sales_policy("one", when=MAIL),
        sales_policy("two", when=MAIL, may="{create_task: {subject: Call}}"),
    ]

    def answer(question):
        ref = question.context.record.ref
        return noted(question) if question.policy.name == "one" else [CreateTask(ref=ref, subject="Call", description="x")]

    road = build(policies, answer=answer)
    desk.hang(ObjectType.EMAIL, there, subject="A question")
    road.rounds()
    road.wait(timedelta(hours=1))
    road.rounds()
    assert looks(road, there) == 2
    assert desk.look(there)["next_step"] == "answer it"
    assert len(desk.hanging(there, ObjectType.TASK)) == 1
