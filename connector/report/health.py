"""What is wrong with a service now, the worst first, each with what to do about it; pure rules over what was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from connector.change.cursors import Position
from connector.change.inbox import BuriedEvent
from connector.change.reconcile import Completeness
from connector.context.index import IndexState, IndexStats
from connector.report.earning import CellReport
from connector.report.retrieval import RetrievalReport
from connector.report.times import away

_STALE = timedelta(days=2)
_NEARLY = 0.8
_MOVED = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """What one policy may spend on models today, and what it has."""

    policy: str
    spent: Decimal
    allowed: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """The calls of a CRM account today, as far as it tells."""

    connection: str
    used: int
    daily: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """Everything the judgement rests on."""

    running: bool
    waiting: int
    waits_for: Mapping[str, int]
    buried: tuple[BuriedEvent, ...]
    outbox: dict[str, int]
    overdue_questions: int
    overdue_cases: int
    positions: tuple[Position, ...]
    complete: tuple[Completeness, ...]
    retrieval: tuple[RetrievalReport, ...]
    demoted: tuple[CellReport, ...]
    purses: tuple[Purse, ...]
    quotas: tuple[Quota, ...]
    open_audits: int
    now: datetime
    policy_problems: tuple[str, ...] = ()
    index: IndexStats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is not as it should be. `step` says what to do; `at` is where on the page that is done."""

    is_bad: bool
    says: str
    step: str
    at: str | None = None


def problems(seen: Vitals) -> tuple[Problem, ...]:
    """What is wrong, the bad before what only deserves a look."""
    rules = (_of_service, _of_policies, _of_index, _of_people, _of_reading, _of_money, _of_drift)
    return tuple(sorted((one for rule in rules for one in rule(seen)), key=lambda one: not one.is_bad))


def _of_service(seen: Vitals) -> Iterator[Problem]:
    if not seen.running:
        yield Problem(
            is_bad=True, says="The service does not run: nothing is read, decided or written.", step="crm-connector run"
        )
    if unknown := seen.outbox.get("unknown", 0):
        yield Problem(
            is_bad=True, says=f"{_many(unknown, 'write')} may or may not have arrived.",
            step="The service looks each up in the CRM before anything is sent again. What stays here needs your look.",
            at="#unknown",
        )
    if seen.buried:
        yield Problem(
            is_bad=True, says=f"{_many(len(seen.buried), 'change')} set aside after repeated trouble.",
            step="Mend the reason, then put them back in the queue.", at="#buried",
        )


def _of_policies(seen: Vitals) -> Iterator[Problem]:
    for said in seen.policy_problems:
        yield Problem(
            is_bad=True, says=f"A policy is not in force as its file says. {said}",
            step="Those of before stay in force. Mend the file, and a running service takes it up: crm-connector check",
        )


def _of_index(seen: Vitals) -> Iterator[Problem]:
    if seen.index is None or seen.index.state is IndexState.READY:
        return
    if seen.index.state is IndexState.UNAVAILABLE:
        yield Problem(
            is_bad=True, says=f"The index cannot be used: {seen.index.reason or 'its folder cannot be opened'}.",
            step="Until then agents find nothing in it: crm-connector index rebuild", at="#drift",
        )
    else:
        yield Problem(
            is_bad=False, says="The index is being filled again.", at="#drift",
            step="The running service does so by itself; agents find less until it is done.",
        )


def _of_people(seen: Vitals) -> Iterator[Problem]:
    if seen.overdue_cases:
        yield Problem(
            is_bad=True, says=f"{_many(seen.overdue_cases, 'case')} past due.", step="Take or close them.", at="/handoffs"
        )
    if seen.overdue_questions:
        yield Problem(
            is_bad=False, says=f"{_many(seen.overdue_questions, 'question')} about to lapse unanswered.",
            step="Answer them.", at="/",
        )
    if seen.open_audits:
        yield Problem(
            is_bad=False, says=f"{_many(seen.open_audits, 'audit')} to judge.",
            step="Judge them, blind: without them nobody knows how good the agents are.", at="/audits",
        )


def _of_reading(seen: Vitals) -> Iterator[Problem]:
    for place in seen.positions:
        if not place.baselined:
            yield Problem(
                is_bad=False, says=f"{place.connection} {place.object}: the first sweep is still under way.",
                step="Nobody acts on it until it is done.",
            )
    for one in seen.complete:
        if one.matched < one.records:
            missed = one.records - one.matched
            yield Problem(
                is_bad=False,
                says=f"{one.connection} {one.object}: {missed:,} of {one.records:,} had not been seen as they are.",
                step=f"{one.repaired:,} were queued for another look by the comparison itself.", at="#capture",
            )
        if seen.now - one.at > _STALE:
            yield Problem(
                is_bad=False, says=f"{one.connection} {one.object} was compared with the CRM {away(one.at, seen.now)}.",
                step="The running service compares every day.", at="#capture",
            )


def _of_money(seen: Vitals) -> Iterator[Problem]:
    for purse in seen.purses:
        if purse.spent >= purse.allowed * Decimal(str(_NEARLY)):
            used_up = purse.spent >= purse.allowed
            yield Problem(
                is_bad=used_up, says=f"{purse.policy} has spent ${purse.spent:.2f} of its ${purse.allowed:.2f} of today.",

                step="Used up, what only a model could decide goes to people. The policy's usd_per_day says how much it is.",
                at="#budgets",
            )
    for quota in seen.quotas:
        if quota.daily and quota.used >= quota.daily * _NEARLY:
            yield Problem(
                is_bad=True, says=f"{quota.connection}: {quota.used:,} of today's {quota.daily:,} calls are used.",
                step="Background work stops before your own tools lack calls.", at="#budgets",
            )


def _of_drift(seen: Vitals) -> Iterator[Problem]:
    for cell in seen.demoted:
        yield Problem(
            is_bad=False, says=f"{cell.cell.does.capitalize()} ({cell.cell.policy}) no longer acts alone: {cell.why}.",
            step="See what it wrote lately.", at="/agents",
        )
    for one in seen.retrieval:
        before, lately = one.before.empty, one.lately.empty
        if before is not None and lately is not None and lately - before > _MOVED:
            yield Problem(
                is_bad=False,
                says=f"{one.policy} finds nothing in the index for {lately:.0%} of its decisions; it was {before:.0%}.",
                step="Look whether knowledge files are missing: crm-connector index", at="#drift",
            )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
