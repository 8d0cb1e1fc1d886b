"""All rules over one run, each under the name of the invariant it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from connector.simulation.checker.account import Account
from connector.simulation.checker.captured import lost_changes
from connector.simulation.checker.history import CrmHistory, read_history
from connector.simulation.checker.written import duplicates, overwrites, paired

INVARIANTS: Mapping[str, str] = {
    "I1": "no lost change",
    "I2": "no duplicate side effect",
    "I3": "no silent overwrite",
    "I4": "audit complete",
}


class Exported(Protocol):
    """What a run left behind."""

    @property
    def seed(self) -> int: ...
    @property
    def crms(self) -> tuple[Any, ...]: ...
    @property
    def journal(self) -> tuple[Mapping[str, Any], ...]: ...
    @property
    def policies(self) -> tuple[Mapping[str, Any], ...]: ...
    @property
    def people(self) -> tuple[Mapping[str, Any], ...]: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise, with what shows it."""

    invariant: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant} {INVARIANTS[self.invariant]}: {self.what}"


def check(run: Exported) -> tuple[Violation, ...]:
    """Every violation of a run; empty when all promises were kept."""
    account = Account(run.journal)
    found: list[Violation] = []
    for crm in run.crms:
        history = read_history(crm.connection, crm.system, crm.log, crm.tickets)
        found += [Violation(*said) for said in _of_crm(run, history, account)]
    return tuple(dict.fromkeys(found))


def _of_crm(run: Exported, history: CrmHistory, account: Account) -> Iterator[tuple[str, str]]:
    for what in lost_changes(history, account, run.policies, run.facts):
        yield "I1", what
    pairs, said = paired(history, account)
    yield from said
    yield from duplicates(history, account)
    for what in overwrites(history, account, pairs, run.policies):
        yield "I3", what
