"""A custom agent's own rules: what the team wrote down is answered at once; what no rule answers is not enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from connector.decision.agent import Abstention, Proposals, Reading
from connector.decision.decision import HandoffReason, ProposedAction, Question
from connector.decision.facts import cited_fields, facts_of
from connector.decision.offers import Refused, offers, propose, with_withheld
from connector.decision.outreach import CALL, NOTIFY, START, outreach
from connector.decision.tasks import follow_up, task_permission
from connector.policy import CustomAgent, EvaluationFailed, Matched, Rule
from connector.record import FieldValue, display

CERTAIN = 1.0  # a rule is the team's own word: there is nothing to estimate


@dataclass(slots=True)
class _Said:
    """What the rules that hold say together; of two that name one value, the first counts."""

    values: dict[str, tuple[FieldValue, Rule]] = field(default_factory=dict)
    tasks: list[Rule] = field(default_factory=list)
    outward: list[Rule] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def decide_by_rules(agent: CustomAgent, question: Question) -> Reading:
    """The answer of the rules that hold; without one that does, a person or the next tier is asked."""
    said = _evaluated(agent, question)
    if not said.held:
        return Abstention(
            reason=HandoffReason.INCOMPLETE if said.failed else HandoffReason.UNSURE,
            missing=(*said.failed, "a rule of the policy that holds for this record"),
            rationale="no rule of the policy holds for this record",
        )
    steps, words, undecided = _proposed(agent, question, said)
    tasks = (*_task(question, said), *_set_off(question, said))
    rationale = "; ".join((*words, f"by the policy's own rules: {', '.join(said.held)}"))
    return Proposals(
        actions=(*steps, *tasks), rationale=with_withheld(rationale, question), undecided=(*undecided, *said.failed)
    )


def _evaluated(agent: CustomAgent, question: Question) -> _Said:
    facts, said = facts_of(question, [rule.when for rule in agent.rules]), _Said()
    for number, rule in enumerate(agent.rules, start=1):
        match rule.when.evaluate(facts):
            case Matched():
                said.held.append(f"rule {number} ({rule.when.source})")
                for name, value in rule.then.items():
                    said.values.setdefault(name, (value, rule))
                said.tasks += [rule] if rule.task else []
                said.outward += [rule] if rule.call or rule.start or rule.notify else []
            case EvaluationFailed(reason=reason):
                said.failed.append(f"rule {number}: {reason}")
            case _:
                continue
    return said


def _proposed(
    agent: CustomAgent, question: Question, said: _Said
) -> tuple[list[ProposedAction], list[str], list[str]]:
    open_fields = {str(offer.field): offer for offer in offers(question)}
    steps: list[ProposedAction] = []
    words: list[str] = []
    undecided: list[str] = []
    for name, output in agent.schema.items():
        if name not in said.values:
            undecided += [f"{name}: no rule says it"] if output.required else []
            continue
        value, rule = said.values[name]
        words.append(f"{name}: {display(value)}")
        if (offer := open_fields.get(name)) is None:
            continue
        cited = cited_fields(question, rule.when.names.fields)
        step = propose(question, offer, value, confidence=CERTAIN, citations=cited)
        if isinstance(step, ProposedAction):
            steps.append(step)
        elif isinstance(step, Refused):
            undecided.append(f"{name}: {step.reason}")
    return steps, words, undecided


def _set_off(question: Question, said: _Said) -> Iterator[ProposedAction]:
    """Each endpoint, workflow and channel that a rule names, once; the first rule's words count."""
    told: set[tuple[str, str]] = set()
    for rule in said.outward:
        cited = cited_fields(question, rule.when.names.fields)
        for name, to in ((CALL, rule.call), (START, rule.start), (NOTIFY, rule.notify)):
            if to is not None and (name, to) not in told:
                told.add((name, to))
                words = rule.task or rule.when.source if name == NOTIFY else ""
                yield ProposedAction(
                    action=outreach(question, name, to, text=words), confidence=CERTAIN, citations=cited
                )


def _task(question: Question, said: _Said) -> tuple[ProposedAction, ...]:
    """One task that holds the text of every rule that asked for one."""
    granted = task_permission(question)
    if granted is None or not said.tasks:
        return ()
    text = "\n".join(rule.task for rule in said.tasks if rule.task)
    cited = tuple(dict.fromkeys(one for rule in said.tasks for one in cited_fields(question, rule.when.names.fields)))
    return (ProposedAction(action=follow_up(question, granted, text=text), confidence=CERTAIN, citations=cited),)

