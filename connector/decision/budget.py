"""What reasoning may cost: reserved before a call, settled after it, and refused when a policy's budget is used up.

A reservation that is never settled (a crash between call and answer) stays counted: the budget fails closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Protocol, TypeAlias

from connector.clock import Clock
from connector.policy import Policy
from connector.record import RecordRef
from connector.store import Store, Transaction

_MICRO = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """Money set aside for one call."""

    id: int
    usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhausted:
    """The budget does not cover the call."""

    reason: str


Reservation: TypeAlias = Reserved | Exhausted


class Budget(Protocol):
    """The purse of the paid tiers."""

    def reserve(self, policy: Policy, ref: RecordRef, usd: Decimal) -> Reservation: ...

    def settle(self, reserved: Reserved, usd: Decimal) -> None:
        """Replace what was reserved by what the call cost; zero where nothing was sent."""
        ...


class SpendingLedger:
    """Spending per policy, local day and record in the state database; safe over threads and processes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def reserve(self, policy: Policy, ref: RecordRef, usd: Decimal) -> Reservation:
        """Set `usd` aside, unless the policy's day or this record's day would cost more than the policy allows."""
        wanted = to_micros(usd)
        day = self._clock.now().astimezone(policy.zone).date().isoformat()
        with self._store.transaction("decision: reserve spending") as tx:
            exhausted = _exhausted(tx, policy, ref, day, wanted)
            if exhausted is not None:
                return exhausted
            row = tx.one(
                """
                INSERT INTO decision_spending (policy, day, connection, object, record, reserved)
                VALUES (:policy, :day, :connection, :object, :record, :reserved) RETURNING id
                """,
                policy=policy.name, day=day, reserved=wanted, **_columns(ref),
            )
        assert row is not None
        return Reserved(id=row["id"], usd=usd)

    def settle(self, reserved: Reserved, usd: Decimal) -> None:
        with self._store.transaction("decision: settle spending") as tx:
            settle = "UPDATE decision_spending SET settled = :settled WHERE id = :id"
            tx.run(settle, settled=to_micros(usd), id=reserved.id)

    def spent(self, policy: Policy) -> Decimal:
        """What this policy has spent or promised today."""
        day = self._clock.now().astimezone(policy.zone).date().isoformat()
        with self._store.snapshot() as tx:
            return Decimal(_of_day(tx, policy, day)) / _MICRO


def to_micros(usd: Decimal) -> int:
    """Millionths of a dollar, rounded against us."""
    return int((usd * _MICRO).to_integral_value(rounding=ROUND_UP))


def _exhausted(tx: Transaction, policy: Policy, ref: RecordRef, day: str, wanted: int) -> Exhausted | None:
    allowed = policy.usd_per_day
    if allowed is None:
        return Exhausted(reason=f"policy {policy.name} names no usd_per_day: it may spend nothing")
    if _of_day(tx, policy, day) + wanted > to_micros(allowed):
        return Exhausted(reason=f"policy {policy.name} has used up its {allowed} dollars of {day}")
    record = policy.reason.usd_per_record
    if record is not None and _of_record(tx, policy, ref, day) + wanted > to_micros(record):
        return Exhausted(reason=f"{ref} has used up its {record} dollars of {day} under policy {policy.name}")
    return None


_SUM = """
SELECT COALESCE(SUM(COALESCE(settled, reserved)), 0) AS spent FROM decision_spending
WHERE policy = :policy AND day = :day
"""


def _of_day(tx: Transaction, policy: Policy, day: str) -> int:
    row = tx.one(_SUM, policy=policy.name, day=day)
    return int(row["spent"]) if row is not None else 0


def _of_record(tx: Transaction, policy: Policy, ref: RecordRef, day: str) -> int:
    narrow = " AND connection = :connection AND object = :object AND record = :record"
    row = tx.one(_SUM + narrow, policy=policy.name, day=day, **_columns(ref))
    return int(row["spent"]) if row is not None else 0


def _columns(ref: RecordRef) -> dict[str, str]:
    return {"connection": ref.connection, "object": ref.object.value, "record": ref.id}
