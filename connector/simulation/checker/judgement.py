"""All rules over one run, each under the name of the invariant it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from connector.simulation.checker.account import Account
from connector.simulation.checker.bounded import echoes, moved_back, over_limits, stale_index
from connector.simulation.checker.captured import lost_changes
from connector.simulation.checker.ended import abandoned, asked_in_vain, set_aside, unended
from connector.simulation.checker.history import CrmHistory, read_history
from connector.simulation.checker.permitted import forbidden, out_of_turn, unapproved, unsure
from connector.simulation.checker.undone import without_inverse, wrongly_undone
from connector.simulation.checker.written import duplicates, overwrites, paired, stale_evidence

INVARIANTS: Mapping[str, str] = {
    "I1": "no lost change",
    "I2": "no duplicate side effect",
    "I3": "no silent overwrite",
    "I4": "audit complete",
    "I5": "reversible",
    "I6": "drained",
    "I7": "policy",
    "I8": "approvals",
    "I9": "bounded",
    "I10": "no secrets",
    "I11": "state whole, cursors monotone",
    "I12": "index convergent",
    "I13": "determinism",
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
    found = [Violation(*said) for said in _of_run(run, account)]
    for crm in run.crms:
        history = read_history(crm.connection, crm.system, crm.log, crm.tickets)
        found += [Violation(*said) for said in _of_crm(run, history, account)]
    return tuple(dict.fromkeys(found))


def _of_run(run: Exported, account: Account) -> Iterator[tuple[str, str]]:
    facts = run.facts
    rules: tuple[tuple[str, Iterable[str]], ...] = (
        ("I4", facts["seal"]), ("I5", without_inverse(account)), ("I6", unended(account, facts)),
        ("I7", unsure(account, run.policies)), ("I7", out_of_turn(account)),
        ("I8", unapproved(account, run.policies, run.people)), ("I9", over_limits(account, run.policies)),
        ("I10", facts["leaks"]), ("I11", facts["damage"]), ("I11", moved_back(facts)), ("I12", facts["mirror"]),
    )  # fmt: skip
    for invariant, found in rules:
        for what in found:
            yield invariant, what


def _of_crm(run: Exported, history: CrmHistory, account: Account) -> Iterator[tuple[str, str]]:
    for what in lost_changes(history, account, run.policies, run.facts):
        yield "I1", what
    pairs, said = paired(history, account)
    yield from said
    yield from duplicates(history, account)
    rules: tuple[tuple[str, Iterable[str]], ...] = (
        ("I3", overwrites(history, account, pairs, run.policies, run.facts)),
        ("I3", stale_evidence(history, account, pairs)),
        ("I6", set_aside(history, account, run.facts)),
        ("I6", abandoned(history, account)),
        ("I6", asked_in_vain(history, account)),
        ("I5", wrongly_undone(history, pairs, run.policies, run.facts)),
        ("I7", forbidden(history, account, pairs, run.policies)),
        ("I9", echoes(history, account, run.policies, run.facts)),
        ("I12", stale_index(history, run.facts)),
    )
    for invariant, found in rules:
        for what in found:
            yield invariant, what
