"""The three-way rule, pure: what the field held when we decided, what it holds now, what we want it to hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from connector.gate import Bases, FieldBase
from connector.record import ConflictRule, FieldName, FieldValue, Record, same_value


@dataclass(frozen=True, slots=True)
class AlreadyOurs:
    """The field holds our value: the work is done, by us earlier or by somebody else."""


@dataclass(frozen=True, slots=True)
class Send:
    """The field may be written. `replaces` is a value somebody set meanwhile that the rule lets us replace."""

    replaces: FieldValue = None
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Lose:
    """Somebody else's value stays; ours is kept in the journal."""

    theirs: FieldValue
    why: str


@dataclass(frozen=True, slots=True)
class Review:
    """A person decides between the two values."""

    theirs: FieldValue


FieldPlan: TypeAlias = AlreadyOurs | Send | Lose | Review


def plan_field(
    ours: FieldValue, base: FieldBase, live: FieldValue, rule: ConflictRule, *, decided_at: datetime, moved_at: datetime
) -> FieldPlan:
    """What to do with one field. `moved_at` is when the live value was set, as well as the CRM can tell."""
    if same_value(live, ours):
        return AlreadyOurs()
    moved = not same_value(live, base.value)
    match rule:
        case ConflictRule.FILL_EMPTY if live is not None:
            return Lose(live, "fill_empty: the field is not empty")
        case _ if not moved:
            return Send()
        case ConflictRule.AGENT_OWNED:
            return Send(replaces=live, moved=True)
        case ConflictRule.REVIEW:
            return Review(live)
        case ConflictRule.NEWER_WINS if moved_at <= decided_at:
            return Send(replaces=live, moved=True)
        case ConflictRule.NEWER_WINS:
            return Lose(live, "newer_wins: the other edit is newer than our decision")
        case _:
            return Lose(live, f"{rule.value}: somebody changed the field after we read it")


def moved_evidence(bases: Bases, target: FieldName | None, live: Record) -> tuple[FieldName, ...]:
    """The evidence fields that changed since the decision; `target` is judged by its own rule."""
    return tuple(
        name
        for name, base in bases.items()
        if name != target and name in live.fields and not same_value(base.value, live.fields[name])
    )


def set_at(live: Record, name: FieldName) -> datetime:
    """When a field got its present value: exactly where the CRM keeps history, at the latest the record's own stamp."""
    stamp = live.stamps.get(name)
    return stamp.at if stamp is not None else live.modified_at
