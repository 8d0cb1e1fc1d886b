"""Meetings: a slot and an invitation when somebody wants to meet, a brief before, and the action items after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from connector.action.action import CreateNote, Message
from connector.context.context import Citation
from connector.context.reachable import people_of, refuses
from connector.decision.agent import SEARCH_WORDS, SEARCHES, Abstention, ContextNeeds, Proposals, Reading, load_prompt
from connector.decision.agents.follow_steps import name_of
from connector.decision.agents.follow_texts import speaks_german
from connector.decision.agents.meeting_brief import begins, brief
from connector.decision.agents.meeting_slots import Slot, shown, slots
from connector.decision.agents.meeting_tasks import action_items, item_task
from connector.decision.agents.meeting_words import owner_user
from connector.decision.business_hours import zone_around
from connector.decision.decision import HandoffReason, ProposedAction, Question
from connector.decision.drafts import letter, shareable
from connector.decision.learner import LearnerShelf
from connector.decision.offers import Refused
from connector.decision.sentences import asks_to_meet
from connector.decision.shape import Day, Form, Index, ListOf, Number, Quotes, Shape, Text, YesNo
from connector.decision.tasks import assignees, follow_up, one_line, task_permission, visible
from connector.decision.touches import around, conversation, moment, requests_in
from connector.policy import Policy, Section
from connector.record import ActionKind, FieldName, ObjectType

_BRIEFED, _INVITED = 0.9, 0.7  # what a colleague can be expected to say; verdicts move the thresholds
_MOST_ITEMS = 30
_NEEDS = (
    "contact", "contacts", "account", "opportunities", "past_opportunities", "past_tickets", "past_emails", "past_notes",
    "emails", "contact_emails", "meetings", "owner_meetings",
)  # fmt: skip


class Meetings:
    """One agent for before, between and after: which it is follows from the object of the policy."""

    name = "meetings"
    objects = frozenset({
        ObjectType.MEETING, ObjectType.TRANSCRIPT, ObjectType.OPPORTUNITY, ObjectType.CONTACT, ObjectType.LEAD,
    })  # fmt: skip
    needs = ContextNeeds(offline=_NEEDS)

    @cached_property
    def prompt(self) -> str:
        return load_prompt(self.name)

    def options(self, section: Section) -> None:
        """Nothing is to be set: what may be proposed stands under `may`."""

    def hopeless(self, question: Question) -> Abstention | None:
        if question.policy.when.object is ObjectType.TRANSCRIPT and not _own_text(question):
            return Abstention(
                reason=HandoffReason.INCOMPLETE, missing=("the text of the transcript",), rationale="the transcript is empty"
            )
        return None

    def form(self, question: Question) -> Form:
        fields: dict[str, Shape] = {
            "rationale": Text(most=1_000, lines=True, about="Why, in two or three sentences."),
            "enough": YesNo(about="Whether the case can be judged at all."),
            "missing": ListOf(each=Text(most=200), most=8, about="What is missing to decide, if anything."),
        }
        optional = set[str]()
        match question.policy.when.object:
            case ObjectType.TRANSCRIPT:
                fields["items"] = ListOf(each=_item_form(question), most=_MOST_ITEMS)
            case ObjectType.MEETING:
                about = "The brief for our side, one fact a line."
                fields["brief"] = _supported(question, text=Text(most=6_000, lines=True, about=about))
                optional.add("brief")
            case _:
                about = "The words of the invitation. The times are chosen for you."
                fields["invitation"] = _supported(
                    question, subject=Text(most=200), body=Text(most=3_000, lines=True, about=about)
                )
                optional.add("invitation")
        if question.policy.reason.searches:
            fields[SEARCHES] = SEARCH_WORDS
            optional.add(SEARCHES)
        return Form(fields=fields, optional=frozenset(optional))

    def learns(self, policy: Policy) -> tuple[FieldName, ...]:
        return ()

    def decide_offline(self, questions: Sequence[Question], shelf: LearnerShelf) -> Sequence[Reading]:
        return tuple(self._by_rule(question) for question in questions)

    def read(self, question: Question, answer: Mapping[str, Any]) -> Reading:
        if (abstention := self.hopeless(question)) is not None:
            return abstention
        missing = tuple(answer["missing"])
        if not answer["enough"]:
            return Abstention(
                reason=HandoffReason.INCOMPLETE, missing=missing or ("what was agreed",), rationale=answer["rationale"]
            )
        match question.policy.when.object:
            case ObjectType.TRANSCRIPT:
                made = tuple(_said_item(question, said) for said in answer["items"])
                return Proposals(
                    actions=tuple(one for one in made if one is not None), rationale=answer["rationale"], undecided=missing
                )
            case ObjectType.MEETING:
                said = answer.get("brief")
                if said is None or begins(question) is None:
                    return Proposals(actions=(), rationale=answer["rationale"], undecided=missing)
                step = _briefing(question, said["text"], said["citations"], float(said["confidence"]))
                return _one(step, answer["rationale"], missing)
            case _:
                said = answer.get("invitation")
                if said is None:
                    return Proposals(actions=(), rationale=answer["rationale"], undecided=missing)
                return _invited(
                    question, answer["rationale"], subject=said["subject"], body=said["body"],
                    confidence=float(said["confidence"]),
                )  # fmt: skip

    def _by_rule(self, question: Question) -> Reading:
        if (abstention := self.hopeless(question)) is not None:
            return abstention
        match question.policy.when.object:
            case ObjectType.TRANSCRIPT:
                return _after(question)
            case ObjectType.MEETING:
                return _before(question)
            case ObjectType.OPPORTUNITY | ObjectType.CONTACT | ObjectType.LEAD:
                return _invited(question, "the customer asked to meet")
            case other:
                raise AssertionError(f"the agent meetings does not decide about {other}")


def _after(question: Question) -> Reading:
    """The action items as tasks; where nothing is clear a person reads the transcript."""
    found = action_items(question)
    made = []
    for item in found.items:
        who = "" if item.ours else f"{item.owner.name} took this on: see that it comes.\n\n"
        owner = item.owner.user if item.ours else owner_user(question)
        until = f", due {item.due.isoformat()}" if item.due is not None else ""
        task = item_task(
            question, f"{who}Agreed in the meeting{until}.", owner=owner, due=item.due, evidence=item.evidence,
            confidence=item.confidence, about=one_line(item.evidence[-1].quote),
        )  # fmt: skip
        if task is not None:
            made.append(task)
    said = f"{len(found.items)} action items in the transcript"
    if not made and found.unclear:
        return Abstention(reason=HandoffReason.UNSURE, missing=found.unclear, rationale=said)
    return Proposals(actions=tuple(made), rationale=said, undecided=found.unclear)


def _before(question: Question) -> Reading:
    start = begins(question)
    if start is None:
        return Proposals(actions=(), rationale="the meeting is not within the next day, or was called off")
    written = brief(question, start)
    if written is None:
        return Proposals(actions=(), rationale="the CRM knows nothing of who comes to this meeting")
    return _one(_briefing(question, written.text, written.evidence, _BRIEFED), "a brief for the meeting", ())


def _briefing(question: Question, text: str, evidence: Sequence[Citation], confidence: float) -> ProposedAction | None:
    """The brief as a note on the meeting where the policy allows one, else as a task."""
    if question.policy.action_permission(ActionKind.CREATE_NOTE) is not None:
        note = CreateNote(ref=question.context.record.ref, body=visible(text))
        return ProposedAction(action=note, confidence=confidence, citations=tuple(evidence))
    permission = task_permission(question)
    if permission is None:
        return None
    task = follow_up(question, permission, text=text, owner=owner_user(question), due=begins(question))
    return ProposedAction(action=task, confidence=confidence, citations=tuple(evidence))


def _invited(
    question: Question, rationale: str, *, subject: str = "", body: str = "", confidence: float = _INVITED
) -> Reading:
    """An invitation to the best free slot, when the customer's last mail asks to meet and nobody answered."""
    wish = _wish(question)
    if isinstance(wish, str):
        return Proposals(actions=(), rationale=f"no invitation: {wish}")
    permission = question.policy.action_permission(ActionKind.SCHEDULE_MEETING)
    person = next(people_of(question.context), None)
    if permission is None or person is None:
        missing = "the contact to invite" if person is None else "may.schedule_meeting in the policy"
        return Abstention(reason=HandoffReason.INCOMPLETE, missing=(missing,), rationale=rationale)
    if refuses(person):
        return Abstention(
            reason=HandoffReason.STAKES, missing=("the contact's consent to be written to",),
            rationale="the contact asked to meet and has refused to be written to: a person decides how to answer",
        )
    free = slots(question, permission, person)
    if not free:
        return Abstention(reason=HandoffReason.INCOMPLETE, missing=("a free time of both sides",), rationale=rationale)
    words = _invitation(question, free, subject=subject, body=body)
    message = letter(
        question, ActionKind.SCHEDULE_MEETING, permission, subject=words[0], body=words[1],
        citations=shareable(question, wish), passages=question.context.passages,
        parameters={"start": free[0].start.isoformat(), "end": free[0].end.isoformat()},
    )  # fmt: skip
    if isinstance(message, Refused):
        return Proposals(actions=(), rationale=rationale, undecided=(message.reason,))
    assert isinstance(message, Message)
    proposed = ProposedAction(action=message, confidence=confidence, citations=shareable(question, wish))
    return Proposals(actions=(proposed,), rationale=rationale)


