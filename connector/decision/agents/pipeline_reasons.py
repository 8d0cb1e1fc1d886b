"""Why a deal is in doubt: each reason a rule over its fields, a quoted sentence, or a number with its comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from connector.context.context import Citation
from connector.decision.agents.pipeline_options import STAGE, PipelineOptions
from connector.decision.agents.pipeline_stays import STAGE_CHANGED, compared, in_stage_since
from connector.decision.decision import Question
from connector.decision.engagement import LATELY, engagement
from connector.decision.facts import cited_fields
from connector.record import FieldName, ObjectType

CLOSE_DATE, LAST_ACTIVITY = FieldName("close_date"), FieldName("last_activity")
_AT, _START, _TITLE = FieldName("at"), FieldName("start_time"), FieldName("title")
_TOUCHES = frozenset({ObjectType.EMAIL, ObjectType.CALL, ObjectType.MEETING, ObjectType.NOTE})
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_QUOTE = 300
TIME_IN_STAGE = "time in stage"
OUT_OF_STAGE = "Name the next step out of this stage, or close it."
_FAR = 2  # a stage that took so many times as long as it may


class Health(StrEnum):
    """How a deal stands, from good to bad."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One reason against a deal. `rule` is what it broke; `step` what to do about it first; `sure` how sure we are of it."""

    health: Health
    rule: str
    said: str
    step: str
    citations: tuple[Citation, ...] = ()
    sure: float = 1.0


def doubts(question: Question, options: PipelineOptions) -> tuple[Doubt, ...]:
    """Every rule the deal breaks, the worst first."""
    found = [
        *_close_date(question), *_stage(question, options), *_silence(question, options), *_people(question, options),
        *_rivals(question, options),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda doubt: doubt.health is not Health.RED))


def health_of(found: tuple[Doubt, ...]) -> Health:
    """Red where one doubt is, or three stand together; else amber where there is any."""
    if any(doubt.health is Health.RED for doubt in found) or len(found) >= 3:
        return Health.RED
    return Health.AMBER if found else Health.GREEN


def _close_date(question: Question) -> Iterator[Doubt]:
    record, now = question.context.record, question.context.now
    closing, today = record.value(CLOSE_DATE), now.astimezone(question.policy.zone).date()
    if not isinstance(closing, date):
        yield Doubt(
            health=Health.AMBER, rule="close date", said="no close date is set",
            step="Agree on a close date with the customer.",
        )
        return
    cited = cited_fields(question, (CLOSE_DATE,))
    if closing < today:
        days = (today - closing).days
        yield Doubt(
            health=Health.RED, rule="overdue", said=f"the close date {closing} passed {days} days ago",
            step="Ask the customer what holds it up, and set a close date they agree with.", citations=cited,
        )
    before = question.context.changed_from.get(CLOSE_DATE)
    if isinstance(before, date) and closing > before:
        yield Doubt(
            health=Health.AMBER, rule="close date moved", citations=cited,
            said=f"the close date moved by {(closing - before).days} days, from {before} to {closing}",
            step="Ask what changed on the customer's side.",
        )


def _stage(question: Question, options: PipelineOptions) -> Iterator[Doubt]:
    """Longer in its stage than the policy allows; where it says nothing, than the deals that were won."""
    now, stage, since = question.context.now, question.context.record.value(STAGE), in_stage_since(question)
    limit = options.stages.get(stage) if isinstance(stage, str) else None
    if limit is None:
        yield from _slower(question)
        return
    if since is None or limit.after(since, question.policy.zone) > now:
        return
    days, allowed = (now - since).days, (limit.after(since, question.policy.zone) - since).days
    yield Doubt(
        health=Health.RED if days >= _FAR * max(1, allowed) else Health.AMBER, rule=TIME_IN_STAGE,
        said=f"{days} days in {stage}, where {limit} are allowed", step=OUT_OF_STAGE,
        citations=cited_fields(question, (STAGE, STAGE_CHANGED)),
    )


def _slower(question: Question) -> Iterator[Doubt]:
    found = compared(question)
    if found.slow:
        yield Doubt(
            health=Health.RED if found.far else Health.AMBER, rule=TIME_IN_STAGE, said=found.told, step=OUT_OF_STAGE,
            citations=cited_fields(question, (STAGE, STAGE_CHANGED)), sure=0.9,
        )


def _silence(question: Question, options: PipelineOptions) -> Iterator[Doubt]:
    context = question.context
    last = last_touch(question)
    since = last or context.record.created_at
    if options.silent_for.after(since, question.policy.zone) > context.now:
        return
    days = (context.now - since).days
    what = f"no activity for {days} days" if last else f"no activity at all in the {days} days since it was created"
    yield Doubt(
        health=Health.AMBER, rule="silence", said=f"{what}, where {options.silent_for} are allowed",
        step="Call the customer.", citations=cited_fields(question, (LAST_ACTIVITY,)),
    )


def last_touch(question: Question) -> datetime | None:
    """When anybody was last in touch, as far as the deal and what hangs on it tell. What lies ahead does not count."""
    context = question.context
    found = [_moment(question, context.record.value(LAST_ACTIVITY))]
    for record in context.records[1:]:
        if record.ref.object in _TOUCHES:
            at = _moment(question, record.value(_AT)) or _moment(question, record.value(_START))
            found.append(at or record.created_at)
    return max((at for at in found if at is not None and at <= context.now), default=None)


def _moment(question: Question, value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time(), question.policy.zone) if isinstance(value, date) else None


def _people(question: Question, options: PipelineOptions) -> Iterator[Doubt]:
    """Whether somebody who decides is known, and whether the customer answers."""
    context = question.context
    contacts = [context.records[place] for place in context.related.get(ObjectType.CONTACT, ())]
    titles = [title for one in contacts if isinstance(title := one.value(_TITLE), str) and title]
    words = {word for title in titles for word in re.findall(r"\w+", title.casefold())}
    if contacts and not words & {word.casefold() for word in options.deciders}:
        told = ", ".join(titles) or "no titles"
        yield Doubt(
            health=Health.AMBER, rule="no decider", step="Find out who decides, and bring them in.",
            said=f"nobody who decides among {_counted(len(contacts), 'contact')} ({told})",
        )
    mails = [context.records[place] for place in context.related.get(ObjectType.EMAIL, ())]
    if mails and not engagement(question).counts:
        yield Doubt(
            health=Health.AMBER, rule="no answer", step="Try another way than e-mail.",
            said=f"{_counted(len(mails), 'e-mail')} on the deal, none from the customer in the last {LATELY.days} days",
        )


def _rivals(question: Question, options: PipelineOptions) -> Iterator[Doubt]:
    if not options.competitors:
        return
    names = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in options.competitors), re.IGNORECASE)
    told: set[str] = set()
    for number, passage in enumerate(question.context.passages):
        for sentence in _SENTENCE.findall(passage.text):
            found = names.search(sentence)
            if found is None or found[0].casefold() in told:
                continue
            told.add(found[0].casefold())
            quote = sentence.strip()[:_QUOTE]
            yield Doubt(
                health=Health.AMBER, rule="competitor", said=f"{found[0]} is mentioned: “{quote}” ({passage.source})",
                step=f"Answer the comparison with {found[0]}.", sure=0.9,
                citations=(Citation(passage=number, quote=quote, source=passage.source, origin=passage.origin),),
            )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
