"""What a policy that comes second starts from: the values that the ones before it write into the same fields just now.

Its step then waits for theirs. Where theirs is never written, it is not either, and the second policy looks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from connector.action import UpdateField
from connector.change.trigger import intent_of
from connector.context.context import Context
from connector.context.redaction import masked
from connector.decision.decision import Decision, DecisionResult
from connector.pipeline.cases import Case, Follows
from connector.policy import Policy
from connector.record import FieldName, FieldValue, Origin, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What is on its way into fields of one record, by policies that come first; `intents` names each step."""

    values: Mapping[FieldName, FieldValue] = field(default_factory=dict)
    intents: Follows = field(default_factory=dict)


def ahead_of(case: Case, decided: Iterable[tuple[Case, Context, DecisionResult]]) -> Ahead:
    """The newest proposals for fields that the case's policy may write as well; of a set each is on its own record."""
    values: dict[FieldName, FieldValue] = {}
    intents: dict[FieldName, str] = {}
    for earlier, _, result in decided:
        if earlier.record.ref != case.record.ref or earlier.policy.name == case.policy.name or earlier.run != case.run:
            continue
        for action in _updates(earlier, result):
            if action.field in case.policy.may.update and action.field in case.record.fields:
                values[action.field] = action.value
                intents[action.field] = intent_of(
                    case.record.ref, earlier.policy.name, earlier.visit, action.kind.value, str(action.field)
                )
    return Ahead(values=values, intents=intents)


def _updates(case: Case, result: DecisionResult) -> Iterator[UpdateField]:
    proposed = result.actions if isinstance(result, Decision) else ()
    for one in proposed:
        if isinstance(one.action, UpdateField) and one.action.ref == case.record.ref:
            yield one.action


def behind(case: Case, ahead: Ahead) -> Case:
    """The case on the record as it will stand, and the steps that its own ones wait for."""
    if not ahead.values:
        return case
    return replace(case, record=_with(case.record, ahead.values), follows=ahead.intents)


def seen_behind(context: Context, ahead: Ahead) -> Context:
    """The context with these values as an agent's, which nobody may quote; what the policy hides stays hidden."""
    shown = {
        name: masked(value) if name in context.masked else value
        for name, value in ahead.values.items()
        if name in context.record.fields
    }
    if not shown:
        return context
    replaced = {f"{context.record.ref.object}.{name}" for name in shown}
    return replace(
        context, records=(_with(context.record, shown), *context.records[1:]),
        origins={**context.origins, **dict.fromkeys(shown, Origin.AGENT)},
        passages=tuple(
            one for one in context.passages if not (one.ref == context.record.ref and one.source in replaced)
        ),
    )


def _with(record: Record, values: Mapping[FieldName, FieldValue]) -> Record:
    stamps = {name: stamp for name, stamp in record.stamps.items() if name not in values}
    return replace(record, fields={**record.fields, **values}, stamps=stamps)


def shares_fields(one: Policy, other: Policy) -> bool:
    """Whether two policies may write into the same field."""
    return bool(one.may.update.keys() & other.may.update.keys())
