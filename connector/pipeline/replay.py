"""Replay: what another policy would have decided on the questions that were really put, against what people said.

Nothing is read of the CRM but its schema, nothing is written anywhere. Limits are left out: they bit on another day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from connector.action import UpdateField, decode_action
from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.change.trigger import Visit
from connector.context.context import Context
from connector.context.encoding import decode_context
from connector.decision import decisions, kept
from connector.decision.decision import Answer, Declined, Deferred, Question
from connector.decision.decisions import RecordedDecision
from connector.decision.kept import KeptQuestion
from connector.gate import Allow, Deny, LimitBook, RequireApproval, approvals, audits
from connector.gate.approval import Approval, ApprovalState
from connector.gate.audits import AuditState
from connector.gate.cells import Cell
from connector.pipeline.cases import Case
from connector.pipeline.decide import Deciding
from connector.pipeline.judge import Bench, Judged, JudgedAction, judge
from connector.pipeline.sets import answers_together
from connector.policy import Policy, Scope
from connector.record import FieldName, RecordRef, User, display
from connector.store import Store, Transaction

NOTHING = "nothing"
_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field of one record that would have been decided differently. `person` is what a person said, where one did."""

    ref: RecordRef
    field: str
    was: str | None
    now: str | None
    was_done: str
    now_done: str
    person: str | None


@dataclass(slots=True, kw_only=True)
class Replayed:
    """The tally. `right_*` count over the fields a person judged; usd is of the whole of the decisions."""

    replayed: int = 0
    unanswered: int = 0
    same: int = 0
    different: int = 0
    alone_before: int = 0
    alone_now: int = 0
    judged: int = 0
    right_before: int = 0
    right_now: int = 0
    usd_before: Decimal = Decimal(0)
    usd_now: Decimal = Decimal(0)
    differences: list[Difference] = field(default_factory=list)


def replay(deciding: Deciding, store: Store, policy: Policy, *, since: datetime, name: str | None = None) -> Replayed:
    """Put the kept questions of a policy (`name`, or the one of the same name) to `policy`."""
    tally = Replayed()
    with store.snapshot() as tx:
        questions = list(kept.since(tx, name or policy.name, since))
    for start in range(0, len(questions), _BATCH):
        for (connection, _), some in _by_object(questions[start : start + _BATCH]).items():
            if policy.serves(connection) and connection in deciding.adapters:
                _replay_some(deciding, store, policy, some, tally)
    return tally


def _by_object(questions: Sequence[KeptQuestion]) -> Mapping[tuple[Any, Any], list[KeptQuestion]]:
    groups: dict[tuple[Any, Any], list[KeptQuestion]] = {}
    for question in questions:
        groups.setdefault((question.ref.connection, question.ref.object), []).append(question)
    return groups


def _replay_some(
    deciding: Deciding, store: Store, policy: Policy, some: Sequence[KeptQuestion], tally: Replayed
) -> None:
    adapter, first = deciding.adapters[some[0].ref.connection], some[0].ref
    schema = adapter.records.schema(first.object)
    owners = tuple(user for user in adapter.records.users() if user.active)
    contexts = [decode_context(one.context, schema) for one in some]
    answers = _answers(deciding, policy, some, contexts, owners)
    with store.snapshot() as tx:
        bench = Bench(
            tx=tx, book=LimitBook(tx, keep=False), schema=schema, owners={user.owner_id: user for user in owners},
            population=1_000_000_000, now=deciding.clock.now(), outlets=deciding.outlets,
        )
        for one, context, answer in zip(some, contexts, answers, strict=True):
            if isinstance(answer, Deferred | Declined):
                tally.unanswered += 1
                continue
            judged = judge(bench, _case(policy, one, context), context, answer)
            _compare(tx, one, judged, tally)


def _answers(
    deciding: Deciding, policy: Policy, some: Sequence[KeptQuestion], contexts: Sequence[Context], owners: Sequence[User]
) -> Sequence[Answer]:
    """What the policy answers today; a set is put to it together, as it was: the questions of one moment."""
    keys = [f"replay-{one.decision}" for one in some]
    if policy.when.scope is not Scope.SET:
        asked = zip(keys, contexts, strict=True)
        return deciding.reasoning.decider(
            [Question(key=key, policy=policy, context=context, owners=tuple(owners)) for key, context in asked]
        )
    answers: dict[int, Answer] = {}
    in_order = sorted(range(len(some)), key=lambda place: (some[place].asked_at, some[place].ref))
    for _, together in groupby(in_order, key=lambda place: some[place].asked_at):
        places = list(together)
        asked_keys, asked_contexts = [keys[place] for place in places], [contexts[place] for place in places]
        told = answers_together(deciding.reasoning.decider, policy, asked_keys, asked_contexts, owners)
        answers |= dict(zip(places, told, strict=True))
    return [answers[place] for place in range(len(some))]


