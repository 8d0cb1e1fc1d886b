"""What triage tells people in words: a summary somebody can act on, and a reply that quotes what customers may read."""

from __future__ import annotations

from collections.abc import Sequence

from connector.action.action import Message
from connector.context.context import Citation
from connector.context.reachable import people_of
from connector.decision.agents.follow_steps import name_of, resource
from connector.decision.agents.follow_texts import speaks_german
from connector.decision.decision import ProposedAction, Question
from connector.decision.drafts import reply, reply_permission
from connector.decision.sentences import sentences
from connector.decision.tasks import one_line
from connector.decision.touches import around
from connector.policy import Tier
from connector.record import FieldName, ObjectType, Origin

_EXCERPT = 1_500
_QUOTE = 300
_REPLY = 0.5  # the best passage is not always the right one: a person sees it first


def summary(question: Question, said: Sequence[str], text: str) -> str:
    """What happened, to whom, what was found, and what to do next."""
    parts = [f"Found: {'; '.join(said)}", *_who(question), f"The customer wrote:\n{text[:_EXCERPT]}"]
    passage = policy_passage(question)
    if passage is not None:
        parts.append(f"What our knowledge says: “{passage.quote}” ({passage.source})")
    elif any(name.startswith("knowledge") for name in question.context.missing):
        parts.append("Our knowledge says nothing about this.")
    parts.append("Next: see that somebody answers, and correct what was found wrongly.")
    return "\n\n".join(parts)


def policy_passage(question: Question) -> Citation | None:
    """The best passage of the knowledge, in a sentence of its own, whoever may read it."""
    for number, passage in enumerate(question.context.passages):
        if passage.origin is Origin.FILE and passage.ref is None:
            quote = next((one for one in sentences(passage.text) if len(one) <= _QUOTE and not one.startswith("#")), "")
            if quote:
                return Citation(passage=number, quote=quote, source=passage.source, origin=passage.origin)
    return None


def quoting_reply(question: Question) -> ProposedAction | None:
    """A draft that quotes the best passage for customers. Where a model may still be asked, the words are left to it."""
    way, found = reply_permission(question), resource(question)
    if way is None or found is None or any(step.tier is not Tier.OFFLINE for step in question.policy.reason.cascade):
        return None
    german = speaks_german("\n".join(passage.text for passage in question.context.passages if passage.ref is not None))
    name = name_of(next(people_of(question.context), None))
    if german:
        body = f"Guten Tag {name},\n\nvielen Dank für Ihre Nachricht. Dazu gilt bei uns:\n\n„{found.quote}“"
    else:
        body = f"Hello {name},\n\nthank you for your message. This is what applies with us:\n\n“{found.quote}”"
    message = reply(question, *way, body=body, citations=(found,), passages=question.context.passages)
    if not isinstance(message, Message):
        return None
    return ProposedAction(action=message, confidence=_REPLY, citations=(found,))


def _who(question: Question) -> list[str]:
    person = next(people_of(question.context), None)
    accounts = around(question.context, ObjectType.ACCOUNT)
    named = [name_of(person)] if person is not None else []
    named += [one_line(account.value(FieldName("name"))) for account in accounts]
    return [f"Who: {', '.join(name for name in named if name)}"] if any(named) else []
