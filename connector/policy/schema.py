"""A policy as one frozen value: what wakes it, who decides, what it may do, who must agree, where it stops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NewType
from zoneinfo import ZoneInfo

from connector.policy.agent import Agent
from connector.policy.conditions import Match, Matched
from connector.policy.evidence import Evidence
from connector.policy.facts import Facts
from connector.policy.gate import GateRule, Proof, Supervision
from connector.policy.handoff import HandoffRule
from connector.policy.limits import Limits
from connector.policy.permission import ActionPermission, FieldPermission, Permissions
from connector.policy.reasoning import Reasoning
from connector.policy.trigger import Trigger
from connector.record import ActionKind, ConnectionName, FieldName, FieldValue

PolicyName = NewType("PolicyName", str)
PolicyVersion = NewType("PolicyVersion", str)  # sha256 of the effective policy

SCHEMA_VERSION = 1
_STRICTEST = tuple(Supervision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a policy was written: the file, and the line of every key by its path (`gate.target`)."""

    file: str
    lines: Mapping[str, int] = field(default_factory=dict)

    def at(self, path: str) -> str:
        """`policies/x.yaml:12` for a path, or for the nearest section above it."""
        nearest = path
        while nearest and nearest not in self.lines:
            nearest = nearest.rpartition(".")[0]
        return f"{self.file}:{self.lines.get(nearest, 1)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy file in force. `source` is where it was read and not part of what it means."""

    name: PolicyName
    goal: str
    when: Trigger
    agent: Agent
    reason: Reasoning
    context: Evidence
    may: Permissions
    gate: GateRule
    limits: Limits
    handoff: HandoffRule
    after_policy: tuple[PolicyName, ...] = ()
    connections: tuple[ConnectionName, ...] = ()  # empty: every connection
    timezone: str = "UTC"
    version: PolicyVersion = PolicyVersion("")
    source: Source = field(default_factory=lambda: Source(file="policy"), compare=False, repr=False)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def usd_per_day(self) -> Decimal | None:
        """The smaller of the two daily budgets a policy may name; None: it spends nothing by itself."""
        budgets = [usd for usd in (self.reason.usd_per_day, self.limits.usd_per_day) if usd is not None]
        return min(budgets, default=None)

    def serves(self, connection: ConnectionName) -> bool:
        return not self.connections or connection in self.connections

    def applies_to(self, facts: Facts) -> Match:
        """Whether `where` holds; a policy without one applies to every record."""
        return Matched() if self.when.where is None else self.when.where.evaluate(facts)

    def field_permission(self, name: FieldName) -> FieldPermission | None:
        return self.may.update.get(name)

    def action_permission(self, kind: ActionKind) -> ActionPermission | None:
        return self.may.actions.get(kind)

    def supervision(self, kind: ActionKind, *, name: FieldName | None = None, value: FieldValue = None) -> Supervision:
        """Who must agree to this action: what is said of the value, else of the field or action, else of the policy.

        Of several values the strictest counts. What the policy does not allow at all is `always`.
        """
        if kind is not ActionKind.UPDATE:
            action = self.may.actions.get(kind)
            return Supervision.ALWAYS if action is None else action.approval or self.gate.supervised
        permission = self.may.update.get(name) if name is not None else None
        if permission is None:
            return Supervision.ALWAYS
        chosen = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()
        named = [permission.values[option] for option in chosen if option in permission.values]
        general = permission.approval or self.gate.supervised
        if len(named) < len(chosen) or not named:
            named.append(general)
        return min(named, key=_STRICTEST.index)

    def proof(self, kind: ActionKind, *, name: FieldName | None = None) -> Proof:
        """What evidence this action needs: the stricter of what the gate and the field or action ask."""
        own: FieldPermission | ActionPermission | None = self.may.actions.get(kind)
        if kind is ActionKind.UPDATE and name is not None:
            own = self.may.update.get(name)
        return Proof.STAFF if own is None or Proof.STAFF in (own.needs, self.gate.needs) else Proof.ANY
