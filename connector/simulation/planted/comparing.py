"""Bugs in the three-way comparison of base, live and ours before a write."""

from __future__ import annotations

from typing import Any

from connector.simulation.planted.workbench import Bug, Workbench


def _no_base(bench: Workbench) -> None:
    from connector.writeback.conflict import Send

    bench.swap("connector.writeback.plan:plan_field", lambda ours, base, live, rule, **more: Send())


def _agent_owns_all(bench: Workbench) -> None:
    from connector.record import ConflictRule

    def made(original: Any) -> Any:
        return lambda ours, base, live, rule, **more: original(ours, base, live, ConflictRule.AGENT_OWNED, **more)

    bench.wrap("connector.writeback.plan:plan_field", made)


def _review_writes(bench: Workbench) -> None:
    from connector.writeback.conflict import Review, Send

    def made(original: Any) -> Any:
        def plan_field(ours: Any, base: Any, live: Any, rule: Any, **more: Any) -> Any:
            plan = original(ours, base, live, rule, **more)
            return Send(replaces=live, moved=True) if isinstance(plan, Review) else plan

        return plan_field

    bench.wrap("connector.writeback.plan:plan_field", made)


def _fills_full_fields(bench: Workbench) -> None:
    from connector.record import ConflictRule

    def made(original: Any) -> Any:
        def plan_field(ours: Any, base: Any, live: Any, rule: Any, **more: Any) -> Any:
            rule = ConflictRule.HUMAN_WINS if rule is ConflictRule.FILL_EMPTY else rule
            return original(ours, base, live, rule, **more)

        return plan_field

    bench.wrap("connector.writeback.plan:plan_field", made)


def _older_wins(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def plan_field(ours: Any, base: Any, live: Any, rule: Any, *, decided_at: Any, moved_at: Any) -> Any:
            return original(ours, base, live, rule, decided_at=moved_at, moved_at=decided_at)

        return plan_field

    bench.wrap("connector.writeback.plan:plan_field", made)


def _evidence_unchecked(bench: Workbench) -> None:
    bench.swap("connector.writeback.plan:moved_evidence", lambda bases, target, live: ())


BUGS = {
    "no_base": Bug(what="a write is not compared with what the decision saw", plant=_no_base, row=10),
    "agent_owns_all": Bug(what="every field is treated as the agent's own", plant=_agent_owns_all, row=10),
    "review_writes": Bug(what="what asks for a review is written", plant=_review_writes, row=10),
    "fills_full_fields": Bug(what="fill-empty fills fields that are not empty", plant=_fills_full_fields, row=10),
    "older_wins": Bug(what="newer-wins looks at it the wrong way round", plant=_older_wins, row=10),
    "evidence_unchecked": Bug(what="a decision outlives the values it rests on", plant=_evidence_unchecked, row=10),
}
