"""The gate's turn over one decision: a verdict for each action, and everything that must be recorded with it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from connector.action import Action, Message, UpdateField
from connector.adapter import Outlets
from connector.calibration import content_key
from connector.change.trigger import decision_key, intent_of
from connector.context.context import Citation, Context
from connector.decision.decision import Decision, DecisionResult, NotEnough, Pins, ProposedAction
from connector.gate import (
    Allow,
    Bases,
    Cell,
    Deny,
    LimitBook,
    Reason,
    ReasonCode,
    RequireApproval,
    Standing,
    Verdict,
    base_of,
    cell_of,
    evaluate,
    pins_key,
)
from connector.gate import Case as GateCase
from connector.gate.approval import Approval, ApprovalState
from connector.gate.bounds import addresses_for
from connector.gate.cells import standing
from connector.gate.handoffs import Handoff
from connector.pipeline.cases import Case
from connector.pipeline.handing_off import handoff_of
from connector.policy import OnOverwrite, Policy
from connector.record import ConflictRule, FieldName, ObjectSchema, Record, RecordRef, User, display
from connector.store import Transaction


class Disposition(StrEnum):
    """What the gate made of a decision as a whole, from most to least open."""

    APPROVAL = "approval"
    BRAKED = "braked"
    HANDOFF = "handoff"
    AUTO = "auto"
    DENIED = "denied"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAction:
    """One proposed action with its verdict and the approval row that records it."""

    proposed: ProposedAction
    verdict: Verdict
    cell: Cell
    approval: Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One case, decided and judged."""

    case: Case
    context: Context
    result: DecisionResult
    key: str
    actions: tuple[JudgedAction, ...]
    handoff: Handoff | None

    @property
    def disposition(self) -> Disposition:
        verdicts = [judged.verdict for judged in self.actions]
        if self.handoff is not None:
            return Disposition.HANDOFF
        if any(isinstance(verdict, RequireApproval) and not verdict.braked for verdict in verdicts):
            return Disposition.APPROVAL
        if any(isinstance(verdict, RequireApproval) for verdict in verdicts):
            return Disposition.BRAKED
        if any(isinstance(verdict, Allow) for verdict in verdicts):
            return Disposition.AUTO
        return Disposition.DENIED if verdicts else Disposition.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What judging needs from around: the limits so far, the live schema, the owners, the size of the object."""

    tx: Transaction
    book: LimitBook
    schema: ObjectSchema
    owners: Mapping[str, User]
    population: int
    now: datetime
    outlets: Outlets = field(default_factory=Outlets)
    corrected: Mapping[tuple[RecordRef, FieldName], datetime] = field(default_factory=dict)
    _standings: dict[Cell, Standing | None] = field(default_factory=dict)

    def hands_off(self, case: Case) -> Mapping[FieldName, datetime]:
        """The fields of a case's record that people corrected lately, and until when they are left to people."""
        zone, span = case.policy.zone, case.policy.gate.hands_off
        ends = {
            name: span.after(at, zone) for (ref, name), at in self.corrected.items() if ref == case.record.ref
        }
        return {name: until for name, until in ends.items() if until > self.now}

    def standing(self, cell: Cell) -> Standing | None:
        """How a cell stands, read once for the whole batch."""
        if cell not in self._standings:
            self._standings[cell] = standing(self.tx, cell)
        return self._standings[cell]


def judge(bench: Bench, case: Case, context: Context, result: DecisionResult) -> Judged:
    """Judge every action of a decision in its order; a case, or a part of one, that nobody could decide goes to a person."""
    key = decision_key(case.record.ref, case.policy.name, case.visit)
    match result:
        case Decision(actions=proposed, left=left):
            judged = _judge_actions(bench, case, context, result, key, proposed)
            handoff = handoff_of(case, left, key, bench.now) if left is not None else None
            return Judged(case=case, context=context, result=result, key=key, actions=judged, handoff=handoff)
        case NotEnough():
            handoff = handoff_of(case, result, key, bench.now)
            return Judged(case=case, context=context, result=result, key=key, actions=(), handoff=handoff)


def _judge_actions(
    bench: Bench, case: Case, context: Context, decision: Decision, key: str, proposed: Sequence[ProposedAction]
) -> tuple[JudgedAction, ...]:
    judged: list[JudgedAction] = []
    intents = _intents(case, proposed)
    private = {*context.hidden, *context.masked}
    for place, one in enumerate(proposed):
        cell = cell_of(case.policy, one.action)
        pins = pins_of(decision.pins, one)
        limits = _limits(bench, case, one.action, place)
        verdict = evaluate(
            GateCase(
                policy=case.policy, proposed=one, record=case.record, schema=bench.schema, owners=bench.owners,
                standing=bench.standing(cell), pins=pins, limits=limits, passages=(*context.passages, *decision.found),
                addresses=addresses_for(case.policy, one.action.kind, context), hands_off_until=bench.hands_off(case),
                kept_here=_leaving(bench, one.action) & private,
            )
        )
        if isinstance(verdict, Allow):
            bench.book.count(
                intent=intents[place], policy=case.policy, record=case.record, kind=one.action.kind,
                at=case.event.occurred_at, run=case.run,
            )
        after = intents[one.after] if one.after is not None and one.after < place else _follows(case, one.action)
        approval = _approval(bench, case, decision, one, verdict, intents[place], key, pins, cell, after, private)
        judged.append(JudgedAction(proposed=one, verdict=verdict, cell=cell, approval=approval))
    return _beside_blind(judged)


