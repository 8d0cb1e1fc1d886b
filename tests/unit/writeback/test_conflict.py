"""The three-way rule as a truth table: every rule against an untouched, moved, equal and emptied field."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.gate import FieldBase
from connector.record import ConflictRule, FieldStamp, same_value
from connector.writeback import AlreadyOurs, Lose, Review, Send, plan_field
from connector.writeback.conflict import moved_evidence, set_at
from tests.support.given import CATEGORY, NOW, SUBJECT, record

BEFORE, AFTER = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)
OURS = "ours"
EMPTY, OLD, THEIRS = None, "old", "theirs"
KEEP, OVER, ASK = Lose, Send(replaces=THEIRS, moved=True), Review(THEIRS)

TABLE = [
    # rule, base, live, the live value was set before or after our decision, what to do
    *((rule, base, OURS, AFTER, AlreadyOurs()) for rule in ConflictRule for base in (EMPTY, OLD)),
    *((rule, EMPTY, EMPTY, BEFORE, Send()) for rule in ConflictRule),
    *((rule, OLD, OLD, BEFORE, Send()) for rule in ConflictRule if rule is not ConflictRule.FILL_EMPTY),
    (ConflictRule.FILL_EMPTY, OLD, OLD, BEFORE, KEEP),
    *((ConflictRule.HUMAN_WINS, base, THEIRS, AFTER, KEEP) for base in (EMPTY, OLD)),
    *((ConflictRule.FILL_EMPTY, base, THEIRS, AFTER, KEEP) for base in (EMPTY, OLD)),
    *((ConflictRule.HUMAN_WINS, base, THEIRS, BEFORE, KEEP) for base in (EMPTY, OLD)),
    *((ConflictRule.AGENT_OWNED, base, THEIRS, at, OVER) for base in (EMPTY, OLD) for at in (BEFORE, AFTER)),
    *((ConflictRule.REVIEW, base, THEIRS, at, ASK) for base in (EMPTY, OLD) for at in (BEFORE, AFTER)),
    *((ConflictRule.NEWER_WINS, base, THEIRS, AFTER, KEEP) for base in (EMPTY, OLD)),
    *((ConflictRule.NEWER_WINS, base, THEIRS, at, OVER) for base in (EMPTY, OLD) for at in (BEFORE, NOW)),
    (ConflictRule.HUMAN_WINS, OLD, EMPTY, AFTER, KEEP),
    (ConflictRule.FILL_EMPTY, OLD, EMPTY, AFTER, KEEP),
    (ConflictRule.AGENT_OWNED, OLD, EMPTY, AFTER, Send(replaces=None, moved=True)),
    (ConflictRule.REVIEW, OLD, EMPTY, AFTER, Review(None)),
    (ConflictRule.NEWER_WINS, OLD, EMPTY, AFTER, KEEP),
    (ConflictRule.NEWER_WINS, OLD, EMPTY, BEFORE, Send(replaces=None, moved=True)),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "base", "live", "moved_at", "wanted"), TABLE)
def test_the_rule_decides(rule, base, live, moved_at, wanted):
    plan = plan_field(OURS, FieldBase(value=base), live, rule, decided_at=NOW, moved_at=moved_at)
    if wanted is Lose:
        assert isinstance(plan, Lose)
        assert plan.theirs == live
        assert plan.why
    else:
        assert plan == wanted


VALUES = st.one_of(
    st.none(), st.sampled_from(["", "a", "b"]), st.booleans(), st.decimals(allow_nan=False, allow_infinity=False),
    st.lists(st.sampled_from("xyz")).map(tuple), st.dates(),
)  # fmt: skip


@given(ours=VALUES, base=VALUES, live=VALUES, rule=st.sampled_from(ConflictRule), late=st.booleans())
def test_what_the_rule_keeps_for_any_values(ours, base, live, rule, late):
    """An equal value is never sent; a moved one is replaced only by the rules that say so, and then kept as replaced."""
    plan = plan_field(ours, FieldBase(value=base), live, rule, decided_at=NOW, moved_at=AFTER if late else BEFORE)
    assert isinstance(plan, AlreadyOurs) == same_value(live, ours)
    moved = not same_value(live, base)
    if isinstance(plan, Send):
        assert plan.moved == moved
        if moved:
            assert plan.replaces == live
            assert rule is ConflictRule.AGENT_OWNED or (rule is ConflictRule.NEWER_WINS and not late)
    if rule is ConflictRule.HUMAN_WINS and moved:
        assert isinstance(plan, AlreadyOurs | Lose)


@given(base=VALUES, live=VALUES)
def test_evidence_that_moved_is_named_and_the_target_is_not(base, live):
    bases = {SUBJECT: FieldBase(value=base), CATEGORY: FieldBase(value="x")}
    moved = moved_evidence(bases, CATEGORY, record(subject=live, category="y"))
    assert moved == (() if same_value(base, live) else (SUBJECT,))


def test_evidence_the_record_no_longer_shows_says_nothing():
    assert moved_evidence({SUBJECT: FieldBase(value="a")}, CATEGORY, record(category="y")) == ()


def test_a_value_is_as_old_as_its_history_says_or_the_record_at_most():
    stamped = record(at=NOW, stamps={CATEGORY: FieldStamp(at=BEFORE, source="CRM_UI")}, category="x", subject="s")
    assert set_at(stamped, CATEGORY) == BEFORE
    assert set_at(stamped, SUBJECT) == NOW
