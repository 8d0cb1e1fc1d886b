"""Where a question stands as a task in the CRM: on its way, standing, ended. One task for what was shown."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.clock import micros
from connector.gate.approval import Approval
from connector.gate.approvals import approval_of
from connector.record import ConnectionName, ObjectType, RecordRef
from connector.store import Row, Transaction, any_of


class TaskState(StrEnum):
    """ASKED is on its way, STANDING waits for a person; the others are not looked at any more."""

    ASKED = "asked"
    STANDING = "standing"
    ENDED = "ended"
    ELSEWHERE = "elsewhere"  # a question that no task may carry


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalTask:
    """One question as one task. `seal` is what was shown; `version` the one whose answer was found not to count."""

    approval: str
    seal: str
    intent: str
    connection: ConnectionName
    task: str | None
    state: TaskState
    version: str | None = None

    @property
    def ref(self) -> RecordRef | None:
        return RecordRef(self.connection, ObjectType.TASK, self.task) if self.task else None


def intent_of(asked: Approval) -> str:
    """Names the task of exactly what is shown: asked again on other values, it is another task."""
    return hashlib.sha256(f"task:{asked.id}:{asked.seal}".encode()).hexdigest()


def unasked(tx: Transaction, connection: ConnectionName, policies: Collection[str], *, limit: int) -> list[Approval]:
    """Questions that wait and have been put to nobody by a task, the longest waiting first."""
    names, parameters = any_of("policy", sorted(policies))
    rows = tx.rows(
        f"SELECT a.* FROM gate_approvals a WHERE a.state = 'pending' AND a.connection = :connection "
        f"AND a.policy IN ({names}) "
        "AND NOT EXISTS (SELECT 1 FROM asking_tasks t WHERE t.approval = a.approval) "
        "ORDER BY a.asked_at, a.record, a.approval LIMIT :limit",
        connection=connection, limit=limit, **parameters,
    )
    return [approval_of(row) for row in rows]


def note(tx: Transaction, asked: Approval, state: TaskState, at: datetime) -> None:
    """Remember that a question was put, or that it may not be."""
    tx.run(
        "INSERT INTO asking_tasks (approval, seal, intent, connection, state, looked_at) "
        "VALUES (:approval, :seal, :intent, :connection, :state, :at) ON CONFLICT (approval, seal) DO NOTHING",
        approval=asked.id, seal=asked.seal, intent=intent_of(asked), connection=asked.ref.connection, state=state.value,
        at=micros(at),
    )


def standing(tx: Transaction, connection: ConnectionName, *, limit: int) -> list[ApprovalTask]:
    """The tasks to look at, those looked at longest ago first."""
    rows = tx.rows(
        "SELECT * FROM asking_tasks WHERE connection = :connection AND state IN ('asked', 'standing') "
        "ORDER BY looked_at, approval LIMIT :limit",
        connection=connection, limit=limit,
    )
    return [_task(row) for row in rows]


def of_intent(tx: Transaction, intent: str) -> ApprovalTask | None:
    row = tx.one("SELECT * FROM asking_tasks WHERE intent = :intent", intent=intent)
    return _task(row) if row is not None else None


def looked_at(tx: Transaction, tasks: Sequence[ApprovalTask], at: datetime) -> None:
    tx.run_many(
        "UPDATE asking_tasks SET looked_at = :at WHERE approval = :approval AND seal = :seal",
        [{"at": micros(at), "approval": one.approval, "seal": one.seal} for one in tasks],
    )


def stands(tx: Transaction, task: ApprovalTask, ref: RecordRef) -> None:
    """The CRM made it."""
    tx.run(
        "UPDATE asking_tasks SET state = 'standing', task = :task WHERE approval = :approval AND seal = :seal",
        task=ref.id, approval=task.approval, seal=task.seal,
    )


def end(tx: Transaction, task: ApprovalTask) -> None:
    tx.run(
        "UPDATE asking_tasks SET state = 'ended' WHERE approval = :approval AND seal = :seal",
        approval=task.approval, seal=task.seal,
    )


def note_uncounted(tx: Transaction, task: ApprovalTask, version: str) -> None:
    """What stands in the task at this version is no verdict, and that has been said."""
    tx.run(
        "UPDATE asking_tasks SET version = :version WHERE approval = :approval AND seal = :seal",
        version=version, approval=task.approval, seal=task.seal,
    )


def known(tx: Transaction, refs: Collection[RecordRef]) -> frozenset[RecordRef]:
    """Those of these records that are tasks of ours which ask, or asked, for an approval."""
    tasks = [ref for ref in refs if ref.object is ObjectType.TASK]
    found = set()
    for ref in tasks:
        row = tx.one(
            "SELECT 1 AS found FROM asking_tasks WHERE connection = :connection AND task = :task LIMIT 1",
            connection=ref.connection, task=ref.id,
        )
        if row is not None:
            found.add(ref)
    return frozenset(found)


def _task(row: Row) -> ApprovalTask:
    return ApprovalTask(
        approval=row["approval"], seal=row["seal"], intent=row["intent"], connection=ConnectionName(row["connection"]),
        task=row["task"], state=TaskState(row["state"]), version=row["version"],
    )
