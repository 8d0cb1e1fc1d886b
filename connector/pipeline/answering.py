"""What people said to questions elsewhere, taken as verdicts: only from an approver, only to exactly what was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.action import UpdateField
from connector.adapter import Adapter, Log, PersonSaid, Said
from connector.clock import Clock
from connector.errors import ConnectorError, StateError
from connector.gate import accounts, approvals
from connector.gate.approval import Approval, ApprovalError, ApprovalState
from connector.gate.persons import Person, Role
from connector.gate.task_text import is_hidden
from connector.journal import Entry, EntryKind, Journal
from connector.pipeline.people import People
from connector.record import ConnectionName, typed_value
from connector.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Gives the gate what was said. A word that does not count is journaled with its reason and changes nothing."""

    store: Store
    journal: Journal
    clock: Clock
    adapters: Mapping[ConnectionName, Adapter]
    people: People
    log: Log

    def take(self, place: str, word: PersonSaid) -> str | None:
        """Take one word that was said at `place`; why it does not count, if so. Raises StateError only."""
        with self.store.snapshot() as tx:
            asked = approvals.by_id(tx, word.question)
            person = accounts.holder(tx, place, word.account)
        if asked is None:
            return "there is no such question"
        why = self._not_counted(place, word, asked, person)
        if why is not None:
            self._note(asked, person, place, why)
        return why

    def _not_counted(self, place: str, word: PersonSaid, asked: Approval, person: Person | None) -> str | None:
        if person is None:
            return f"{word.account} is nobody's account"
        if not person.role.covers(Role.APPROVER):
            return f"{person.name} is {person.role} and may not approve"
        try:
            self._give(word, asked, by=person.name, remark=f"through {place}")
        except StateError:
            raise
        except (ApprovalError, ConnectorError) as error:
            return error.message
        except ValueError as error:
            return str(error)
        return None

    def _give(self, word: PersonSaid, asked: Approval, *, by: str, remark: str) -> None:
        match word.said:
            case Said.APPROVE if is_hidden(asked):
                raise ValueError("a blind question is answered by writing a value")
            case Said.APPROVE:
                self.people.approve(asked.id, by=by, remark=remark, shown=word.shown)
            case Said.REJECT:
                self.people.reject(asked.id, by=by, remark=remark, shown=word.shown)
            case Said.WRITE:
                adapter = self.adapters.get(asked.ref.connection)
                if not isinstance(asked.action, UpdateField) or adapter is None or not word.text:
                    raise ValueError("no value was written")
                value = typed_value(word.text, adapter.records.schema(asked.ref.object), asked.action.field)
                judge = self.people.judge if is_hidden(asked) else self.people.edit
                judge(asked.id, value, by=by, remark=remark, shown=word.shown)

    def _note(self, asked: Approval, person: Person | None, place: str, why: str) -> None:
        self.log.warning("answer_not_counted", approval=asked.id, place=place, why=why)
        if asked.state is not ApprovalState.PENDING:
            return  # somebody pressed again: nothing is written about what was settled long ago
        entry = Entry(
            kind=EntryKind.APPROVAL_CHANGED, at=self.clock.now(), ref=asked.ref, policy=asked.policy,
            decision=asked.decision, intent=asked.intent, actor=person.name if person is not None else "service",
            body={"approval": asked.id, "change": f"an answer through {place} does not count: {why}", "remark": None},
        )
        with self.store.transaction("answering: not counted") as tx:
            self.journal.append(tx, entry)
