"""What the organisation's own closed deals say of an open one like them; and when they say nothing, that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from connector.decision.agents.lead_columns import INTAKE
from connector.decision.agents.pipeline_options import ENDED, PipelineOptions
from connector.decision.agents.pipeline_reasons import Doubt, Health
from connector.decision.decision import Question
from connector.decision.learner import NotLearned, OutcomeLearner
from connector.decision.outcome import Around, AtIntake
from connector.policy import Policy
from connector.record import FieldName, Record, display

RELATIONS = ("account",)
_OWN = ("name", "amount", "source", "pipeline", "description", "account")
_OF_ACCOUNT = ("industry", "employees", "country")
_PRESENCE = frozenset({"name", "description", "account"})
_LESS = 0.5  # a deal whose chance is less than so much of the usual one is at risk
_REACH = 120


def deal_cells(policy: Policy, record: Record, around: Around, hidden: Collection[FieldName]) -> AtIntake:
    """What was known of a deal when it was opened: nothing that its course writes, nothing that an agent may write."""
    refused = {*hidden, *policy.may.update, ENDED.field}
    cells: dict[str, str] = {}
    late = []
    for name in (FieldName(one) for one in _OWN if one not in refused and FieldName(one) in record.fields):
        cells[name] = _cell(name, record)
        stamp = record.stamps.get(name)
        if stamp is not None and stamp.at > record.created_at + INTAKE:
            late.append(str(name))
    for other in around.get("account", ())[:1]:
        cells |= {
            f"account.{name}": _cell(FieldName(name), other)
            for name in _OF_ACCOUNT
            if name not in refused and FieldName(name) in other.fields
        }
    return AtIntake(cells=cells, late=tuple(late))


def _cell(name: FieldName, record: Record) -> str:
    value = record.value(name)
    if value in (None, "", ()):
        return ""
    return "given" if name in _PRESENCE else display(value)[:_REACH].strip().casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What closed deals tell of each of a batch: a doubt or none; or `silent`, why they tell nothing."""

    doubts: Sequence[Doubt | None]
    silent: str = ""
    learner: str = ""


def from_history(
    learner: OutcomeLearner | NotLearned, questions: Sequence[Question], options: PipelineOptions
) -> History:
    """Deals that end badly more often than most; nothing where closed deals cannot be told apart beforehand."""
    nothing: list[Doubt | None] = [None] * len(questions)
    if isinstance(learner, NotLearned):
        return History(doubts=nothing, silent=f"no statistics: {learner}")
    if learner.abstains:
        why = f"no statistics: how {learner.settled} earlier deals ended cannot be told from what was known of them"
        return History(doubts=nothing, silent=why)
    if learner.stale:
        return History(doubts=nothing, silent="no statistics: the newest deals ended otherwise than earlier ones")
    rows = [_row(question, options) for question in questions]
    cells = {name: [row.get(name, "") for row in rows] for name in learner.columns}
    chances = learner.chances(cells, len(rows))
    return History(doubts=[_doubt(chance, learner) for chance in chances], learner=learner.version)


def _row(question: Question, options: PipelineOptions) -> dict[str, str]:
    context = question.context
    hidden = {*context.hidden, *context.masked, options.outcome.field}
    around = {
        kind.value: tuple(context.records[place] for place in places) for kind, places in context.related.items()
    }
    return dict(deal_cells(question.policy, context.record, around, hidden).cells)


def _doubt(chance: float, learner: OutcomeLearner) -> Doubt | None:
    if chance >= _LESS * learner.usual:
        return None
    said = f"deals like it: {chance:.0%} won, against {learner.usual:.0%} of all {learner.settled} that ended"
    return Doubt(
        health=Health.AMBER, rule="history", said=said, step="Check whether it is worth the effort.", sure=1.0 - chance
    )
