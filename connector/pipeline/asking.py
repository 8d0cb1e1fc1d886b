"""Questions put to people as tasks on the record: made once, looked at with every poll, closed when they are answered.

A task is made through the outbox like any other, so it is marked, found again and never doubled. What a person does with
it is read here and given to the gate as that person's verdict, bound to what the task showed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from connector.action import CreateTask, RemoveCreated, UpdateField, decode_inverse
from connector.adapter import Adapter, GuardedWrite, KnowsItself, Log, Written
from connector.clock import Clock
from connector.gate import accounts, approval_tasks, approvals
from connector.gate.approval import Approval, ApprovalError, ApprovalState
from connector.gate.approval_tasks import ApprovalTask, TaskState
from connector.gate.persons import Person
from connector.gate.task_text import (
    DESCRIPTION,
    STATUS,
    SUBJECT,
    Agreed,
    Answer,
    Gave,
    Trust,
    TurnedDown,
    Uncounted,
    Waiting,
    is_finished,
    is_hidden,
    may_be_asked,
    read_answer,
    task_for,
)
from connector.journal import Entry, EntryKind, Journal
from connector.pipeline.people import People
from connector.record import ConnectionName, ObjectSchema, ObjectType, Record, RecordRef, typed_value
from connector.store import Store, Transaction
from connector.writeback import UNFINISHED, outbox

MOST = 200
"""How many questions are put, and tasks looked at, with one poll."""

_HOW = "by a task in the CRM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Asks by tasks for the policies that settings name. `asked_by_task` says which, as they are in force now."""

    store: Store
    journal: Journal
    clock: Clock
    adapters: Mapping[ConnectionName, Adapter]
    people: People
    log: Log
    asked_by_task: Callable[[], frozenset[str]]

    def step(self, connection: ConnectionName) -> int:
        """Take the verdicts that stand in tasks, close what is answered, ask what is new; how many moved."""
        adapter = self.adapters[connection]
        moved = self._look(adapter, connection)
        return moved + self._ask(adapter, connection)

    def _ask(self, adapter: Adapter, connection: ConnectionName) -> int:
        policies = self.asked_by_task()
        if not policies or ObjectType.TASK not in adapter.capabilities.objects:
            return 0
        with self.store.snapshot() as tx:
            waiting = approval_tasks.unasked(tx, connection, policies, limit=MOST)
            people = accounts.holders(tx, connection)
        owners = {person.name: account for account, person in people.items()}
        schemas = {kind: adapter.records.schema(kind) for kind in {one.ref.object for one in waiting}}
        users = {user.user_id: user.owner_id for user in adapter.records.users() if user.active} if waiting else {}
        asked = [one for one in waiting if may_be_asked(one.action, schemas[one.ref.object])]
        if not waiting:
            return 0
        with self.store.transaction("asking: by tasks") as tx:
            for one in waiting:
                if one in asked:
                    self._put(tx, one, owner=users.get(owners.get(one.owner, "")))
                else:
                    approval_tasks.note(tx, one, TaskState.ELSEWHERE, self.clock.now())
        return len(asked)

    def _put(self, tx: Transaction, asked: Approval, *, owner: str | None = None) -> None:
        now = self.clock.now()
        approval_tasks.note(tx, asked, TaskState.ASKED, now)
        outbox.enqueue_question(
            tx, asked, intent=approval_tasks.intent_of(asked), task=task_for(asked, owner=owner), at=now
        )
        self._note(tx, asked, "asked by a task in the CRM")

    def _look(self, adapter: Adapter, connection: ConnectionName) -> int:
        with self.store.snapshot() as tx:
            tasks = approval_tasks.standing(tx, connection, limit=MOST)
        if not tasks:
            return 0
        tasks = self._made(tasks)
        refs = [task.ref for task in tasks if task.ref is not None]
        wanted = {SUBJECT, DESCRIPTION, STATUS}
        found = adapter.records.read(refs, sorted(wanted)) if refs else {}
        trust = self._trust(adapter, connection) if refs else None
        moved = 0
        for task in tasks:
            record = found.get(task.ref) if task.ref is not None else None
            if isinstance(record, Record) and trust is not None:
                moved += self._one(adapter, task, record, trust)
            elif record is not None:  # deleted or merged: no verdict, and the question waits where else it is asked
                self._end(task)
        with self.store.transaction("asking: looked") as tx:
            approval_tasks.looked_at(tx, tasks, self.clock.now())
        return moved

    def _made(self, tasks: Sequence[ApprovalTask]) -> list[ApprovalTask]:
        """The tasks with what the CRM made of those that were on their way."""
        with self.store.transaction("asking: made") as tx:
            for task in (task for task in tasks if task.state is TaskState.ASKED):
                row = outbox.find(tx, task.intent)
                if row is not None and (ref := _created(row.inverse)) is not None:
                    approval_tasks.stands(tx, task, ref)
                elif row is None or row.state not in UNFINISHED:
                    approval_tasks.end(tx, task)
        with self.store.snapshot() as tx:
            now = [approval_tasks.of_intent(tx, task.intent) for task in tasks]
        return [task for task in now if task is not None and task.state is TaskState.STANDING]

    def _one(self, adapter: Adapter, task: ApprovalTask, record: Record, trust: Trust) -> int:
        with self.store.snapshot() as tx:
            asked, row = approvals.by_id(tx, task.approval), outbox.find(tx, task.intent)
        if asked is None or row is None or not isinstance(row.action, CreateTask):
            self._end(task)
            return 0
        if asked.state is not ApprovalState.PENDING:
            return self._close(adapter, task, record, asked, f"this is {asked.state} (by {asked.settled_by or 'nobody'})")
        if asked.seal != task.seal:
            closed = self._close(adapter, task, record, asked, "the record moved; a new task asks again")
            if closed:
                with self.store.transaction("asking: again") as tx:
                    self._put(tx, asked, owner=row.action.owner)
            return closed
        answer = read_answer(asked, row.action, record, trust)
        if isinstance(answer, Waiting):
            return 0
        why = answer.why if isinstance(answer, Uncounted) else self._judge(adapter, task, asked, answer)
        if why is None:
            self._end(task)
            return 1
        if task.version != record.version:
            with self.store.transaction("asking: not counted") as tx:
                approval_tasks.note_uncounted(tx, task, record.version)
                self._note(tx, asked, f"an answer in its task does not count: {why}")
            self.log.warning("task_not_counted", approval=asked.id, why=why)
        return 0

    def _judge(self, adapter: Adapter, task: ApprovalTask, asked: Approval, answer: Answer) -> str | None:
        """Give the verdict; why it could not be given, if so."""
        try:
            match answer:
                case Agreed(by=by):
                    self._still_allowed(adapter, asked)
                    self.people.approve(asked.id, by=by, remark=_HOW, shown=task.seal)
                case Gave(by=by, text=text):
                    schema = self._still_allowed(adapter, asked)
                    assert isinstance(asked.action, UpdateField)
                    value = typed_value(text, schema, asked.action.field)
                    judge = self.people.judge if is_hidden(asked) else self.people.edit
                    judge(asked.id, value, by=by, remark=_HOW, shown=task.seal)
                case TurnedDown(by=by):
                    self.people.reject(asked.id, by=by, remark=_HOW, shown=task.seal)
                case Waiting() | Uncounted():
                    return "it is no verdict"
                case _:
                    assert_never(answer)
        except ApprovalError as error:
            return error.message
        except ValueError as error:
            return str(error)
        return None

    def _still_allowed(self, adapter: Adapter, asked: Approval) -> ObjectSchema:
        """The schema, read again: what the field is may have changed since it was asked."""
        schema = adapter.records.schema(asked.ref.object)
        if not may_be_asked(asked.action, schema):
            raise ValueError("this may not be approved by a task")
        return schema

    def _close(self, adapter: Adapter, task: ApprovalTask, record: Record, asked: Approval, why: str) -> int:
        """Say in the task what became of its question. One that a person has finished already stays as it is."""
        if not is_finished(record):
            text = f"Closed: {why}. Nothing more is to be done here.\n\n{record.fields.get(DESCRIPTION) or ''}"
            write = GuardedWrite(intent=f"{task.intent[:40]}-close", values={STATUS: "done", DESCRIPTION: text}, live=record)
            [result] = adapter.writes.update([write])
            if not isinstance(result, Written):
                return 0  # it is looked at again with the next poll
        with self.store.transaction("asking: closed") as tx:
            approval_tasks.end(tx, task)
            self._note(tx, asked, f"its task was closed: {why}")
        return 1

    def _end(self, task: ApprovalTask) -> None:
        with self.store.transaction("asking: ended") as tx:
            approval_tasks.end(tx, task)

    def _trust(self, adapter: Adapter, connection: ConnectionName) -> Trust:
        with self.store.snapshot() as tx:
            people: Mapping[str, Person] = accounts.crm_people(tx, connection, adapter.records.users())
        crm = adapter.capabilities
        own = adapter.own_user() if isinstance(adapter, KnowsItself) else None
        return Trust(people=people, stamped=crm.field_stamps, interface=crm.interface_sources, own_user=own)

    def _note(self, tx: Transaction, asked: Approval, change: str) -> None:
        entry = Entry(
            kind=EntryKind.APPROVAL_CHANGED, at=self.clock.now(), ref=asked.ref, policy=asked.policy,
            decision=asked.decision, intent=asked.intent, actor="service",
            body={"approval": asked.id, "change": change, "remark": None},
        )
        self.journal.append(tx, entry)


def _created(inverse: Mapping[str, object] | None) -> RecordRef | None:
    found = decode_inverse(inverse) if inverse else None
    return found.ref if isinstance(found, RemoveCreated) else None
