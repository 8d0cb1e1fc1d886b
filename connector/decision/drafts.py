"""Drafts to customers: to addresses the CRM knows, with no link a customer passage lacks, and nothing internal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from connector.action.action import Message
from connector.context.context import Audience, Citation, Passage
from connector.context.reachable import reachable
from connector.decision.decision import Question
from connector.decision.learner import SUBJECT
from connector.decision.offers import Refused
from connector.decision.tasks import one_line, visible
from connector.policy import ActionPermission
from connector.record import ActionKind

CHANNEL = "email"
NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})
_SUBJECT_LIMIT = 200
_LINK = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.)\S+|\]\(", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_LEAK = 8  # so many words in a row are no coincidence


def reply_permission(question: Question) -> tuple[ActionKind, ActionPermission] | None:
    """How the policy lets a reply be proposed: as a draft where it allows one, else as a mail."""
    for kind in (ActionKind.DRAFT_EMAIL, ActionKind.SEND_EMAIL):
        permission = question.policy.action_permission(kind)
        if permission is not None:
            return kind, permission
    return None


def reply(
    question: Question, kind: ActionKind, permission: ActionPermission, *, body: str, citations: Sequence[Citation],
    passages: Sequence[Passage],
) -> Message | Refused:
    """The reply as a message to the record's own contact, or why it may not be sent."""
    subject = one_line(question.context.record.value(SUBJECT))[:_SUBJECT_LIMIT]
    return letter(
        question, kind, permission, subject=f"Re: {subject}" if subject else "Your request", body=body, citations=citations,
        passages=passages,
    )


def letter(
    question: Question, kind: ActionKind, permission: ActionPermission, *, subject: str, body: str,
    citations: Sequence[Citation], passages: Sequence[Passage], parameters: Mapping[str, str] = NO_PARAMETERS,
    channel: str = CHANNEL,
) -> Message | Refused:
    """A message to the record's own person, or why it may not be sent; its subject is held to the body's rules."""
    address = next(reachable(question.context, permission.to), None)
    if address is None:
        return Refused("reply: the record has no contact with an address that the policy lets us write to")
    reason = unsuitable(question, f"{subject}\n{body}", citations, passages)
    if reason is not None:
        return Refused(f"reply: {reason}")
    return Message(
        ref=question.context.record.ref, kind=kind, channel=channel, to=(address,),
        subject=one_line(subject)[:_SUBJECT_LIMIT], body=visible(body), parameters=parameters,
    )


def shareable(question: Question, citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Those of the quotes that a customer may be shown."""
    passages = question.context.passages
    return tuple(one for one in citations if _is_shared(question, passages[one.passage]))


def unsuitable(
    question: Question, body: str, citations: Sequence[Citation], passages: Sequence[Passage]
) -> str | None:
    """Why a text may not go to a customer: internal evidence, words of internal passages, links nobody gave."""
    shared = [passage for passage in passages if _is_shared(question, passage)]
    if any(not _is_shared(question, passages[citation.passage]) for citation in citations):
        return "it rests on a passage that customers may not see"
    if any(not any(link in passage.text for passage in shared) for link in _LINK.findall(body)):
        return "it holds a link that no passage for customers holds"
    internal = {run for passage in passages if not _is_shared(question, passage) for run in _runs(passage.text)}
    public = {run for passage in shared for run in _runs(passage.text)}
    if (internal - public) & {*_runs(body)}:
        return "it repeats words of a passage that customers may not see"
    return None


def _is_shared(question: Question, passage: Passage) -> bool:
    """For customers, and of this account: what another record's customer wrote is not this one's to read."""
    known = {record.ref for record in question.context.records}
    return passage.audience is Audience.CUSTOMER and (passage.ref is None or passage.ref in known)


def _runs(text: str) -> list[tuple[str, ...]]:
    words = [word.casefold() for word in _WORD.findall(text)]
    return [tuple(words[start : start + _LEAK]) for start in range(len(words) - _LEAK + 1)]
