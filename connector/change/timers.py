"""Due timers: a policy's `every`, `after` and `before` as rows, each entering the inbox once per slot like any change.

A row outlives its slot and remembers the one that fired last, so that looking at a record again never fires it twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.change import inbox
from connector.change.moments import Rule, can_match, due_at, next_slot, recurs, rules_of, slot_of
from connector.clock import from_micros, micros
from connector.policy import Policy
from connector.policy.trigger import Scope
from connector.record import ConnectionName, ObjectType, Record, RecordRef
from connector.store import Row, Transaction, any_of, batches, word

BELIEVED = timedelta(days=31)
"""How far a clock that went back is taken to have been right before. A slot further ahead than this was an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """One timer on one record. `due` None means that nothing is to come; `fired` is the slot that fired last."""

    ref: RecordRef
    policy: str
    rule: Rule
    due: datetime | None
    fired: str | None
    fired_at: datetime | None


def arm(
    tx: Transaction, policies: Iterable[Policy], records: Sequence[Record], now: datetime, *, baseline: bool = False
) -> None:
    """Set or move the timers of these records to where their fields put them now.

    In a baseline a moment that has passed already counts as fired: nobody acts on what was so before the activation.
    """
    timed = [(policy, rule) for policy in policies for rule in rules_of(policy)]
    if not timed or not records:
        return
    known = _known(tx, [record.ref for record in records])
    changed = []
    for record in records:
        for policy, rule in timed:
            before = known.get((record.ref, policy.name, rule))
            after = _armed(policy, rule, record, before, now, baseline=baseline)
            if after != before:
                changed.append(after)
    keep(tx, changed)


def _armed(
    policy: Policy, rule: Rule, record: Record, before: Timer | None, now: datetime, *, baseline: bool
) -> Timer:
    fired, fired_at = (before.fired, before.fired_at) if before is not None else (None, None)
    start = now if rule is not Rule.EVERY else _not_before(fired_at, now)
    due = due_at(policy, rule, record, start) if can_match(policy, record.fields, now) else None
    if rule is Rule.EVERY and before is not None and before.due is not None and due is not None and before.due <= now:
        due = before.due  # a slot that is about to fire is not lost by looking at its record
    if baseline and before is None and due is not None and due <= now:
        fired, fired_at = slot_of(policy, rule, due), due
    if due is not None and slot_of(policy, rule, due) == fired:
        due = None
    return Timer(ref=record.ref, policy=policy.name, rule=rule, due=due, fired=fired, fired_at=fired_at)


def _not_before(fired_at: datetime | None, now: datetime) -> datetime:
    """Where to look for the next slot from: after the last one, also when the machine's clock has gone back since."""
    return max(now, fired_at) if fired_at is not None and fired_at - now < BELIEVED else now


WHOLE = "*"
"""Stands for the id of a record where a timer is on all records of an object together. No CRM has such an id."""


def unarmed_sets(
    tx: Transaction, policies: Iterable[Policy], connections: Iterable[ConnectionName], now: datetime
) -> tuple[Timer, ...]:
    """The timers of policies over whole sets, one for each connection, that are not as they should be yet."""
    wanted = [
        (policy, RecordRef(connection, policy.when.object, WHOLE))
        for connection in connections
        for policy in policies
        if policy.when.scope is Scope.SET and policy.serves(connection)
    ]
    known = _known(tx, list(dict.fromkeys(ref for _, ref in wanted))) if wanted else {}
    changed = []
    for policy, ref in wanted:
        before = known.get((ref, policy.name, Rule.SET))
        fired, fired_at = (before.fired, before.fired_at) if before is not None else (None, None)
        due = next_slot(policy, _not_before(fired_at, now))
        if before is not None and before.due is not None and before.due <= now:
            due = before.due  # it is about to fire
        after = Timer(ref=ref, policy=policy.name, rule=Rule.SET, due=due, fired=fired, fired_at=fired_at)
        changed += [after] if after != before else []
    return tuple(changed)