def _wish(question: Question) -> tuple[Citation, ...] | str:
    """The words in which the customer asked to meet, or why there is nobody to invite."""
    talk = conversation(question)
    last, ours = talk.last_in, talk.last_out
    if talk.planned is not None:
        return f"a meeting is planned for {moment(talk.planned).astimezone(question.policy.zone).date().isoformat()}"
    if last is None or (ours is not None and ours.at >= last.at and ours.record.ref.object is not ObjectType.MEETING):
        return "no mail of the customer waits for an answer"
    wanted = tuple(one for one in requests_in(question.context, last) if asks_to_meet(one.quote))
    return wanted or "the customer's last mail does not ask to meet"


def _invitation(question: Question, free: Sequence[Slot], *, subject: str, body: str) -> tuple[str, str]:
    person = next(people_of(question.context), None)
    account = next(iter(around(question.context, ObjectType.ACCOUNT)), None)
    times = shown(free, zone_around(person, account) or question.policy.zone)
    german = speaks_german("\n".join(passage.text for passage in question.context.passages if passage.ref is not None))
    others = "\n".join(f"- {time}" for time in times[1:])
    if german:
        head = f"Guten Tag {name_of(person)},\n\nich schlage {times[0]} vor."
        rest = f"\n\nAuch diese Zeiten passen:\n{others}" if others else ""
    else:
        head = f"Hello {name_of(person)},\n\nI suggest {times[0]}."
        rest = f"\n\nThese times are free as well:\n{others}" if others else ""
    return subject or ("Termin" if german else "Meeting"), f"{body or head}{rest}"


