"""Triage by the organisation's own history: one learner per field, and silence where the history says nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from connector.action.action import UpdateField
from connector.calibration import as_percent
from connector.context.context import Citation, Context
from connector.decision.agent import Abstention, Proposals, Reading, learner_key
from connector.decision.agents.triage_words import policy_passage, quoting_reply, summary
from connector.decision.decision import HandoffReason, ProposedAction, Question
from connector.decision.learner import (
    DESCRIPTION,
    SUBJECT,
    Learner,
    LearnerShelf,
    NotLearned,
    Prediction,
    learning_text,
)
from connector.decision.offers import Offer, Refused, offers, propose, with_withheld, withheld
from connector.decision.tasks import follow_up, task_permission
from connector.record import FieldKind, FieldName, display

OFFLINE_KINDS = frozenset({FieldKind.OPTION, FieldKind.USER, FieldKind.BOOLEAN})
_PRIORITY = FieldName("priority")
_BY_URGENCY = ("urgent", "high")
_QUOTE = 300


@dataclass(slots=True)
class _Draft:
    """What is known of one ticket while its fields are decided one after another."""

    question: Question
    text: str
    citations: tuple[Citation, ...]
    steps: list[ProposedAction] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    alternatives: dict[str, tuple[str, ...]] = field(default_factory=dict)


def triage_offline(questions: Sequence[Question], shelf: LearnerShelf) -> tuple[Reading, ...]:
    """Answers in order. Questions may differ in everything; each learner is asked once for all its texts."""
    drafts = [_draft(question) for question in questions]
    open_fields = [(draft, offer) for draft in drafts if draft.text for offer in offers(draft.question)]
    for (draft, offer), found in zip(open_fields, _predictions(open_fields, shelf), strict=True):
        _note(draft, offer, found)
    return tuple(_reading(draft) for draft in drafts)


def _draft(question: Question) -> _Draft:
    text = learning_text(question.context.record)
    return _Draft(question=question, text=text, citations=own_words(question.context))


def empty_ticket() -> Abstention:
    return Abstention(
        reason=HandoffReason.INCOMPLETE, missing=(SUBJECT, DESCRIPTION),
        rationale="the ticket has neither subject nor description",
    )


def own_words(context: Context) -> tuple[Citation, ...]:
    """Quotes of the record's own subject and description: what a learner's answer rests on, with their origins."""
    sources = {f"{context.record.ref.object}.{name}" for name in (SUBJECT, DESCRIPTION)}
    return tuple(
        Citation(passage=number, quote=passage.text[:_QUOTE].strip(), source=passage.source, origin=passage.origin)
        for number, passage in enumerate(context.passages)
        if passage.ref == context.record.ref and passage.source in sources and passage.text[:_QUOTE].strip()
    )


def _predictions(
    open_fields: Sequence[tuple[_Draft, Offer]], shelf: LearnerShelf
) -> Sequence[tuple[Prediction, str] | NotLearned]:
    found: dict[int, tuple[Prediction, str] | NotLearned] = {}
    for learner, places in _by_learner(open_fields, shelf, found):
        texts = [open_fields[place][0].text for place in places]
        for place, prediction in zip(places, learner.predict(texts), strict=True):
            found[place] = (prediction, learner.version)
    return [found[place] for place in range(len(open_fields))]


def _by_learner(
    open_fields: Sequence[tuple[_Draft, Offer]],
    shelf: LearnerShelf,
    found: dict[int, tuple[Prediction, str] | NotLearned],
) -> list[tuple[Learner, list[int]]]:
    """The places each learner has to answer; a place without one is answered at once."""
    learners: dict[object, Learner | NotLearned] = {}
    places: dict[object, list[int]] = {}
    for place, (draft, offer) in enumerate(open_fields):
        if offer.schema.kind not in OFFLINE_KINDS:
            found[place] = NotLearned()
            continue
        key = learner_key(draft.question, offer.field)
        if key not in learners:
            learners[key] = shelf.learner(key)
        learner = learners[key]
        if isinstance(learner, NotLearned):
            found[place] = learner
        else:
            places.setdefault(key, []).append(place)
    return [(learner, places[key]) for key, learner in learners.items() if not isinstance(learner, NotLearned)]


def _note(draft: _Draft, offer: Offer, found: tuple[Prediction, str] | NotLearned) -> None:
    if isinstance(found, NotLearned):
        free = offer.schema.kind not in OFFLINE_KINDS
        draft.undecided.append(f"{offer.field}: " + ("is written, not chosen: no learner" if free else str(found)))
        return
    prediction, version = found
    said = f"{offer.field} {display(prediction.value)} ({as_percent(prediction.confidence)})"
    draft.alternatives[offer.field] = tuple(display(value) for value in prediction.alternatives)
    step = propose(
        draft.question, offer, prediction.value, confidence=prediction.confidence, citations=draft.citations,
        learner=version,
    )
    if isinstance(step, Refused):
        draft.undecided.append(f"{offer.field}: {step.reason}")
        return
    draft.said.append(said)
    if isinstance(step, ProposedAction):
        draft.steps.append(step)
    if prediction.novel:
        draft.unsure.append(f"{offer.field}: unlike any earlier ticket")


def _reading(draft: _Draft) -> Reading:
    if not draft.text:
        return empty_ticket()
    if not draft.said:
        return Abstention(
            reason=HandoffReason.UNSURE, missing=_open(draft),
            rationale="this organisation's own tickets do not decide any field of the policy yet",
        )
    learned = f"learned from this organisation's own tickets: {', '.join(draft.said)}"
    if (passage := policy_passage(draft.question)) is not None:
        learned = f"{learned}; our knowledge: “{passage.quote}” ({passage.source})"
    words = quoting_reply(draft.question)
    actions = (*draft.steps, *_escalation(draft), *((words,) if words is not None else ()))
    if draft.unsure:
        return Abstention(
            reason=HandoffReason.UNSURE, missing=(*draft.unsure, *draft.question.context.missing), guesses=actions,
            rationale=f"the ticket may be about something new; {learned}",
        )
    return Proposals(
        actions=actions, rationale=with_withheld(learned, draft.question), alternatives=draft.alternatives,
        undecided=tuple(draft.undecided),
    )


def _open(draft: _Draft) -> tuple[str, ...]:
    """What keeps a ticket undecided: fields without a learner, fields nobody may write, and what was not found."""
    return (*draft.undecided, *withheld(draft.question), *draft.question.context.missing)


def _escalation(draft: _Draft) -> tuple[ProposedAction, ...]:
    """A task for the ticket that is about to get the highest priority the policy allows; it waits for that update."""
    permission = task_permission(draft.question)
    place, step = _raised(draft)
    if permission is None or step is None:
        return ()
    task = follow_up(draft.question, permission, text=summary(draft.question, draft.said, draft.text))
    return (replace(step, action=task, after=place),)


def _raised(draft: _Draft) -> tuple[int, ProposedAction | None]:
    highest = _highest(draft.question)
    for place, step in enumerate(draft.steps):
        match step.action:
            case UpdateField(field=name, value=value) if name == _PRIORITY and value == highest:
                return place, step
    return 0, None


def _highest(question: Question) -> str | None:
    open_options: Mapping[FieldName, Offer] = {offer.field: offer for offer in offers(question)}
    offered = open_options[_PRIORITY].options if _PRIORITY in open_options else ()
    return next((option for option in _BY_URGENCY if option in offered), None)