def _case(policy: Policy, one: KeptQuestion, context: Context) -> Case:
    event = ChangeEvent(
        ref=one.ref, kind=ChangeKind.BACKFILL, origin=ChangeOrigin.BACKFILL, occurred_at=one.asked_at, slot=policy.name
    )
    visit = Visit(fingerprint=one.decision, number=1)
    return Case(
        policy=policy, record=context.record, event=event, visit=visit, changed_from=context.changed_from, run="replay"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What one side made of one field: the value it proposed, and what became of that."""

    value: str | None
    done: str


_UNSAID = _Said(value=None, done=NOTHING)


def _compare(tx: Transaction, one: KeptQuestion, judged: Judged, tally: Replayed) -> None:
    tally.replayed += 1
    before, verdicts = _before(tx, one), _verdicts(tx, one)
    now = {_name(action): _said(action) for action in judged.actions}
    decided = decisions.find(tx, one.decision)
    tally.usd_before += Decimal(decided.usd) if decided is not None else Decimal(0)
    tally.usd_now += judged.result.usage.usd
    for name in sorted(before.keys() | now.keys()):
        was, then, person = before.get(name, _UNSAID), now.get(name, _UNSAID), verdicts.get(name)
        tally.alone_before += was.done == "alone"
        tally.alone_now += then.done == "alone"
        if person is not None:
            tally.judged += 1
            tally.right_before += was.value == person
            tally.right_now += then.value == person
        if was == then:
            tally.same += 1
            continue
        tally.different += 1
        tally.differences.append(
            Difference(
                ref=one.ref, field=name, was=was.value, now=then.value, was_done=was.done, now_done=then.done,
                person=person,
            )
        )


def _name(action: JudgedAction) -> str:
    proposed = action.proposed.action
    return str(proposed.field) if isinstance(proposed, UpdateField) else proposed.kind.value


def _said(action: JudgedAction) -> _Said:
    proposed = action.proposed.action
    value = display(proposed.value) if isinstance(proposed, UpdateField) else "yes"
    match action.verdict:
        case Allow():
            return _Said(value=value, done="alone")
        case RequireApproval() if action.verdict.braked:
            return _Said(value=value, done="alone")
        case RequireApproval():
            return _Said(value=value, done="asks")
        case Deny():
            return _Said(value=value, done="denied")


_DONE = {ApprovalState.ALLOWED: "alone", ApprovalState.DENIED: "denied"}


def _before(tx: Transaction, one: KeptQuestion) -> dict[str, _Said]:
    """What the decision of that day proposed, by field; its approval rows hold every proposed action."""
    said: dict[str, _Said] = {}
    for asked in _asked(tx, one):
        action = asked.action
        name = str(action.field) if isinstance(action, UpdateField) else action.kind.value
        said[name] = _Said(value=_proposed(tx, asked), done=_DONE.get(asked.state, "asks"))
    return said


def _asked(tx: Transaction, one: KeptQuestion) -> Iterator[Approval]:
    for asked in approvals.of_record(tx, one.ref):
        # A question that was asked again has an x in its id; the first one is what was proposed.
        if asked.decision == one.decision and "x" not in asked.id:
            yield asked


def _proposed(tx: Transaction, asked: Approval) -> str:
    """The value as proposed: an edit has replaced it in the approval, the decision's own record still holds it."""
    action = asked.action
    if not isinstance(action, UpdateField):
        return "yes"
    decided = decisions.find(tx, asked.decision)
    return _recorded_value(decided, action.field) or display(action.value)


def _recorded_value(decided: RecordedDecision | None, name: FieldName) -> str | None:
    for one in decided.detail.get("actions", ()) if decided is not None else ():
        if one["action"].get("field") == name:
            action = decode_action(one["action"])
            return display(action.value) if isinstance(action, UpdateField) else None
    return None


def _verdicts(tx: Transaction, one: KeptQuestion) -> dict[str, str]:
    """What people said the fields should hold: what they approved or edited, and what they answered to audits."""
    found: dict[str, str] = {}
    for asked in _asked(tx, one):
        if asked.state is ApprovalState.APPROVED and isinstance(asked.action, UpdateField):
            found[str(asked.action.field)] = display(asked.action.value)
        elif asked.state is ApprovalState.ALLOWED:
            audit = audits.by_id(tx, asked.id)
            if audit is not None and audit.state is AuditState.JUDGED and audit.given is not None:
                found[str(Cell.parse(audit.cell).field)] = audit.given
    return found
