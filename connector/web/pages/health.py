"""Health: what is wrong first, each with its next step; then the queues, what is read, budgets and drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from connector.change import inbox
from connector.change.cursors import Position, positions
from connector.change.inbox import Burial
from connector.change.reconcile import completeness
from connector.decision.budget import SpendingLedger
from connector.gate import CellState, approvals, audits, handoffs, queue
from connector.gate.persons import Role
from connector.record import RecordRef
from connector.report.earning import earned_so_far
from connector.report.health import Purse, Quota, Vitals, problems
from connector.report.names import names_of
from connector.report.retrieval import retrieval_of
from connector.store import Transaction
from connector.web.house import House
from connector.web.page import Answer, Asked, Page, SeeOther, Shown, Way
from connector.web.pages.wording import record_named
from connector.writeback import OutboxState, outbox

_SHOWN = 50
_SOON = timedelta(hours=1)


def show(house: House, asked: Asked) -> Answer:
    purses, misread, index = _purses(house), house.policy_problems(), house.index()
    with house.store.snapshot() as tx:
        seen = replace(_vitals(tx, house, purses), policy_problems=misread, index=index)
        unknown = outbox.in_state(tx, OutboxState.UNKNOWN)[:_SHOWN]
        names = names_of(tx, [(row.ref, row.bases) for row in unknown] + [(one.event.ref, {}) for one in seen.buried])
        values = {
            "seen": seen, "problems": problems(seen), "unknown": unknown, "names": names, "questions": queue.waiting(tx),
            "cases": handoffs.unsettled(tx), "buried": seen.buried[:_SHOWN], "read": _read(seen.positions),
        }
    return Shown(template="health.html", values=values)


def _read(places: Sequence[Position]) -> dict[tuple[str, date, bool], list[str]]:
    """What is read of each CRM, together where it began on the same day."""
    found: dict[tuple[str, date, bool], list[str]] = {}
    for place in places:
        found.setdefault((place.connection, place.activated_at.date(), place.baselined), []).append(place.object.value)
    return found


def requeue(house: House, asked: Asked) -> Answer:
    """Put what was set aside back in the queue: one record's, or all of it."""
    named = asked.posted("record")
    ref: RecordRef | None = record_named(named) if named else None
    house.people.requeue(ref, by=asked.person.name)
    return SeeOther(path="/health")


def _purses(house: House) -> tuple[Purse, ...]:
    ledger = SpendingLedger(house.store, house.clock)
    return tuple(
        Purse(policy=policy.name, spent=ledger.spent(policy), allowed=policy.usd_per_day or Decimal(0))
        for policy in house.policies()
        if policy.usd_per_day is not None
    )


def _vitals(tx: Transaction, house: House, purses: tuple[Purse, ...]) -> Vitals:
    now = house.clock.now()
    depth = inbox.depth(tx)
    cells = earned_so_far(tx, targets=house.targets(), now=now)
    return Vitals(
        running=house.running(), waiting=depth[Burial.WAITING], waits_for=inbox.reasons_to_wait(tx, now),
        buried=tuple(inbox.buried(tx)), outbox=outbox.counts(tx),
        overdue_questions=len(approvals.overdue(tx, now + _SOON)), overdue_cases=len(handoffs.overdue(tx, now)),
        positions=tuple(positions(tx)), complete=tuple(completeness(tx)), retrieval=retrieval_of(tx, now),
        demoted=tuple(one for one in cells if one.state is CellState.SUPERVISED and one.lost_it), purses=purses,
        quotas=tuple(
            Quota(connection=name, used=budget.used_today, daily=budget.daily) for name, budget in house.budgets.items()
        ),
        open_audits=audits.waiting(tx), now=now,
    )


PAGE = Page(
    label="Health", home="/health",
    ways=(
        Way(path="/health", answer=show),
        Way(path="/health/requeue", answer=requeue, method="POST", role=Role.ADMIN),
    ),
)  # fmt: skip
