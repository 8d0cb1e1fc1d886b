"""Action items of a transcript: who took on or was asked what, until when, in the sentence that says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from connector.action.action import CreateTask
from connector.context.context import Citation
from connector.decision.agents.meeting_words import Said, Somebody, addressed, known_people, owner_user, said_in, whom
from connector.decision.decision import ProposedAction, Question
from connector.decision.relative_dates import due_day
from connector.decision.sentences import hedged, promises
from connector.decision.tasks import assignees, follow_up, task_permission
from connector.record import FieldName, User

_AT = FieldName("at")
_EVENING = time(17)
_DIRECTED = re.compile(
    r"\b(?:can|could|would|will) (?:you|someone|somebody)\b|\bplease\b|\b(?:send|give|show|email|forward) (?:me|us)\b"
    r"|\bbitte\b|\b(?:können|könnten|würden) sie\b|\b(?:kannst|könntest) du\b|\b(?:könnt|könntet) ihr\b|\bschicken sie\b",
    re.IGNORECASE,
)
_TALK = re.compile(
    r"\b(?:hear me|hear us|see my screen|see the screen|repeat|say that again|go ahead|hold on|one moment|take a seat|"
    r"introduce|mich hören|uns hören|wiederholen|bildschirm|moment bitte|vorstellen)\b",
    re.IGNORECASE,
)
_AGREES = re.compile(
    r"^(?:sure|yes|yeah|ok|okay|of course|will do|absolutely|ja|klar|gerne|natürlich|mache ich)\b", re.IGNORECASE
)
_REFERS = re.compile(r"\b(?:it|that|this|them|das|es|die|ihn)\b", re.IGNORECASE)
# What a colleague can be expected to say before any verdict is known; verdicts move the thresholds.
_PROMISED, _ASKED, _THEIRS = 0.8, 0.7, 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionItem:
    """Something somebody is to bring about after the meeting."""

    owner: Somebody
    evidence: tuple[Citation, ...]
    due: date | None
    confidence: float

    @property
    def ours(self) -> bool:
        return self.owner.user is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """The action items of a transcript, and the sentences that may be some and do not say whose."""

    items: tuple[ActionItem, ...]
    unclear: tuple[str, ...]


def meeting_day(question: Question) -> date:
    """The day the meeting was held, on the policy's clock."""
    at = question.context.record.value(_AT)
    moment = at if isinstance(at, datetime) else question.context.record.created_at
    return moment.astimezone(question.policy.zone).date()


def action_items(question: Question) -> Items:
    """Every promise and every request to somebody, in the order they were made."""
    people, day = known_people(question), meeting_day(question)
    items: list[ActionItem] = []
    unclear: list[str] = []
    asked: tuple[int, ActionItem] | None = None
    for said in said_in(question):
        item = _item(question, said, people, day)
        if item is None:
            if _is_work(said.text):
                unclear.append(f"“{said.text[:200]}”: it is not clear whose this is")
            continue
        if asked is not None and promises(said.text) and _takes_on(said, asked[0]):
            items.remove(asked[1])
            item = replace(item, evidence=(*asked[1].evidence, *item.evidence), due=item.due or asked[1].due)
        items.append(item)
        asked = None if promises(said.text) else (said.turn, item)
    return Items(items=tuple(items), unclear=tuple(unclear))


def _is_work(text: str) -> bool:
    return (promises(text) or bool(_DIRECTED.search(text))) and not _TALK.search(text) and not hedged(text)


def _item(question: Question, said: Said, people: Sequence[Somebody], day: date) -> ActionItem | None:
    if not _is_work(said.text):
        return None
    speaker, due = whom(said.speaker, people), due_day(said.text, day)
    if promises(said.text):
        if speaker is None:
            return None
        sure = _PROMISED if speaker.user is not None else _THEIRS
        return ActionItem(owner=speaker, evidence=(said.citation,), due=due, confidence=sure)
    meant = addressed(said.text, people)
    if meant is None and speaker is not None and speaker.user is None:
        # What a customer asks of nobody in particular is for whoever holds the meeting.
        holder = owner_user(question)
        meant = Somebody(name=holder.name, user=holder) if holder is not None else None
    if meant is None or (speaker is not None and meant.name == speaker.name):
        return None
    sure = _ASKED if meant.user is not None else _THEIRS
    return ActionItem(owner=meant, evidence=(said.citation,), due=due, confidence=sure)


def _takes_on(said: Said, asked_in: int) -> bool:
    """Whether a promise answers the request just before it, rather than being another matter."""
    return said.turn == asked_in + 1 and bool(_AGREES.search(said.text) or _REFERS.search(said.text))


def item_task(
    question: Question, text: str, *, owner: User | None, due: date | None, evidence: Sequence[Citation], confidence: float,
    about: str,
) -> ProposedAction | None:
    """An item as a task within the policy; who may not be given one is named in its text."""
    permission = task_permission(question)
    if permission is None:
        return None
    allowed = assignees(question)
    given = owner if owner in allowed or (owner is not None and owner == owner_user(question)) else None
    lines = [text, *(f"“{one.quote}” ({one.source})" for one in evidence)]
    if owner is not None and given is None:
        lines.insert(0, f"For {owner.name}")
    moment = datetime.combine(due, _EVENING, tzinfo=question.policy.zone) if due is not None else None
    task: CreateTask = follow_up(
        question, permission, text="\n\n".join(lines), owner=given or owner_user(question), about=about, due=moment
    )
    return ProposedAction(action=task, confidence=confidence, citations=tuple(evidence))