def _one(step: ProposedAction | None, rationale: str, missing: tuple[str, ...]) -> Proposals:
    if step is None:
        missing = (*missing, "the policy allows neither a note nor a task")
        return Proposals(actions=(), rationale=rationale, undecided=missing)
    return Proposals(actions=(step,), rationale=rationale, undecided=missing)


def _supported(question: Question, **own: Shape) -> Form:
    return Form(fields={
        **own,
        "confidence": Number(low=Decimal(0), high=Decimal(1), about="The chance that a colleague would agree."),
        "citations": Quotes(passages=question.context.passages),
    })  # fmt: skip


def _item_form(question: Question) -> Form:
    about = "What is to be brought about, by whom, for whom."
    form = _supported(question, summary=Text(most=500, about=about), due=Day(about="Until when, as a date."))
    people = assignees(question)
    fields = dict(form.fields)
    if people:
        fields["owner"] = Index(count=len(people), about="The number of a person in the list of assignees.")
    return Form(fields=fields, optional=frozenset({"due", "owner"} & fields.keys()))


def _said_item(question: Question, said: Mapping[str, Any]) -> ProposedAction | None:
    owner = assignees(question)[said["owner"]] if "owner" in said else owner_user(question)
    return item_task(
        question, said["summary"], owner=owner, due=said.get("due"), evidence=said["citations"],
        confidence=float(said["confidence"]), about=one_line(said["summary"]),
    )  # fmt: skip


def _own_text(question: Question) -> bool:
    own = question.context.record.ref
    return any(passage.ref == own and passage.source.endswith(".body") for passage in question.context.passages)
