"""What an edit really changes: the effective policies compared entry by entry, with defaults and inherited approval."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from connector.policy.fingerprint import effective
from connector.policy.gate import Proof, Supervision
from connector.policy.policy_set import PolicySet
from connector.policy.schema import Policy, PolicyName
from connector.record import ConflictRule

_KIND = "kind"
_ALLOWED = "allowed"


class Effect(StrEnum):
    """Whether the agent may do more or less than before, where that can be said."""

    MORE = "allows more"
    LESS = "allows less"
    OTHER = "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry that means something else now. None is "not there"."""

    policy: PolicyName
    path: str
    before: str | None
    after: str | None
    effect: Effect

    def __str__(self) -> str:
        was = "(nothing)" if self.before is None else self.before
        now = "(nothing)" if self.after is None else self.after
        note = "" if self.effect is Effect.OTHER else f"  [{self.effect}]"
        return f"{self.policy}: {self.path or 'policy'}: {was} -> {now}{note}"


def diff(old: Policy, new: Policy) -> tuple[Change, ...]:
    """The effective difference between two versions of a policy; empty when only the writing differs."""
    return tuple(_changes(new.name, _entries(old), _entries(new)))


def diff_sets(old: PolicySet, new: PolicySet) -> tuple[Change, ...]:
    """The effective difference between two sets, policies that came or went included."""
    changes: list[Change] = []
    for name in sorted({policy.name for policy in (*old, *new)}):
        before, after = old.get(name), new.get(name)
        if before is not None and after is not None:
            changes += diff(before, after)
        elif after is not None:
            changes.append(Change(policy=name, path="", before=None, after=after.goal, effect=Effect.MORE))
        elif before is not None:
            changes.append(Change(policy=name, path="", before=before.goal, after=None, effect=Effect.LESS))
    return tuple(changes)


def _entries(policy: Policy) -> Mapping[str, Any]:
    return dict(_flat(effective(policy), "", policy.gate.supervised.value))


def _flat(value: Any, path: str, inherited: str) -> Iterator[tuple[str, Any]]:
    """One entry per leaf; lists stay whole, and an approval that is not written is the gate's."""
    if not isinstance(value, dict):
        if value is not None:
            yield path, value
        return
    if value.get(_KIND) in ("FieldPermission", "ActionPermission"):
        yield path, _ALLOWED
        value = {**value, "approval": value["approval"] or inherited}
    for key, inner in value.items():
        if key != _KIND:
            yield from _flat(inner, f"{path}.{key}" if path else key, inherited)


def _changes(name: PolicyName, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    came_or_went = {path for path in old.keys() ^ new.keys() if _ALLOWED in (old.get(path), new.get(path))}
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        inside_removed = any(path.startswith(f"{grant}.") and grant in old for grant in came_or_went)
        if before != after and not inside_removed:
            effect = _effect(path, _in_force(old, path), _in_force(new, path))
            yield Change(policy=name, path=path, before=_said(before), after=_said(after), effect=effect)


def _in_force(entries: Mapping[str, Any], path: str) -> Any:
    """The entry, or for an option without its own approval that of its field."""
    field, values, _ = path.partition(".values.")
    return entries.get(path, entries.get(f"{field}.approval") if values else None)


def _said(value: Any) -> str | None:
    if isinstance(value, list):
        return ", ".join(_said(entry) or "" for entry in value) or "(none named)"
    if isinstance(value, dict):
        return " ".join(f"{key} {entry}" for key, entry in value.items() if key != _KIND and entry is not None)
    return None if value is None else str(value)


def _compared(one: Any, two: Any) -> Effect:
    return Effect.MORE if two > one else Effect.LESS if two < one else Effect.OTHER


def _more_is_freer(before: Any, after: Any) -> Effect:
    """A ceiling; without one there is no end."""
    no_end = Decimal("Infinity")
    return _compared(*(no_end if bound is None else Decimal(str(bound)) for bound in (before, after)))


def _less_is_freer(before: Any, after: Any) -> Effect:
    """A bar to pass; without one everything passes."""
    no_bar = Decimal("-Infinity")
    return _compared(*(-(no_bar if bound is None else Decimal(str(bound))) for bound in (before, after)))


def _from_strict_to_free(*order: Any) -> Callable[[Any, Any], Effect]:
    def effect(before: Any, after: Any) -> Effect:
        if before not in order or after not in order:
            return Effect.OTHER
        return _compared(order.index(before), order.index(after))

    return effect


def _more_entries(before: Any, after: Any) -> Effect:
    was, now = set(before or ()), set(after or ())
    return Effect.MORE if now > was else Effect.LESS if now < was else Effect.OTHER


def _fewer_entries(before: Any, after: Any) -> Effect:
    return _more_entries(after, before)


def _choice(before: Any, after: Any) -> Effect:
    """A list of allowed options, where none named means all."""
    if not before or not after:
        return Effect.LESS if after else Effect.MORE
    return _more_entries(before, after)


def _presence(before: Any, after: Any) -> Effect:
    return Effect.MORE if before is None else Effect.LESS if after is None else Effect.OTHER


def _absence(before: Any, after: Any) -> Effect:
    return _presence(after, before)


_SUPERVISION = _from_strict_to_free(*(word.value for word in Supervision))
_PROOF = _from_strict_to_free(Proof.STAFF.value, Proof.ANY.value)
_CONFLICT = _from_strict_to_free(
    *(rule.value for rule in (ConflictRule.REVIEW, ConflictRule.FILL_EMPTY, ConflictRule.HUMAN_WINS,
                              ConflictRule.NEWER_WINS, ConflictRule.AGENT_OWNED))
)  # fmt: skip
# The first pattern that fits a path tells which way is freer; a path without one is just different.
_RULES: tuple[tuple[str, Callable[[Any, Any], Effect]], ...] = (
    ("limits.*", _more_is_freer), ("reason.usd_*", _more_is_freer), ("reason.searches", _more_is_freer),
    ("gate.target", _less_is_freer), ("gate.audit", _less_is_freer), ("gate.supervised", _SUPERVISION),
    ("gate.needs", _PROOF), ("context.never", _fewer_entries), ("context.mask", _fewer_entries),
    ("context.*", _more_entries), ("when.events", _more_entries), ("when.fields", _more_entries),
    ("when.where", _absence), ("may.*.options", _choice), ("may.*.conflict", _CONFLICT), ("may.*.needs", _PROOF),
    ("may.*.approval", _SUPERVISION), ("may.*.values.*", _SUPERVISION), ("may.*.to", _choice),
    ("may.*.forward_only", _from_strict_to_free(True, False)),
    ("may.*.on_overwrite", _from_strict_to_free("ask", "restore")), ("may.*.max_length", _more_is_freer),
)  # fmt: skip


def _effect(path: str, before: Any, after: Any) -> Effect:
    if _ALLOWED in (before, after) and path.startswith("may."):
        return _presence(before, after)
    rule = next((rule for pattern, rule in _RULES if fnmatchcase(path, pattern)), None)
    return rule(before, after) if rule is not None else Effect.OTHER