def is_due(tx: Transaction, policies: Iterable[Policy], now: datetime) -> bool:
    """Whether any timer of these policies is due."""
    names, parameters = any_of("policy", sorted(policy.name for policy in policies))
    row = tx.one(f"SELECT MIN(due_at) AS at FROM change_due WHERE policy IN ({names})", **parameters)
    return row is not None and row["at"] is not None and int(row["at"]) <= micros(now)


def fire(tx: Transaction, policies: Iterable[Policy], now: datetime, limit: int = 500) -> int:
    """Move due timers into the inbox, each as one event of its slot; how many. A lost or doubled tick changes nothing.

    `every` goes on to its next slot: slots that were missed while we were away are made up for once.
    Timers of policies that are not in force wait.
    """
    by_name = {str(policy.name): policy for policy in policies if policy.when.is_timed}
    if not by_name:
        return 0
    names, parameters = any_of("policy", sorted(by_name))
    rows = tx.rows(
        f"SELECT * FROM change_due WHERE due_at IS NOT NULL AND due_at <= :now AND policy IN ({names}) "
        "ORDER BY due_at, record, policy, rule LIMIT :limit",
        now=micros(now), limit=limit, **parameters,
    )
    due = [_timer(row) for row in rows]
    inbox.put(tx, [_event(by_name[timer.policy], timer) for timer in due])
    keep(tx, [_fired(by_name[timer.policy], timer, now) for timer in due])
    return len(due)


def _event(policy: Policy, timer: Timer) -> ChangeEvent:
    assert timer.due is not None
    return ChangeEvent(
        ref=timer.ref, kind=ChangeKind.DUE, origin=ChangeOrigin.TIMER, occurred_at=timer.due,
        slot=slot_of(policy, timer.rule, timer.due),
    )


def _fired(policy: Policy, timer: Timer, now: datetime) -> Timer:
    assert timer.due is not None
    following = recurs(policy, timer.rule)
    return Timer(
        ref=timer.ref, policy=timer.policy, rule=timer.rule,
        due=next_slot(policy, max(now, timer.due)) if following else None,
        fired=slot_of(policy, timer.rule, timer.due), fired_at=timer.due,
    )


def _known(tx: Transaction, refs: Sequence[RecordRef]) -> dict[tuple[RecordRef, str, Rule], Timer]:
    by_object: dict[tuple[ConnectionName, ObjectType], list[str]] = {}
    for ref in refs:
        by_object.setdefault((ref.connection, ref.object), []).append(ref.id)
    found = {}
    for (connection, kind), ids in by_object.items():
        for some in batches(ids):
            names, parameters = any_of("id", some)
            rows = tx.rows(
                f"SELECT * FROM change_due WHERE connection = :connection AND object = :object AND record IN ({names})",
                connection=connection, object=kind.value, **parameters,
            )
            for timer in map(_timer, rows):
                found[timer.ref, timer.policy, timer.rule] = timer
    return found


def keep(tx: Transaction, timers: Sequence[Timer]) -> None:
    """Remember how these timers stand."""
    tx.run_many(
        """
        INSERT INTO change_due (connection, object, record, policy, rule, due_at, fired, fired_at)
        VALUES (:connection, :object, :record, :policy, :rule, :due, :fired, :fired_at)
        ON CONFLICT (connection, object, record, policy, rule)
        DO UPDATE SET due_at = excluded.due_at, fired = excluded.fired, fired_at = excluded.fired_at
        """,
        [
            {
                "connection": timer.ref.connection, "object": timer.ref.object.value, "record": timer.ref.id,
                "policy": timer.policy, "rule": timer.rule.value,
                "due": micros(timer.due) if timer.due is not None else None, "fired": timer.fired,
                "fired_at": micros(timer.fired_at) if timer.fired_at is not None else None,
            }
            for timer in timers
        ],
    )


def _timer(row: Row) -> Timer:
    return Timer(
        ref=RecordRef(ConnectionName(row["connection"]), word(ObjectType, row["object"]), row["record"]),
        policy=row["policy"],
        rule=word(Rule, row["rule"]), due=from_micros(row["due_at"]) if row["due_at"] is not None else None,
        fired=row["fired"],
        fired_at=from_micros(row["fired_at"]) if row["fired_at"] is not None else None,
    )
