"""The brakes: how much a policy may still write to this record, in this hour, to this share of the object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.clock import micros
from connector.gate.verdict import Reason, ReasonCode
from connector.policy import Policy
from connector.record import ActionKind, Record, RecordRef
from connector.store import Transaction

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_GRAIN = timedelta(minutes=1)


@dataclass(slots=True)
class _Window:
    """The records one policy wrote to in the hour and day that end at `until`."""

    until: datetime
    hour: set[str]
    day: set[str]  # records older than a day when they were written


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """An action a plan let through: counted like a kept one, and written nowhere."""

    policy: str
    ref: RecordRef
    kind: ActionKind
    at: datetime
    is_new: bool
    run: str | None


class LimitBook:
    """What every policy has let through, counted in one transaction: read once a minute of arrival, then counted on.

    `at` is the time a change arrived, so that a brake bites on the rhythm of the org and not on that of our catching up.
    """

    def __init__(self, tx: Transaction, *, keep: bool = True) -> None:
        """`keep` False counts without writing down, for a plan."""
        self._tx = tx
        self._keep = keep
        self._on_record: dict[tuple[str, RecordRef], int] = {}
        self._windows: dict[tuple[str, str, str, datetime], _Window] = {}
        self._planned: list[_Planned] = []

    def braked(
        self, policy: Policy, record: Record, kind: ActionKind, *, population: int, at: datetime, run: str | None
    ) -> tuple[Reason, ...]:
        """Every limit that one more action on this record would break. `population`: how many records the object has."""
        found = [
            *self._record_limit(policy, record.ref, at),
            *self._mass_limits(policy, record, population, at),
            *self._kind_limit(policy, record.ref, kind, at),
            *self._run_limit(policy, run),
        ]
        return tuple(Reason(ReasonCode.LIMIT, text) for text in found)

    def count(self, *, intent: str, policy: Policy, record: Record, kind: ActionKind, at: datetime, run: str | None) -> None:
        """Count an allowed action. A record younger than a day is new: classifying it is the job, not a mass change."""
        is_new = record.created_at > at - DAY
        so_far = self._of_record(policy, record.ref, at)
        if self._keep:
            self._tx.run(
                """
                INSERT INTO gate_passes (intent, policy, connection, object, record, kind, at, is_new, run)
                VALUES (:intent, :policy, :connection, :object, :record, :kind, :at, :is_new, :run)
                ON CONFLICT (intent) DO NOTHING
                """,
                intent=intent, policy=policy.name, connection=record.ref.connection, object=record.ref.object.value,
                record=record.ref.id, kind=kind.value, at=micros(at), is_new=int(is_new), run=run,
            )
        else:
            planned = _Planned(policy=policy.name, ref=record.ref, kind=kind, at=at, is_new=is_new, run=run)
            self._planned.append(planned)
        self._on_record[policy.name, record.ref] = so_far + 1
        for (name, connection, kind_of, _), window in self._windows.items():
            if (name, connection, kind_of) == (policy.name, record.ref.connection, record.ref.object):
                if window.until - HOUR < at <= window.until:
                    window.hour.add(record.ref.id)
                if not is_new and window.until - DAY < at <= window.until:
                    window.day.add(record.ref.id)

    def _record_limit(self, policy: Policy, ref: RecordRef, at: datetime) -> list[str]:
        so_far = self._of_record(policy, ref, at)
        if so_far < policy.limits.writes_per_record_per_day:
            return []
        return [f"limits.writes_per_record_per_day: already {so_far} actions on this record in a day"]

    def _of_record(self, policy: Policy, ref: RecordRef, at: datetime) -> int:
        """Actions on one record in the day before `at`: read once, then counted on."""
        key = (policy.name, ref)
        if key not in self._on_record:
            row = self._tx.one(
                "SELECT COUNT(*) AS n FROM gate_passes WHERE connection = :connection AND object = :object "
                "AND record = :record AND policy = :policy AND at > :since",
                connection=ref.connection, object=ref.object.value, record=ref.id, policy=policy.name,
                since=micros(at - DAY),
            )
            self._on_record[key] = int(row["n"]) if row else 0
        return self._on_record[key]

    def _mass_limits(self, policy: Policy, record: Record, population: int, at: datetime) -> list[str]:
        limits, ref, found = policy.limits, record.ref, []
        window = self._window(policy, ref, at)
        if ref.id not in window.hour and len(window.hour) >= limits.records_per_hour:
            found.append(f"limits.records_per_hour: {limits.records_per_hour} records in an hour")
        if record.created_at <= at - DAY and ref.id not in window.day:
            allowed = int(population * limits.share_of_object)
            if len(window.day) >= allowed:
                found.append(f"limits.share_of_object: {allowed} of {population} older records in a day")
        return found

    def _kind_limit(self, policy: Policy, ref: RecordRef, kind: ActionKind, at: datetime) -> list[str]:
        allowed = policy.limits.per_day.get(kind)
        if allowed is None:
            return []
        row = self._tx.one(
            "SELECT COUNT(*) AS n FROM gate_passes "
            "WHERE policy = :policy AND connection = :connection AND kind = :kind AND at > :since",
            policy=policy.name, connection=ref.connection, kind=kind.value, since=micros(at - DAY),
        )
        so_far = (int(row["n"]) if row else 0) + sum(
            (one.policy, one.ref.connection, one.kind) == (policy.name, ref.connection, kind) and one.at > at - DAY
            for one in self._planned
        )
        return [f"limits.per_day.{kind}: {allowed} in a day"] if so_far >= allowed else []

    def _run_limit(self, policy: Policy, run: str | None) -> list[str]:
        allowed = policy.limits.actions_per_run
        if allowed is None or run is None:
            return []
        row = self._tx.one("SELECT COUNT(*) AS n FROM gate_passes WHERE run = :run", run=run)
        so_far = (int(row["n"]) if row else 0) + sum(one.run == run for one in self._planned)
        return [f"limits.actions_per_run: {allowed} in this run"] if so_far >= allowed else []

    def _window(self, policy: Policy, ref: RecordRef, at: datetime) -> _Window:
        until = at.replace(second=0, microsecond=0) + _GRAIN
        key = (policy.name, ref.connection, ref.object.value, until)
        if key not in self._windows:
            scope = "policy = :policy AND connection = :connection AND object = :object AND at > :since AND at <= :until"
            names = {"policy": policy.name, "connection": ref.connection, "object": ref.object.value, "until": micros(until)}
            hour = self._tx.rows(
                f"SELECT DISTINCT record FROM gate_passes WHERE {scope}", **names, since=micros(until - HOUR)
            )
            day = self._tx.rows(
                f"SELECT DISTINCT record FROM gate_passes WHERE {scope} AND is_new = 0", **names, since=micros(until - DAY)
            )
            planned = [
                one
                for one in self._planned
                if (one.policy, one.ref.connection, one.ref.object) == (policy.name, ref.connection, ref.object)
            ]
            self._windows[key] = _Window(
                until,
                {row["record"] for row in hour} | {one.ref.id for one in planned if until - HOUR < one.at <= until},
                {row["record"] for row in day}
                | {one.ref.id for one in planned if until - DAY < one.at <= until and not one.is_new},
            )
        return self._windows[key]
