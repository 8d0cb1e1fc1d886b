"""Bugs between a decision and its write: gate, limits, people, endings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from connector.simulation.planted.workbench import Bug, Workbench

_GATE = "connector.gate.evaluate"
_PEOPLE = "connector.pipeline.people"


def _ended_before_recorded(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def keep(self: Any, policies: Any, events: Any, *more: Any) -> None:
            from connector.change import inbox

            with self.store.transaction("decide: done") as tx:
                inbox.finish(tx, [event.seq for event in events])
            original(self, policies, events, *more)

        return keep

    bench.wrap("connector.pipeline.decide:Deciding._keep", made)


def _poison_blocks(bench: Workbench) -> None:
    def bury(self: Any, event: Any, error: Exception, tally: Any) -> None:
        from connector.change import inbox

        with self.store.transaction("decide: released") as tx:
            again = self.clock.now() + timedelta(seconds=1)
            inbox.release(tx, [event.seq], reason=str(error), retry_at=again)

    bench.swap("connector.pipeline.decide:Deciding._bury", bury)


def _buried_unsaid(bench: Workbench) -> None:
    def bury(self: Any, event: Any, error: Exception, tally: Any) -> None:
        from connector.change import inbox

        with self.store.transaction("decide: dropped") as tx:
            inbox.finish(tx, [event.seq])

    bench.swap("connector.pipeline.decide:Deciding._bury", bury)


def _uncounted(bench: Workbench) -> None:
    bench.swap("connector.gate.limits:LimitBook.count", lambda self, **more: None)


def _one_too_many(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def record_limit(self: Any, policy: Any, ref: Any, at: Any) -> Any:
            higher = replace(policy.limits, writes_per_record_per_day=policy.limits.writes_per_record_per_day + 1)
            return original(self, replace(policy, limits=higher), ref, at)

        return record_limit

    bench.wrap("connector.gate.limits:LimitBook._record_limit", made)


def _limits_unheard(bench: Workbench) -> None:
    bench.swap("connector.pipeline.judge:_limits", lambda bench, case, action, place: ())


def _rule_unread(bench: Workbench) -> None:
    bench.swap(f"{_GATE}:_supervision", lambda case: ())


def _unsure_allowed(bench: Workbench) -> None:
    bench.swap(f"{_GATE}:_sure_enough", lambda case, target: ())


def _unearned_allowed(bench: Workbench) -> None:
    bench.swap(f"{_GATE}:_earned", lambda case, name, value: ())


def _backwards_allowed(bench: Workbench) -> None:
    bench.swap("connector.policy.permission:FieldPermission._is_forward", lambda self, value, current: True)


def _edit_dropped(bench: Workbench) -> None:
    bench.swap(f"{_PEOPLE}:edited_to", lambda found, value: found.action)


def _no_means_yes(bench: Workbench) -> None:
    def reject(self: Any, approval: str, **said: Any) -> Any:
        return self.approve(approval, **said)

    bench.swap(f"{_PEOPLE}:People.reject", reject)


def _silence_means_yes(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def tick(self: Any, policies: Any) -> int:
            from connector.gate import approvals

            with self.store.snapshot() as tx:
                late = approvals.overdue(tx, self.clock.now())
            for asked in late:
                self.approve(asked.id, by="service")
            count: int = original(self, policies)
            return count

        return tick

    bench.wrap(f"{_PEOPLE}:People.tick", made)


def _approval_unpinned(bench: Workbench) -> None:
    """What is written is what the question holds today, whatever the person saw."""

    def made(original: Any) -> Any:
        def approve(tx: Any, approval: Any, **more: Any) -> Any:
            cleared = original(tx, approval, **more)
            options = {"low": "normal", "normal": "high", "high": "low"}
            action = cleared.action
            if getattr(action, "value", None) not in options:
                return cleared
            from connector.action import action_hash
            from connector.gate.verdict import clear, encode_held
            from connector.journal import canonical

            swapped = replace(action, value=options[action.value])
            tx.run(
                "UPDATE gate_approvals SET held = :held, action_hash = :hash WHERE approval = :id",
                held=canonical(encode_held(swapped, cleared.bases)), hash=action_hash(swapped), id=approval.id,
            )
            return clear(
                intent=cleared.intent, decision=cleared.decision, policy=cleared.policy, action=swapped,
                bases=cleared.bases, rule=cleared.rule, on_overwrite=cleared.on_overwrite, cleared_by=cleared.cleared_by,
                approval=cleared.approval, after=cleared.after, run=cleared.run,
            )

        return approve

    bench.wrap("connector.gate.approvals:approve", made)


def _stale_approval_counts(bench: Workbench) -> None:
    from connector.writeback.plan import AskAgain, ToSend

    def made(original: Any) -> Any:
        def plan_live(row: Any, live: Any, *, person: bool) -> Any:
            plan = original(row, live, person=person)
            return ToSend(row, live) if isinstance(plan, AskAgain) and person else plan

        return plan_live

    bench.wrap("connector.writeback.plan:_plan_live", made)


def _orphans_wait(bench: Workbench) -> None:
    bench.swap("connector.writeback.outbox:orphaned", lambda tx: [])


def _out_of_turn(bench: Workbench) -> None:
    bench.wrap("connector.pipeline.judge:_approval", lambda original: lambda *handed: replace(original(*handed), after=None))


BUGS = {
    "ended_before_recorded": Bug(
        what="a change leaves the queue before its decision is kept", plant=_ended_before_recorded, row=8
    ),
    "poison_blocks": Bug(what="a record that cannot be decided is tried for ever", plant=_poison_blocks, row=25),
    "buried_unsaid": Bug(what="a record that cannot be decided is dropped in silence", plant=_buried_unsaid, row=25),
    "uncounted": Bug(what="actions are not counted against limits", plant=_uncounted, row=13),
    "one_too_many": Bug(what="a limit lets one more through", plant=_one_too_many, row=13),
    "limits_unheard": Bug(what="what the brakes say is not heard", plant=_limits_unheard, row=13),
    "rule_unread": Bug(what="approval rules are not read", plant=_rule_unread),
    "unsure_allowed": Bug(what="a guess counts as sure", plant=_unsure_allowed),
    "unearned_allowed": Bug(what="autonomy need not be earned", plant=_unearned_allowed),
    "backwards_allowed": Bug(what="a forward-only field goes backwards", plant=_backwards_allowed, row=36),
    "edit_dropped": Bug(what="the value before a reviewer's edit is written", plant=_edit_dropped),
    "no_means_yes": Bug(what="a rejected action is written", plant=_no_means_yes),
    "silence_means_yes": Bug(what="an unanswered question is taken as agreed", plant=_silence_means_yes),
    "approval_unpinned": Bug(what="another action is written than the approved one", plant=_approval_unpinned),
    "stale_approval_counts": Bug(
        what="an approval outlives the values it was given on", plant=_stale_approval_counts, row=10
    ),
    "orphans_wait": Bug(what="what follows a lost action waits for ever", plant=_orphans_wait),
    "out_of_turn": Bug(what="an action does not wait for the one it follows", plant=_out_of_turn),
}
