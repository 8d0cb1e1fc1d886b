"""What is made of a view on a deal: its flag, its findings, and the escalation when it turns red."""

from __future__ import annotations

from dataclasses import dataclass

from connector.context.context import Citation
from connector.decision.agent import Proposals
from connector.decision.agents.pipeline_options import PipelineOptions
from connector.decision.agents.pipeline_reasons import Health
from connector.decision.decision import ProposedAction, Question
from connector.decision.offers import Refused, Step, offers, propose, with_withheld
from connector.decision.tasks import follow_up, one_line, task_permission
from connector.record import FieldName

NAME = FieldName("name")
_ASKED = "approval"  # the outcome of a decision whose question nobody has answered yet
_TASK = "create task"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How one deal stands, why, and the one thing to do about it."""

    health: Health
    reasons: tuple[str, ...]
    step: str
    sure: float
    citations: tuple[Citation, ...] = ()
    learner: str = ""
    rationale: str = ""

    @property
    def cited(self) -> tuple[Citation, ...]:
        return tuple(dict.fromkeys(self.citations))[:6]


def proposals(question: Question, options: PipelineOptions, view: View, *, escalates: bool = True) -> Proposals:
    """The flag and, where the deal turns red and nobody else `escalates`, a task for its owner."""
    flagged = _flagged(question, options, view)
    actions = [flagged] if isinstance(flagged, ProposedAction) else []
    if escalates and turns_red(question, options, view):
        actions += _task(question, view, after=0 if actions else None)
    undecided = (f"{options.flag}: {flagged.reason}",) if isinstance(flagged, Refused) else ()
    told = "; ".join((
        f"{view.health.value}: {', '.join(view.reasons) or 'no rule is broken'}", f"next: {view.step}", view.rationale,
    ))  # fmt: skip
    return Proposals(
        actions=tuple(actions), rationale=with_withheld(told, question), undecided=undecided,
        findings={"health": (view.health.value,), "reasons": view.reasons, "next_step": (view.step,)},
    )


def turns_red(question: Question, options: PipelineOptions, view: View) -> bool:
    """Whether the deal is red and was not when this policy looked last."""
    if view.health is not Health.RED or _was_red(question):
        return False
    flagged = _flagged(question, options, view)
    return flagged is None or isinstance(flagged, ProposedAction)


def _flagged(question: Question, options: PipelineOptions, view: View) -> Step | None:
    """The flag's new value; None where the policy keeps none."""
    offer = next((one for one in offers(question) if one.field == options.flag), None)
    if offer is None:
        return None
    return propose(
        question, offer, view.health.value, confidence=view.sure, citations=view.cited, learner=view.learner
    )


def _was_red(question: Question) -> bool:
    """Whether the last look told somebody that the deal is red: once is enough while it stays so.

    A question that nobody answered is replaced by this look's, so that it counts as not told.
    """
    newest = next((past for past in question.context.past if past.policy == question.policy.name), None)
    if newest is None or newest.outcome == _ASKED:
        return False
    return _TASK in newest.summary or newest.summary.startswith("red:") or "to red" in newest.summary


def _task(question: Question, view: View, *, after: int | None) -> list[ProposedAction]:
    granted = task_permission(question)
    if granted is None:
        return []
    quotes = (f"“{one.quote}” ({one.source})" for one in view.cited)
    text = "\n".join((f"{view.health.value}: {view.step}", *view.reasons, *quotes))
    task = follow_up(question, granted, text=text, about=one_line(question.context.record.value(NAME)))
    return [ProposedAction(action=task, confidence=view.sure, citations=view.cited, learner=view.learner, after=after)]

