"""The gate's rule: one proposed action in, one verdict out. Deny before allow; a person before a doubt."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from connector.action import Action, CreateTask, UpdateField, validate
from connector.context.context import Passage
from connector.decision.decision import ProposedAction
from connector.gate.bounds import overreach, unfounded
from connector.gate.cells import Cell, Standing
from connector.gate.verdict import Allow, Deny, Reason, ReasonCode, RequireApproval, Verdict
from connector.policy import NEVER_UNSEEN, FieldPermission, Policy, Proof, Supervision
from connector.record import (
    FieldKind,
    FieldName,
    FieldValue,
    ObjectSchema,
    Origin,
    Record,
    User,
    asks_approval,
    carries_mark,
    display,
)

TRUSTED = frozenset({Origin.STAFF, Origin.LOOKUP, Origin.FILE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything the gate looks at for one action. `limits` are the brakes that bite, counted just before.

    `passages` are what citations may quote; `addresses` whom the policy lets this kind of message reach.
    `hands_off_until` names fields of the record that a person corrected, and until when they are left to people.
    `kept_here` are fields that the action would carry out of the house and that may not leave it.
    """

    policy: Policy
    proposed: ProposedAction
    record: Record
    schema: ObjectSchema
    owners: Mapping[str, User]
    standing: Standing | None
    pins: str
    limits: tuple[Reason, ...]
    passages: Sequence[Passage]
    addresses: Collection[str] = ()
    permitted_targets: Collection[str] = ()
    hands_off_until: Mapping[FieldName, datetime] = field(default_factory=dict)
    kept_here: Collection[FieldName] = ()


def evaluate(case: Case) -> Verdict:
    """Allow, require approval, or deny, with every reason there is."""
    if denied := (*_not_permitted(case), *_kept_here(case), *_invalid(case), *_unfounded(case)):
        return Deny(reasons=denied)
    asking = (*_supervision(case), *_taint(case), *_hands_off(case))
    if asking:
        return RequireApproval(reasons=(*asking, *case.limits))
    if case.limits:
        return RequireApproval(reasons=case.limits)
    return Allow(why=_why(case))


def cell_of(policy: Policy, action: Action) -> Cell:
    name = action.field if isinstance(action, UpdateField) else None
    return Cell(action.ref.connection, policy.name, action.ref.object, action.kind, name)


def _not_permitted(case: Case) -> tuple[Reason, ...]:
    action, policy = case.proposed.action, case.policy
    if asks_approval(case.record) or _forges_a_question(action):
        return (Reason(ReasonCode.NOT_PERMITTED, "no policy touches or writes a task that asks for an approval"),)
    if action.ref != case.record.ref and str(action.ref) not in case.permitted_targets:
        return (Reason(ReasonCode.NOT_PERMITTED, f"{action.ref} is not the record this decision is about"),)
    match action:
        case UpdateField():
            permission = policy.field_permission(action.field)
            if permission is None:
                return (Reason(ReasonCode.NOT_PERMITTED, f"may.update does not name {action.field}"),)
            current = case.record.fields.get(action.field)
            refusal = permission.refusal(_as_listed(case, action, permission), current=current)
            if refusal is not None:
                return (Reason(ReasonCode.NOT_PERMITTED, f"may.update.{action.field}: {refusal}"),)
        case _:
            if policy.action_permission(action.kind) is None:
                return (Reason(ReasonCode.NOT_PERMITTED, f"may does not name {action.kind}"),)
    beyond = overreach(action, policy, case.record, case.schema, case.owners, case.addresses)
    return tuple(Reason(ReasonCode.NOT_PERMITTED, text) for text in beyond)


def _kept_here(case: Case) -> tuple[Reason, ...]:
    """Settings name what a call carries along; what privacy says of a field is stronger, whoever agrees to the call."""
    kept = ", ".join(sorted(case.kept_here))
    text = f"it would carry {kept} out of the house, which is masked or never leaves"
    return (Reason(ReasonCode.NOT_PERMITTED, text),) if kept else ()


def _forges_a_question(action: Action) -> bool:
    return isinstance(action, CreateTask) and (carries_mark(action.description) or carries_mark(action.subject))


