"""Record hygiene without a model: what mails and notes state, what the rules find, who is probably there twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from connector.action.action import UpdateField
from connector.calibration import as_percent
from connector.context.context import Citation, Passage
from connector.decision.agent import Abstention, Proposals, Reading
from connector.decision.agents.enrichment_options import EnrichmentOptions
from connector.decision.agents.enrichment_sources import Evidence
from connector.decision.agents.hygiene_duplicates import duplicates_of
from connector.decision.agents.hygiene_options import HygieneOptions
from connector.decision.agents.hygiene_rules import Finding, findings_of
from connector.decision.decision import HandoffReason, ProposedAction, Question
from connector.decision.extraction.clues import DISPUTED
from connector.decision.extraction.normalise import option
from connector.decision.extraction.sales import Statement, Subject, statements_of
from connector.decision.offers import Offer, Refused, offers, propose, with_withheld
from connector.decision.tasks import follow_up, task_permission
from connector.record import FieldKind, FieldName, FieldValue, ObjectType, display, same_value

_TOLD_IN = frozenset({
    ObjectType.EMAIL, ObjectType.NOTE, ObjectType.CALL, ObjectType.MEETING, ObjectType.TRANSCRIPT,
})  # fmt: skip
_RULE = 0.97  # rules do not guess; what they take for wrong may still be meant
_CLOSE_DATE, _STATUS, _SUBJECT = FieldName("close_date"), FieldName("status"), FieldName("subject")
_FIELDS = {Subject.NEXT_STEP: FieldName("next_step"), Subject.CLOSE_DATE: _CLOSE_DATE, Subject.AMOUNT: FieldName("amount")}
_MOST_FINDINGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A statement with where it stands."""

    statement: Statement
    passage: Passage
    citation: Citation


@dataclass(slots=True)
class _Cleaning:
    """One record while it is looked through."""

    evidence: Evidence
    options: HygieneOptions
    steps: list[ProposedAction] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    notes: list[tuple[str, Citation | None]] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)

    @property
    def question(self) -> Question:
        return self.evidence.question


def clean_up(question: Question, options: HygieneOptions) -> Reading:
    """Updates that a text states, and one task for everything that a person has to look at."""
    cleaning = _Cleaning(evidence=Evidence(question=question, options=EnrichmentOptions()), options=options)
    open_fields = {offer.field: offer for offer in offers(question)}
    _straighten(cleaning, open_fields)
    if question.context.record.ref.object is ObjectType.OPPORTUNITY:
        _listen(cleaning, open_fields)
    findings = (*findings_of(question, options), *duplicates_of(question))
    mended = {step.action.field for step in cleaning.steps if isinstance(step.action, UpdateField)}
    left = tuple(one for one in findings if not (one.fields and one.fields[0] in mended))[:_MOST_FINDINGS]
    return _reading(cleaning, left)


def _straighten(cleaning: _Cleaning, open_fields: dict[FieldName, Offer]) -> None:
    """An option off the list that can only mean one on it."""
    record = cleaning.question.context.record
    for name, offer in open_fields.items():
        value = record.value(name)
        if offer.schema.kind is not FieldKind.OPTION or not isinstance(value, str) or not offer.schema.options:
            continue
        if any(known.key == value and known.active for known in offer.schema.options):
            continue
        meant = option(value, offer.schema.options)
        if meant is not None:
            citation = cleaning.evidence.quoted(record, name)
            _propose(cleaning, offer, meant, 0.95, (citation,), f"{name} {value[:60]} is off the list and means {meant}")


def _listen(cleaning: _Cleaning, open_fields: dict[FieldName, Offer]) -> None:
    """What is said of the deal; the newest word counts, and another word beside it makes it doubtful."""
    said = sorted(_said(cleaning), key=lambda one: one.passage.at or cleaning.question.context.now, reverse=True)
    for subject, name in _FIELDS.items():
        about = [one for one in said if one.statement.subject is subject]
        if about:
            _weigh(cleaning, name, open_fields.get(name), about)
    rival = cleaning.options.competitor_field
    about = [one for one in said if one.statement.subject is Subject.COMPETITOR]
    if about and rival is not None and rival in open_fields:
        _weigh(cleaning, rival, open_fields[rival], about)
    elif about:
        cleaning.notes.append((f"competitor named: {_shown(about[0].statement)}", about[0].citation))
    for one in said:
        if one.statement.subject is Subject.ROLE:
            cleaning.notes.append((f"role named: {_shown(one.statement)}", one.citation))


def _said(cleaning: _Cleaning) -> Iterator[_Said]:
    context = cleaning.question.context
    for number, passage in enumerate(context.passages):
        if passage.ref is None or passage.ref.object not in _TOLD_IN:
            continue
        written = (passage.at or context.now).date()
        found = statements_of(
            passage.text, written, day_first=cleaning.options.day_first, rivals=cleaning.options.competitors
        )
        for statement in found:
            citation = Citation(
                passage=number, quote=statement.quote, source=passage.source, origin=passage.origin
            )
            yield _Said(statement=statement, passage=passage, citation=citation)