def _beside_blind(judged: Sequence[JudgedAction]) -> tuple[JudgedAction, ...]:
    """Where one question of a decision is asked blind, the others keep the rationale back that they share with it."""
    asked = [one.approval for one in judged if one.approval.state is ApprovalState.PENDING]
    if not any(one.is_blind for one in asked):
        return tuple(judged)
    return tuple(replace(one, approval=replace(one.approval, beside_blind=True)) for one in judged)


def _leaving(bench: Bench, action: Action) -> frozenset[FieldName]:
    """The fields of the record that an action carries out of the house."""
    return bench.outlets.leaving(action.kind, action.channel) if isinstance(action, Message) else frozenset()


def _follows(case: Case, action: Action) -> str | None:
    """The step of an earlier policy that must be written first: it sets a field that this one writes or rests on."""
    own = [action.field] if isinstance(action, UpdateField) else []
    return next((case.follows[name] for name in (*own, *case.policy.when.fields) if name in case.follows), None)


def pins_of(pins: Pins, proposed: ProposedAction) -> str:
    """What the confidence of this action is evidence for: who reasoned, with which prompt, schema and learner."""
    own = replace(pins, learner=proposed.learner or pins.learner)
    return pins_key({name: str(getattr(own, name)) for name in ("tier", "model", "prompt", "schema", "learner", "embedder")})


def _intents(case: Case, proposed: Sequence[ProposedAction]) -> list[str]:
    """An intent per action: an update is named by its field, other kinds by their place among their kind."""
    seen: dict[str, int] = {}
    intents = []
    for one in proposed:
        kind = one.action.kind.value
        if isinstance(one.action, UpdateField):
            ordinal = str(one.action.field)
        else:
            ordinal = str(seen.setdefault(kind, 0))
            seen[kind] += 1
        intents.append(intent_of(case.record.ref, case.policy.name, case.visit, kind, ordinal))
    return intents


def _limits(bench: Bench, case: Case, action: Action, place: int) -> tuple[Reason, ...]:
    allowed = case.policy.limits.actions_per_decision
    if place >= allowed:
        return (Reason(ReasonCode.LIMIT, f"limits.actions_per_decision: {allowed}"),)
    return bench.book.braked(
        case.policy, case.record, action.kind, population=bench.population, at=case.event.occurred_at, run=case.run
    )


def bases_for(
    action: Action, policy: Policy, record: Record, private: Collection[FieldName], carried: Collection[FieldName] = ()
) -> Bases:
    """The field bases a verdict is bound to: the target field, the fields the decision rests on, those `carried` outside."""
    names = {*policy.when.fields, *carried}
    if isinstance(action, UpdateField):
        names.add(action.field)
    return {
        name: replace(base_of(record, name), private=name in private) for name in sorted(names) if name in record.fields
    }


def _approval(
    bench: Bench, case: Case, decision: Decision, one: ProposedAction, verdict: Verdict, intent: str, key: str, pins: str,
    cell: Cell, after: str | None, private: Collection[FieldName],
) -> Approval:
    policy, action = case.policy, one.action
    rule, on_overwrite = _conflict_rule(policy, action)
    state, reasons = _state_of(verdict)
    expires = policy.gate.expires.after(bench.now, policy.zone)
    carried = bench.outlets.needs(action.kind, action.channel) if isinstance(action, Message) else ()
    return Approval(
        id=hashlib.sha256(f"approval:{intent}".encode()).hexdigest()[:12], intent=intent, decision=key, policy=policy.name,
        cell=str(cell), pins=pins, content=text_content(policy, case.record), ref=action.ref, action=action,
        bases=bases_for(action, policy, case.record, private, carried), rule=rule, on_overwrite=on_overwrite,
        confidence=one.confidence, rationale=decision.rationale, reasons=reasons,
        citations=tuple(_cited(citation) for citation in one.citations),
        after=after, run=case.run, state=state, owner=policy.gate.approvers or policy.handoff.to, asked_at=bench.now,
        expires_at=expires,
    )


def _conflict_rule(policy: Policy, action: Action) -> tuple[ConflictRule, OnOverwrite]:
    permission = policy.field_permission(action.field) if isinstance(action, UpdateField) else None
    if permission is None:
        return ConflictRule.HUMAN_WINS, OnOverwrite.ASK
    return permission.conflict, permission.on_overwrite


def _state_of(verdict: Verdict) -> tuple[ApprovalState, tuple[Reason, ...]]:
    match verdict:
        case Allow():
            return ApprovalState.ALLOWED, ()
        case RequireApproval(reasons=reasons):
            return ApprovalState.PENDING, reasons
        case Deny(reasons=reasons):
            return ApprovalState.DENIED, reasons


def text_content(policy: Policy, record: Record) -> str:
    """What a label is counted by: the trigger text of the record, so that the same text judged twice counts once."""
    texts = [display(record.fields.get(name)) for name in policy.when.fields]
    return content_key("\n".join(texts) if texts else str(record.ref))


def _cited(citation: Citation) -> Mapping[str, str]:
    return {"quote": citation.quote, "source": citation.source, "origin": citation.origin.value}
