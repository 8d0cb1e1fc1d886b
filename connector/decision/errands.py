"""The errands an answer may hold beside field values, such as a task or a reply: their shapes, and their proposals."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.decision.agent import SEARCH_WORDS, SEARCHES
from connector.decision.decision import ProposedAction, Question
from connector.decision.drafts import reply, reply_permission
from connector.decision.offers import Refused
from connector.decision.outreach import outreach_shapes, read_outreach
from connector.decision.shape import Form, Index, Number, Quotes, Shape, Text
from connector.decision.tasks import assignees, follow_up, task_permission
from connector.policy import ActionPermission


def support(question: Question) -> dict[str, Shape]:
    """What every proposed value or errand is given with: how sure, and the quotes it rests on."""
    return {
        "confidence": Number(low=Decimal(0), high=Decimal(1), about="The chance that a colleague would agree."),
        "citations": Quotes(passages=question.context.passages),
    }


def errand_shapes(question: Question) -> dict[str, Shape]:
    """The errands this policy allows, and the words to look up where it allows searches; all may be left out."""
    shapes: dict[str, Shape] = {}
    granted = task_permission(question)
    if granted is not None:
        shapes["task"] = _task(question, granted)
    if reply_permission(question) is not None:
        shapes["reply"] = Form(fields={"body": Text(most=6_000, lines=True, about="The reply."), **support(question)})
    shapes |= outreach_shapes(question, support(question))
    if question.policy.reason.searches:
        shapes[SEARCHES] = SEARCH_WORDS
    return shapes


def _task(question: Question, granted: ActionPermission) -> Form:
    fields: dict[str, Shape] = {
        "summary": Text(most=2_000, lines=True, about="What happened, what was tried, what to do next."),
        **support(question),
    }
    if not granted.to:
        return Form(fields=fields)
    about = "The number of a person in the list of assignees."
    fields["owner"] = Index(count=len(assignees(question)), about=about)
    return Form(fields=fields, optional=frozenset({"owner"}))


def read_errands(question: Question, answer: Mapping[str, Any]) -> tuple[list[ProposedAction], list[str]]:
    """The task, the reply and what is set off outside, where the answer holds them and the policy allows them.

    And why one of them was refused.
    """
    proposed: list[ProposedAction] = []
    refused: list[str] = []
    granted = task_permission(question)
    if granted is not None and (said := answer.get("task")) is not None:
        owner = assignees(question)[said["owner"]] if "owner" in said else None
        task = follow_up(question, granted, text=said["summary"], owner=owner)
        sure = float(said["confidence"])
        proposed.append(ProposedAction(action=task, confidence=sure, citations=said["citations"]))
    way = reply_permission(question)
    if way is not None and (said := answer.get("reply")) is not None:
        message = reply(
            question, way[0], way[1], body=said["body"], citations=said["citations"],
            passages=question.context.passages,
        )
        if isinstance(message, Refused):
            refused.append(message.reason)
        else:
            sure = float(said["confidence"])
            proposed.append(ProposedAction(action=message, confidence=sure, citations=said["citations"]))
    return [*proposed, *read_outreach(question, answer)], refused
