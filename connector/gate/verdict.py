"""The gate's answers, and the cleared action that only the gate can make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from connector.action import Action, action_hash, decode_action, encode_action
from connector.policy import OnOverwrite
from connector.record import (
    ConflictRule,
    FieldName,
    FieldStamp,
    FieldValue,
    Record,
    decode_value,
    encode_value,
)


class ReasonCode(StrEnum):
    """Why the gate did not simply allow an action."""

    NOT_PERMITTED = "not_permitted"
    INVALID = "invalid"
    APPROVAL_RULE = "approval_rule"
    IRREVERSIBLE = "irreversible"
    NOT_EARNED = "not_earned"
    UNSURE = "unsure"
    OUTSIDER_ONLY = "outsider_only"
    LIMIT = "limit"
    PAUSED = "paused"
    HANDS_OFF = "hands_off"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, with the policy line or limit it comes from in plain words."""

    code: ReasonCode
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """The action may be written without asking anybody."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequireApproval:
    """A person must agree first."""

    reasons: tuple[Reason, ...]

    @property
    def braked(self) -> bool:
        """Held back by a limit alone: otherwise it would have been allowed."""
        return all(reason.code is ReasonCode.LIMIT for reason in self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """The action will not be written, whoever agrees."""

    reasons: tuple[Reason, ...]


Verdict: TypeAlias = Allow | RequireApproval | Deny


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldBase:
    """What a field held when the decision was made, and who had put it there where the CRM says so.

    `private` values are compared before writing and told nowhere: the policy hides or masks the field.
    """

    value: FieldValue
    at: str | None = None
    source: str | None = None
    by: str | None = None
    private: bool = False


Bases: TypeAlias = Mapping[FieldName, FieldBase]


def base_of(record: Record, name: FieldName) -> FieldBase:
    stamp: FieldStamp | None = record.stamps.get(name)
    if stamp is None:
        return FieldBase(value=record.fields.get(name))
    return FieldBase(value=record.fields.get(name), at=stamp.at.isoformat(), source=stamp.source, by=stamp.by)


def told(bases: Bases) -> Bases:
    """The bases that may be told outside the state: all but private ones."""
    return {name: base for name, base in bases.items() if not base.private}


def encode_bases(bases: Bases) -> dict[str, Any]:
    return {
        name: {"value": encode_value(base.value), "at": base.at, "source": base.source, "by": base.by}
        | ({"private": True} if base.private else {})
        for name, base in bases.items()
    }


def decode_bases(encoded: Mapping[str, Any]) -> dict[FieldName, FieldBase]:
    return {
        FieldName(name): FieldBase(
            value=decode_value(base["value"]), at=base["at"], source=base["source"], by=base["by"],
            private=base.get("private", False),
        )
        for name, base in encoded.items()
    }


_GATE = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedAction:
    """An action the gate let through: write-back takes nothing else, and nobody else can make one.

    `bases` are the fields it was judged on. `approval` names the verdict it rests on.
    """

    intent: str
    decision: str
    policy: str
    action: Action
    bases: Bases
    rule: ConflictRule
    on_overwrite: OnOverwrite
    cleared_by: str
    approval: str
    after: str | None = None  # the intent that must be applied first
    run: str | None = None
    _made_by: object = field(repr=False, default=None)

    def __post_init__(self) -> None:
        if self._made_by is not _GATE:
            raise TypeError("only the gate clears actions")

    @property
    def hash(self) -> str:
        return action_hash(self.action)


def clear(
    *, intent: str, decision: str, policy: str, action: Action, bases: Bases, rule: ConflictRule,
    on_overwrite: OnOverwrite, cleared_by: str, approval: str, after: str | None = None, run: str | None = None,
) -> ClearedAction:
    """Clear an action; called by `gate` modules only (the architecture test holds it)."""
    return ClearedAction(
        intent=intent, decision=decision, policy=policy, action=action, bases=bases, rule=rule,
        on_overwrite=on_overwrite, cleared_by=cleared_by, approval=approval, after=after, run=run, _made_by=_GATE,
    )


def encode_held(action: Action, bases: Bases) -> dict[str, Any]:
    """An action waiting for a person, as JSON."""
    return {"action": encode_action(action), "bases": encode_bases(bases)}


def decode_held(encoded: Mapping[str, Any]) -> tuple[Action, dict[FieldName, FieldBase]]:
    return decode_action(encoded["action"]), decode_bases(encoded["bases"])
