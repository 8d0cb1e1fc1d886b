"""What an agent may set off outside the record: an endpoint to call, a workflow to start, words to a channel of ours.

Whom or what it reaches is a choice among the names the policy allows. What a call carries is filled from settings and the
record; an answer adds nothing to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.action.action import Message
from connector.decision.decision import ProposedAction, Question
from connector.decision.shape import Choice, Form, Shape, Text
from connector.decision.tasks import one_line, visible
from connector.policy import ActionPermission
from connector.record import ActionKind

CALL, START, NOTIFY = "call", "start", "notify"
_KINDS: Mapping[str, ActionKind] = {
    CALL: ActionKind.CALL_ENDPOINT, START: ActionKind.START_WORKFLOW, NOTIFY: ActionKind.NOTIFY,
}  # fmt: skip
_ABOUT = {
    CALL: "Call an endpoint, only when the instructions ask for it.",
    START: "Start a workflow on the record, only when the instructions ask for it.",
    NOTIFY: "Tell colleagues in a channel, only when the instructions ask for it.",
}  # fmt: skip
_LONGEST = 2_000


def outreach_shapes(question: Question, support: Mapping[str, Shape]) -> dict[str, Shape]:
    """The names an answer may choose among, for each kind the policy allows."""
    return {name: _form(name, granted, support) for name, granted in _granted(question)}


def read_outreach(question: Question, answer: Mapping[str, Any]) -> Iterator[ProposedAction]:
    """What an answer sets off, where the policy allows it."""
    for name, _ in _granted(question):
        if (said := answer.get(name)) is not None:
            yield ProposedAction(
                action=outreach(question, name, said["to"], text=said.get("text", "")),
                confidence=float(said["confidence"]), citations=said["citations"],
            )


def outreach(question: Question, name: str, to: str, *, text: str = "") -> Message:
    """One call, start or message to `to`; only words to colleagues carry a text."""
    context = question.context
    about = one_line(context.record.value(_named(context.record.fields)))[:200] if name == NOTIFY else ""
    return Message(
        ref=context.record.ref, kind=_KINDS[name], channel=to, to=(), subject=about, body=visible(text)[:_LONGEST],
        parameters={},
    )


def _named(fields: Mapping[Any, object]) -> Any:
    return next((name for name in ("subject", "name", "last_name") if fields.get(name)), "subject")


def _granted(question: Question) -> Iterator[tuple[str, ActionPermission]]:
    for name, kind in _KINDS.items():
        granted = question.policy.action_permission(kind)
        if granted is not None and granted.to:
            yield name, granted


def _form(name: str, granted: ActionPermission, support: Mapping[str, Shape]) -> Form:
    fields: dict[str, Shape] = {"to": Choice(options=granted.to), **support}
    if name == NOTIFY:
        fields["text"] = Text(most=_LONGEST, lines=True, about="What to tell them.")
    return Form(fields=fields, about=_ABOUT[name])