def _weigh(cleaning: _Cleaning, name: FieldName, offer: Offer | None, about: list[_Said]) -> None:
    best = max((one for one in about if one.passage == about[0].passage), key=lambda one: one.statement.confidence)
    record = cleaning.question.context.record
    if offer is None or not _is_open(cleaning, name, best):
        if name not in record.fields or not _agrees(record.value(name), best.statement.value, name):
            cleaning.notes.append((_against(name, best, record.value(name)), best.citation))
        return
    others = {_shown(one.statement) for one in about} - {_shown(best.statement)}
    doubted = name != _FIELDS[Subject.NEXT_STEP] and bool(others)
    sure = min(best.statement.confidence, DISPUTED) if doubted else best.statement.confidence
    value: FieldValue | Refused = best.statement.value
    currency = best.statement.currency
    if currency is not None and record.currency is not None and currency != record.currency:
        value = Refused(f"is said in {currency}, and the record is kept in {record.currency}")
    elif currency is not None and record.currency is None:
        sure = min(sure, 0.92)
    if isinstance(value, str) and offer.options:
        value = option(value, offer.schema.options) or Refused(f"{value[:60]!r} is none of its options")
    agreeing = tuple(
        dict.fromkeys(one.citation for one in about if _shown(one.statement) == _shown(best.statement))
    )[:6]
    beside = f"; {', '.join(sorted(others))[:120]} stands elsewhere" if doubted else ""
    told = f"{name} {_shown(best.statement)} ({as_percent(sure)}, {best.passage.source}{beside})"
    _propose(cleaning, offer, value, sure, agreeing, told)


def _is_open(cleaning: _Cleaning, name: FieldName, best: _Said) -> bool:
    """Whether a text may fill the field: it is empty, or a close date that has passed."""
    record, today = cleaning.question.context.record, cleaning.question.context.now.date()
    if record.value(FieldName("closed")) is True:
        return False
    value = record.value(name)
    if value is None:
        return True
    passed = name == _CLOSE_DATE and isinstance(value, date) and value < today
    return passed and isinstance(best.statement.value, date) and best.statement.value >= today


def _agrees(current: FieldValue, said: str | date | Decimal, name: FieldName) -> bool:
    return same_value(current, said) or (name == _FIELDS[Subject.NEXT_STEP] and current is not None)


def _against(name: FieldName, best: _Said, current: FieldValue) -> str:
    return f"{name}: {best.passage.source} says {_shown(best.statement)}; the record says {display(current)}"


def _shown(statement: Statement) -> str:
    return f"{display(statement.value)}{f' {statement.currency}' if statement.currency else ''}"[:200]


def _propose(
    cleaning: _Cleaning, offer: Offer, value: FieldValue | Refused, sure: float, citations: tuple[Citation, ...], told: str
) -> None:
    if isinstance(value, str) and offer.schema.max_length is not None:
        value = value[: offer.schema.max_length]
    step = propose(cleaning.question, offer, value, confidence=sure, citations=citations)
    match step:
        case ProposedAction():
            cleaning.steps.append(step)
            cleaning.said.append(told)
        case Refused(reason=reason):
            cleaning.undecided.append(f"{offer.field}: {reason}")
        case _:
            pass


def _reading(cleaning: _Cleaning, findings: tuple[Finding, ...]) -> Reading:
    question, found = cleaning.question, cleaning.evidence.found
    problems = [f"{question.context.record.ref.object} {one.problem}" for one in findings]
    problems += [text for text, _ in cleaning.notes]
    if not problems:
        rationale = "; ".join(cleaning.said) or "nothing is missing, stale or contradictory"
        return Proposals(
            actions=tuple(cleaning.steps), rationale=with_withheld(rationale, question),
            undecided=tuple(cleaning.undecided), found=tuple(found),
        )
    citations = _cited(cleaning, findings)
    rationale = "; ".join([*cleaning.said, f"for a person: {'; '.join(problems)[:600]}"])
    task = _task(cleaning, problems, citations)
    if isinstance(task, str):
        rationale = f"{rationale}; {task}"
    if task is None:
        return Abstention(
            reason=HandoffReason.INCOMPLETE, missing=tuple(problems), rationale=with_withheld(rationale, question),
            guesses=tuple(cleaning.steps), found=tuple(found),
        )
    actions = (*cleaning.steps, *([task] if isinstance(task, ProposedAction) else []))
    return Proposals(
        actions=actions, rationale=with_withheld(rationale, question), undecided=tuple(cleaning.undecided),
        found=tuple(found),
    )


def _cited(cleaning: _Cleaning, findings: tuple[Finding, ...]) -> tuple[Citation, ...]:
    """The values the findings rest on, and the sentences of the notes."""
    record = cleaning.question.context.record
    named = [name for one in findings for name in one.fields if record.value(name) is not None]
    values = [cleaning.evidence.quoted(record, name) for name in named if display(record.value(name)).strip()]
    return tuple(dict.fromkeys((*(cited for _, cited in cleaning.notes if cited is not None), *values)))[:6]


def _task(cleaning: _Cleaning, problems: list[str], citations: tuple[Citation, ...]) -> ProposedAction | str | None:
    """One task for all of it; words where the earlier one is still open; None where the policy allows no task."""
    question = cleaning.question
    permission = task_permission(question)
    if permission is None:
        return None
    lines = [f"- {problem}" for problem in problems]
    quoted = [f"  “{cited.quote}” ({cited.source})" for _, cited in cleaning.notes if cited is not None]
    text = "\n".join(["What to look at:", *lines, *(["What was said:", *quoted] if quoted else [])])
    task = follow_up(question, permission, text=text)
    for place in question.context.related.get(ObjectType.TASK, ()):
        other = question.context.records[place]
        if other.value(_STATUS) != "done" and other.value(_SUBJECT) == task.subject:
            return "the task for it is still open"
    return ProposedAction(action=task, confidence=_RULE, citations=citations)
