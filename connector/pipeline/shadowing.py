"""Shadow: a newer learner answers what people judged meanwhile, and takes over once it has earned what the older one had.

The older one keeps acting all the time. Only questions that were judged after the newer one was fitted count: what it was
taught with proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.action import UpdateField
from connector.adapter import Adapter
from connector.clock import Clock
from connector.context.encoding import decode_context
from connector.decision import kept
from connector.decision.decision import Answer, Decision, ProposedAction, Question
from connector.decision.learner import Learner, LearnerKey, LearnerShelf, NotLearned, OutcomeLearner
from connector.decision.shelf import DiskShelf, Fitted
from connector.decision.versions import Shelved
from connector.gate import CellState, approvals, audits, cell_of, cells, labels
from connector.gate.approval import ApprovalState
from connector.gate.audits import AuditState
from connector.gate.autonomy import review, taught
from connector.gate.cells import Cell
from connector.gate.labels import Label, LabelSource
from connector.journal import Journal
from connector.pipeline.autonomy import earliest
from connector.pipeline.judge import pins_of
from connector.policy import Policy, PolicySet
from connector.record import ConnectionName, display
from connector.store import Store, Transaction

TRIAL = timedelta(days=30)
"""How long a learner in shadow is tried before a newer fit takes its place."""

AskWith = Callable[[LearnerShelf, Sequence[Question]], Sequence[Answer]]
"""The offline tier over another shelf."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One question a person judged: the decision it led to, by what it counts, and what the field should hold."""

    decision: str
    content: str
    wanted: str
    at: datetime


class _Trying:
    """The shelf as it would be with one learner let out of shadow."""

    def __init__(self, shelf: LearnerShelf, key: LearnerKey, learner: Fitted) -> None:
        self._shelf, self._key, self._learner = shelf, key, learner

    def learner(self, key: LearnerKey) -> Learner | NotLearned:
        tried = self._learner
        return tried if key == self._key and isinstance(tried, Learner) else self._shelf.learner(key)

    def outcomes(self, key: LearnerKey) -> OutcomeLearner | NotLearned:
        tried = self._learner
        return tried if key == self._key and isinstance(tried, OutcomeLearner) else self._shelf.outcomes(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadowing:
    """Lets learners in shadow answer what was judged since they were fitted, and lets them out when they have earned it."""

    store: Store
    journal: Journal
    clock: Clock
    adapters: Mapping[ConnectionName, Adapter]
    shelf: DiskShelf
    ask_with: AskWith

    def step(self, policies: PolicySet) -> tuple[Shelved, ...]:
        """Try every learner in shadow; those that act from now on."""
        out: list[Shelved] = []
        for key in dict.fromkeys(one.key for one in self.shelf.versions() if one.shadow and not one.withdrawn):
            policy = next((one for one in policies if one.name == key.policy and one.serves(key.connection)), None)
            waiting = self.shelf.shadow(key)
            if policy is not None and waiting is not None and key.connection in self.adapters:
                shelved, learner = waiting
                if self._try(policy, shelved, learner):
                    self.shelf.let_out(shelved)
                    out.append(shelved)
        return tuple(out)

    def _try(self, policy: Policy, shelved: Shelved, learner: Fitted) -> bool:
        """Whether it has earned autonomy on what people judged since it was fitted."""
        with self.store.snapshot() as tx:
            judged = list(_judged_since(tx, policy, shelved.key, shelved.fitted_at))
            asked = {one.decision: one for one in kept.of_decisions(tx, [one.decision for one in judged])}
        judged = [one for one in judged if one.decision in asked]
        if not judged:
            return False
        schema = self.adapters[shelved.key.connection].records.schema(shelved.key.object)
        owners = tuple(user for user in self.adapters[shelved.key.connection].records.users() if user.active)
        questions = [
            Question(
                key=f"shadow-{one.decision}", policy=policy, owners=owners,
                context=decode_context(asked[one.decision].context, schema),
            )
            for one in judged
        ]
        answers = self.ask_with(_Trying(self.shelf, shelved.key, learner), questions)
        found = _labels(policy, shelved.key, judged, answers)
        return self._has_earned(policy, found)

    def _has_earned(self, policy: Policy, found: Mapping[tuple[Cell, str], Sequence[Label]]) -> bool:
        now, earned = self.clock.now(), False
        with self.store.transaction("shadow: judged") as tx:
            for (cell, pins), some in found.items():
                labels.add(tx, cell, pins, some)
                standing = review(
                    tx, self.journal, cell, pins, target=float(policy.gate.target), now=now,
                    not_before=earliest(tx, policy, cell), examples=taught(tx, cell),
                ).standing
                # After a crash between here and letting it out, the cell already stands on these pins.
                standing = standing or cells.standing(tx, cell)
                earned = standing is not None and standing.state is CellState.AUTONOMOUS and standing.pins == pins
        return earned


def _judged_since(tx: Transaction, policy: Policy, key: LearnerKey, since: datetime) -> Iterator[_Judged]:
    """What people said of this field: approved or edited values, and blind audits."""
    cell = Cell(key.connection, policy.name, key.object, UpdateField.kind, key.field)
    for asked in approvals.settled_since(tx, str(cell), ApprovalState.APPROVED, since):
        if isinstance(asked.action, UpdateField):
            wanted = display(asked.action.value)
            yield _Judged(decision=asked.decision, content=asked.content, wanted=wanted, at=asked.asked_at)
    for audit in audits.judged_since(tx, cell, since):
        allowed = approvals.by_id(tx, audit.id)
        if allowed is not None and audit.state is AuditState.JUDGED and audit.given is not None:
            yield _Judged(decision=allowed.decision, content=audit.content, wanted=audit.given, at=audit.asked_at)


def _labels(
    policy: Policy, key: LearnerKey, judged: Sequence[_Judged], answers: Sequence[Answer]
) -> Mapping[tuple[Cell, str], list[Label]]:
    found: dict[tuple[Cell, str], list[Label]] = {}
    for one, answer in zip(judged, answers, strict=True):
        proposed = _proposed(answer, key)
        if not isinstance(answer, Decision) or proposed is None or not isinstance(proposed.action, UpdateField):
            continue
        value = display(proposed.action.value)
        label = Label(
            content=one.content, proposed=value, actual=one.wanted, agreed=value == one.wanted,
            confidence=proposed.confidence, source=LabelSource.VERDICT, at=one.at, ref=proposed.action.ref,
        )
        found.setdefault((cell_of(policy, proposed.action), pins_of(answer.pins, proposed)), []).append(label)
    return found


def _proposed(answer: Answer, key: LearnerKey) -> ProposedAction | None:
    if not isinstance(answer, Decision):
        return None
    steps = (one for one in answer.actions if isinstance(one.action, UpdateField) and one.action.field == key.field)
    return next(steps, None)


def is_on_trial(versions: Sequence[Shelved], now: datetime) -> bool:
    """Whether a learner in shadow is still being tried, so that no newer one takes its place yet."""
    return any(one.shadow and not one.withdrawn and now - one.fitted_at < TRIAL for one in versions)

