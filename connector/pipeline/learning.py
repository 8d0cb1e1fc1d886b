"""Learning on the org's own history: fit what is due, take verdicts a team brings along, and review what is earned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.action import UpdateField
from connector.adapter import Adapter
from connector.clock import Clock
from connector.context.builder import ContextBuilder
from connector.context.examples import count_since, training_examples
from connector.context.wanted import Subject, Wanted
from connector.decision.agent import Agent
from connector.decision.decision import Answer, Decision, ProposedAction, Question
from connector.decision.learner import Learner, LearnerKey, NotLearned
from connector.decision.shelf import DiskShelf
from connector.decision.versions import Shelved, in_force, is_due
from connector.gate import CellState, cell_of, cells, labels
from connector.gate.autonomy import Look, Reviewed, review, taught
from connector.gate.cells import Cell
from connector.gate.labels import Label, LabelSource
from connector.journal import Entry, EntryKind, Journal
from connector.pipeline.autonomy import Autonomy, earliest
from connector.pipeline.judge import pins_of, text_content
from connector.pipeline.shadowing import Shadowing, is_on_trial
from connector.pipeline.studying import Studying
from connector.policy import NamedAgent, Policy, PolicySet
from connector.record import (
    ActionKind,
    ConnectionName,
    FieldName,
    FieldValue,
    Record,
    RecordRef,
    Version,
    display,
    same_value,
)
from connector.store import Store, Transaction

Fit = Callable[[Sequence[str], Sequence[FieldValue]], Learner | NotLearned]
"""How a learner is made of texts and the values people gave them."""

Ask = Callable[[Sequence[Question]], Sequence[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtVerdict:
    """A verdict a team brings along: what a record said, and what a person decided for one field."""

    fields: Mapping[FieldName, FieldValue]
    value: FieldValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """Keeps the learners of all policies fitted, and cells reviewed."""

    store: Store
    journal: Journal
    clock: Clock
    adapters: Mapping[ConnectionName, Adapter]
    contexts: Mapping[ConnectionName, ContextBuilder]
    agents: Mapping[str, Agent]
    shelf: DiskShelf
    fit: Fit
    ask: Ask
    studying: Studying
    shadowing: Shadowing

    def fields(self, policies: Collection[Policy]) -> tuple[FieldName, ...]:
        """The fields whose history the agents of these policies learn from."""
        return tuple(sorted({name for policy in policies for name in self._learned(policy)}))

    def step(self, policies: PolicySet) -> tuple[Shelved, ...]:
        """Fit every learner that is due; what was shelved. What is asked of a first one meanwhile waits for it.

        A learner that has earned autonomy keeps acting: the newer one stands in its shadow until it has earned as much.
        """
        self.expect(policies)
        try:
            shelved = [fitted for key in self._keys(policies) if (fitted := self._fit_if_due(key)) is not None]
        finally:
            self.expect(())  # also after a failure: nothing waits for a fit that is not coming
        return (*shelved, *self.studying.step(tuple(policies)), *self.shadowing.step(policies))

    def expect(self, policies: Iterable[Policy]) -> None:
        """The first learners of these policies are on their way, and of no others."""
        self.shelf.expect(tuple(self._keys(policies)))

    def _keys(self, policies: Iterable[Policy]) -> Iterator[LearnerKey]:
        for policy in policies:
            for connection in (name for name in self.adapters if policy.serves(name)):
                for name in self._learned(policy):
                    yield LearnerKey(connection=connection, policy=policy.name, object=policy.when.object, field=name)

    def bring(
        self, policy: Policy, connection: ConnectionName, name: FieldName, verdicts: Sequence[BroughtVerdict]
    ) -> Reviewed | None:
        """Let the agent answer judged records it has not seen, and count the verdicts as labels: one look at them all.

        None when the agent proposed nothing for the field.
        """
        now = self.clock.now()
        records = [_imagined(policy, connection, place, verdict, now) for place, verdict in enumerate(verdicts)]
        schema = self.adapters[connection].records.schema(policy.when.object)
        subjects = [Subject(record=record) for record in records]
        contexts = self.contexts[connection].build(subjects, Wanted(), schema, now=now)
        questions = [
            Question(key=f"verdict-{place}", policy=policy, context=context) for place, context in enumerate(contexts)
        ]
        found: dict[tuple[Cell, str], list[Label]] = {}
        for record, verdict, answer in zip(records, verdicts, self.ask(questions), strict=True):
            proposed = _proposal(answer, name)
            if proposed is None or not isinstance(answer, Decision) or not isinstance(proposed.action, UpdateField):
                continue
            key = (cell_of(policy, proposed.action), pins_of(answer.pins, proposed))
            found.setdefault(key, []).append(
                Label(
                    content=text_content(policy, record), proposed=display(proposed.action.value),
                    actual=display(verdict.value), agreed=same_value(proposed.action.value, verdict.value),
                    confidence=proposed.confidence, source=LabelSource.IMPORT, at=now,
                )
            )
        reviewed = None
        with self.store.transaction("learning: verdicts brought along") as tx:
            for (cell, pins), some in found.items():
                labels.add(tx, cell, pins, some)
                reviewed = review(
                    tx, self.journal, cell, pins, target=float(policy.gate.target), now=now, look=Look.BULK,
                    not_before=earliest(tx, policy, cell), examples=taught(tx, cell),
                )
        return reviewed

    def read_stays(self, policies: PolicySet) -> int:
        """Read the stage history of deals that ended; how many. Raises as the CRM does."""
        return self.studying.read_stays(tuple(policies))

    def review(self, policies: PolicySet) -> int:
        """Look again at what was earned, and at how cells that act alone behave; how many stand differently now."""
        return Autonomy(store=self.store, journal=self.journal, clock=self.clock).review(policies)

    def _learned(self, policy: Policy) -> tuple[FieldName, ...]:
        agent = self.agents.get(policy.agent.name) if isinstance(policy.agent, NamedAgent) else None
        return agent.learns(policy) if agent is not None else ()

    def _fit_if_due(self, key: LearnerKey) -> Shelved | None:
        now = self.clock.now()
        versions = self.shelf.versions(key)
        newest = in_force(versions)
        with self.store.snapshot() as tx:
            since = newest.fitted_at if newest is not None else now - timedelta(days=36_500)
            new = count_since(tx, key.connection, key.object, key.field, since=since)
            if not is_due(newest, new_examples=new, now=now):
                return None
            shadow = newest is not None and self._acts_alone(tx, key)
            if shadow and is_on_trial(versions, now):
                return None
            examples = training_examples(tx, key.connection, key.object, key.field)
        learner = self.fit([one.text for one in examples], [one.value for one in examples])
        if isinstance(learner, NotLearned):
            self.shelf.lacks(key, learner)
            return None
        if shadow and newest is not None and learner.version == newest.name:
            self.shelf.same_again(newest)
            return None  # it came out the same: there is nothing to try
        shelved = self.shelf.shelve(key, learner, examples=len(examples), at=now, shadow=shadow)
        with self.store.transaction("learning: learned") as tx:
            body = {"field": key.field, "examples": len(examples), "version": shelved.name}
            self.journal.append(tx, Entry(kind=EntryKind.LEARNED, at=now, policy=key.policy, body=body))
        return shelved

    def _acts_alone(self, tx: Transaction, key: LearnerKey) -> bool:
        cell = Cell(key.connection, key.policy, key.object, ActionKind.UPDATE, key.field)
        standing = cells.standing(tx, cell)
        return standing is not None and standing.state is CellState.AUTONOMOUS


def _proposal(answer: Answer, name: FieldName) -> ProposedAction | None:
    if not isinstance(answer, Decision):
        return None
    return next(
        (one for one in answer.actions if isinstance(one.action, UpdateField) and one.action.field == name), None
    )


def _imagined(
    policy: Policy, connection: ConnectionName, place: int, verdict: BroughtVerdict, now: datetime
) -> Record:
    """A judged row as the record it once was; it exists nowhere, so nothing can be written to it."""
    return Record(
        ref=RecordRef(connection, policy.when.object, f"verdict-{place}"), version=Version("verdict"),
        fields=dict(verdict.fields), created_at=now, modified_at=now, read_at=now,
    )
