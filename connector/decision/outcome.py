"""How records ended, as an agent that scores them learns it: what counts as an outcome, what is known at the intake."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeGuard, runtime_checkable

from connector.decision.learner import LearnerKey
from connector.policy import Policy
from connector.record import ConnectionName, FieldName, FieldValue, Record

Around = Mapping[str, Sequence[Record]]
"""The relatives of one record by the name of their relation."""


STATUS = FieldName("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The field that says how a record ended, and its values for one end and the other; all others are still open."""

    field: FieldName = STATUS
    won: frozenset[str] = frozenset({"qualified"})
    lost: frozenset[str] = frozenset({"unqualified"})

    def of(self, value: FieldValue) -> bool | None:
        said = ("true" if value else "false") if isinstance(value, bool) else value
        return True if said in self.won else False if said in self.lost else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtIntake:
    """A record's cells when it came in; `late` names those that were set well after it was created."""

    cells: Mapping[str, str]
    late: tuple[str, ...] = ()


@runtime_checkable
class StudiesOutcomes(Protocol):
    """An agent that learns from how earlier records ended."""

    def outcome(self, policy: Policy) -> Outcome: ...

    def relations(self, policy: Policy) -> tuple[str, ...]:
        """The relatives whose fields are part of a record's intake."""
        ...

    def at_intake(self, policy: Policy, record: Record, around: Around, hidden: Collection[FieldName]) -> AtIntake:
        """What was known when the record came in. MUST leave out `hidden` fields and everything an agent may write."""
        ...


def studies_outcomes(agent: object) -> TypeGuard[StudiesOutcomes]:
    """Whether an agent is one of those. Of its class, which Python remembers: an object it looks through every time."""
    return issubclass(type(agent), StudiesOutcomes)


def outcome_key(policy: Policy, connection: ConnectionName, field: FieldName) -> LearnerKey:
    """The learner of a policy's outcomes: named by the field that tells them."""
    return LearnerKey(connection=connection, policy=policy.name, object=policy.when.object, field=field)
