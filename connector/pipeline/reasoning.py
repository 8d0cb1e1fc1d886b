"""Reasoning over what was read: cases get contexts, and the decider answers.

A policy at a time, in their order of precedence: a later one is told what an earlier one proposes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connector.action import describe
from connector.adapter import Adapter, ChangeKind, ChangeOrigin
from connector.change.trigger import decision_key
from connector.clock import Clock
from connector.context.builder import ContextBuilder
from connector.context.context import Context, PastDecision
from connector.context.wanted import Subject, Wanted
from connector.decision.decision import Answer, Decider, Decision, DecisionResult, Declined, Deferred, Question
from connector.decision.decisions import was_asked
from connector.pipeline.cases import Case, Sorted
from connector.pipeline.precedence import ahead_of, behind, seen_behind, shares_fields
from connector.pipeline.sets import ask_together
from connector.pipeline.unanswered import declined
from connector.policy import Policy, Scope
from connector.record import ConnectionName
from connector.store import Store

WantedOf = Callable[[Policy, ConnectionName], Wanted]


@dataclass(slots=True)
class Answered:
    """What was answered about the cases of a batch, and what is answered later."""

    judged: list[tuple[Case, Context, DecisionResult]] = field(default_factory=list)
    deferred: list[tuple[Case, Deferred]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoning:
    """Where contexts come from and who answers."""

    store: Store
    clock: Clock
    adapters: Mapping[ConnectionName, Adapter]
    contexts: Mapping[ConnectionName, ContextBuilder]
    decider: Decider
    wanted: WantedOf

    def answers(self, found: Sorted, *, may_wait: bool) -> Answered:
        """Contexts and answers, a policy at a time: what a batch shares is read and asked once.

        Where the answer `may_wait`, cases of a backfill may be asked about together, later and cheaper.
        Policies stand in their order of precedence: a later one is told what an earlier one proposes for the record, and
        starts from it where both write into one field. It waits where the earlier one's answer is yet to come.
        """
        answered = Answered()
        missing = (found.cut,) if found.cut else ()
        for policy, every in _by_policy(found.cases):
            late = [(case, deferred) for case in every if (deferred := _waits_for(answered, case)) is not None]
            answered.deferred += late
            read = [case for case in every if not any(case is waiting for waiting, _ in late)]
            if not read:
                continue
            ahead = [ahead_of(case, answered.judged) for case in read]
            contexts = [
                replace(seen_behind(context, one), past=(*context.past, *_just_proposed(answered, case, self.clock.now())))
                for case, context, one in zip(read, self._contexts(policy, read, missing), ahead, strict=True)
            ]
            cases = [behind(case, one) for case, one in zip(read, ahead, strict=True)]
            for case, context, answer in self._asked(policy, cases, contexts, may_wait=may_wait):
                match answer:
                    case Deferred():
                        answered.deferred.append((case, answer))
                    case Declined():
                        answered.judged.append((case, context, declined(answer)))
                    case _:
                        answered.judged.append((case, context, answer))
        return answered

    def _asked(
        self, policy: Policy, cases: Sequence[Case], contexts: Sequence[Context], *, may_wait: bool
    ) -> Iterator[tuple[Case, Context, Answer]]:
        """A question for each case, or one over all of them where the policy looks at a set."""
        owners = tuple(user for user in self._adapter(cases[0]).records.users() if user.active)
        if policy.when.scope is Scope.SET:
            yield from ask_together(self.decider, policy, cases, contexts, owners)
            return
        unchanged = self._asked_before(policy, cases, contexts)
        questions = [
            Question(
                key=_key(case), policy=policy, context=context, owners=owners, patient=may_wait and is_backfilled(case),
                unchanged=place in unchanged,
            )
            for place, (case, context) in enumerate(zip(cases, contexts, strict=True))
        ]
        yield from zip(cases, contexts, self.decider(questions), strict=True)

    def _asked_before(self, policy: Policy, cases: Sequence[Case], contexts: Sequence[Context]) -> frozenset[int]:
        """The places of cases that only a timer brings again, to an agent whose answer does not depend on the time."""
        due = [place for place, case in enumerate(cases) if case.event.kind is ChangeKind.DUE]
        if not due or not self.wanted(policy, cases[0].record.ref.connection).timeless:
            return frozenset()
        with self.store.snapshot() as tx:
            return frozenset(
                place
                for place in due
                if was_asked(tx, cases[place].record.ref, policy.name, policy.version, contexts[place].digest)
            )

    def _contexts(self, policy: Policy, cases: Sequence[Case], missing: tuple[str, ...] = ()) -> Sequence[Context]:
        connection = cases[0].record.ref.connection
        subjects = [Subject(record=case.record, changed_from=case.changed_from, missing=missing) for case in cases]
        schema = self._adapter(cases[0]).records.schema(policy.when.object)
        wanted = self.wanted(policy, connection)
        return self.contexts[connection].build(subjects, wanted, schema, now=self.clock.now())

    def bare(self, case: Case) -> Context:
        """The context of a case that nobody answered about."""
        return self._contexts(case.policy, [case])[0]

    def _adapter(self, case: Case) -> Adapter:
        return self.adapters[case.record.ref.connection]


def is_backfilled(case: Case) -> bool:
    """Whether nobody waits for this case: it is of a backfill somebody started."""
    return case.event.origin is ChangeOrigin.BACKFILL


def _key(case: Case) -> str:
    return decision_key(case.record.ref, case.policy.name, case.visit)


def _waits_for(answered: Answered, case: Case) -> Deferred | None:
    """The answer that a policy which comes first and writes into the same fields of the record still owes."""
    return next(
        (
            replace(deferred, fallback=None)
            for earlier, deferred in answered.deferred
            if earlier.record.ref == case.record.ref and shares_fields(earlier.policy, case.policy)
        ),
        None,
    )


def _just_proposed(answered: Answered, case: Case, now: datetime) -> Iterator[PastDecision]:
    """What policies that come first propose for the same record at the same moment; nobody has agreed to it yet."""
    for earlier, _, result in answered.judged:
        if earlier.record.ref == case.record.ref and isinstance(result, Decision) and result.actions:
            summary = "; ".join(describe(one.action) for one in result.actions)
            yield PastDecision(at=now, policy=earlier.policy.name, summary=summary, outcome="proposed just now")


def _by_policy(cases: Sequence[Case]) -> Iterator[tuple[Policy, list[Case]]]:
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.policy.name, []).append(case)
    for members in groups.values():
        yield members[0].policy, members