def _as_listed(case: Case, action: UpdateField, permission: FieldPermission) -> FieldValue:
    """An owner as the policy may have written it: policies list people and queues by name, fields hold ids."""
    owner = case.owners.get(action.value) if isinstance(action.value, str) else None
    field = case.schema.fields.get(action.field)
    if owner is None or field is None or field.kind is not FieldKind.USER:
        return action.value
    return next((name for name in (owner.name, owner.email) if name in permission.options), action.value)


def _invalid(case: Case) -> tuple[Reason, ...]:
    problems = validate(case.proposed.action, case.schema, owners=case.owners)
    return tuple(Reason(ReasonCode.INVALID, problem.text) for problem in problems)


def _unfounded(case: Case) -> tuple[Reason, ...]:
    """Evidence and confidence are looked at again: what is wrong here was never an honest answer."""
    found = []
    if unfounded(case.proposed.citations, case.passages):
        found.append(Reason(ReasonCode.INVALID, "it cites words that do not stand in the passage named"))
    if not 0 <= case.proposed.confidence <= 1:
        found.append(Reason(ReasonCode.INVALID, "its confidence is not between 0 and 1"))
    return tuple(found)


def _supervision(case: Case) -> tuple[Reason, ...]:
    action, policy = case.proposed.action, case.policy
    name, value = (action.field, action.value) if isinstance(action, UpdateField) else (None, None)
    supervision = policy.supervision(action.kind, name=name, value=value)
    if action.kind in NEVER_UNSEEN and supervision is not Supervision.UNTIL_EARNED:
        return (Reason(ReasonCode.IRREVERSIBLE, f"{action.kind} cannot be taken back"),)
    match supervision:
        case Supervision.ALWAYS:
            return (Reason(ReasonCode.APPROVAL_RULE, f"approval: always for {_what(name, action)}"),)
        case Supervision.NEVER:
            return _sure_enough(case, float(policy.gate.target))
        case Supervision.UNTIL_EARNED:
            return _earned(case, name, value)
        case unexpected:
            assert_never(unexpected)


def _earned(case: Case, name: FieldName | None, value: FieldValue) -> tuple[Reason, ...]:
    standing, confidence = case.standing, case.proposed.confidence
    what = _what(name, case.proposed.action)
    if standing is None or standing.pins != case.pins or standing.threshold is None:
        return (Reason(ReasonCode.NOT_EARNED, f"{what} has not earned autonomy yet"),)
    if standing.acts_alone(case.pins, confidence, display(value) if value is not None else None):
        return ()
    if confidence >= standing.threshold:
        return (Reason(ReasonCode.NOT_EARNED, f"{what} is {standing.state} for this value"),)
    text = f"confidence {confidence:.3f} is below {standing.threshold:.3f}, where {what} keeps {case.policy.gate.target}"
    return (Reason(ReasonCode.UNSURE, text),)


def _sure_enough(case: Case, target: float) -> tuple[Reason, ...]:
    if case.proposed.confidence >= target:
        return ()
    text = f"confidence {case.proposed.confidence:.3f} is below gate.target {Decimal(str(target)).normalize()}"
    return (Reason(ReasonCode.UNSURE, text),)


def _taint(case: Case) -> tuple[Reason, ...]:
    action = case.proposed.action
    name = action.field if isinstance(action, UpdateField) else None
    # Whatever leaves the CRM needs more than a stranger's word, also where a policy has earned to act alone.
    if action.kind not in NEVER_UNSEEN and case.policy.proof(action.kind, name=name) is not Proof.STAFF:
        return ()
    if any(citation.origin in TRUSTED for citation in case.proposed.citations):
        return ()
    return (Reason(ReasonCode.OUTSIDER_ONLY, f"{_what(name, action)} needs staff evidence, and none is cited"),)


def _hands_off(case: Case) -> tuple[Reason, ...]:
    action = case.proposed.action
    until = case.hands_off_until.get(action.field) if isinstance(action, UpdateField) else None
    if until is None or not isinstance(action, UpdateField):
        return ()
    text = f"a person corrected {action.field} of this record after an agent wrote it: hands off until {until:%Y-%m-%d}"
    return (Reason(ReasonCode.HANDS_OFF, text),)


def _what(name: FieldName | None, action: Action) -> str:
    return str(name) if name is not None else action.kind.value


def _why(case: Case) -> str:
    standing = case.standing
    if standing is not None and standing.threshold is not None:
        return f"confidence {case.proposed.confidence:.3f} is at or above the earned {standing.threshold:.3f}"
    return f"confidence {case.proposed.confidence:.3f} is at or above gate.target"
