"""When autonomy ends by itself, and that the promise made at promotion is kept by agents of known quality."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from connector.calibration import Judged, Threshold, find_threshold, reliability_table
from connector.gate.audits import is_blind, is_drawn
from connector.gate.autonomy import LOOKS, review
from connector.gate.cells import Cell, CellState
from connector.gate.labels import Label, LabelSource, add
from connector.gate.watch import Conduct, misconduct
from connector.record import ActionKind, ObjectType
from tests.support.given import CATEGORY, CRM, NOW

CELL = Cell(CRM, "triage", ObjectType.TICKET, ActionKind.UPDATE, CATEGORY)
PINS = "offline:pins"


def label(place, *, agreed=True, blind=False, source=LabelSource.VERDICT, confidence=0.99):
    return Label(
        content=str(place), proposed="billing", actual=None, agreed=agreed, confidence=confidence, source=source, at=NOW,
        blind=blind,
    )  # fmt: skip


def audited(right, wrong, confidence=0.99):
    return tuple(
        label(place, agreed=place >= wrong, source=LabelSource.AUDIT, confidence=confidence)
        for place in range(right + wrong)
    )


def seen(*, writes=1000, conflicts=0, corrections=0, audits=()):
    return Conduct(writes=writes, conflicts=conflicts, corrections=corrections, audits=audits)


def test_audits_that_keep_the_promise_change_nothing():
    assert misconduct(seen(audits=audited(98, 2)), target=0.98, error_budget=0.05) is None


def test_one_wrong_audit_is_no_proof():
    assert misconduct(seen(audits=audited(4, 1)), target=0.98, error_budget=0.05) is None


def test_audits_that_clearly_break_the_promise_end_it():
    assert "blind audits: 40 of 50" in misconduct(seen(audits=audited(40, 10)), target=0.98, error_budget=0.05)


def test_audits_below_what_was_expected_are_drift_even_where_the_target_is_low():
    why = misconduct(seen(audits=audited(300, 100, confidence=0.95)), target=0.7, error_budget=0.05)
    assert why.startswith("drift: 300 of 400")


@pytest.mark.parametrize(("corrections", "conflicts"), [(80, 0), (0, 80), (40, 40)])
def test_corrections_and_conflicts_above_the_budget_end_it(corrections, conflicts):
    why = misconduct(seen(corrections=corrections, conflicts=conflicts), target=0.98, error_budget=0.05)
    assert "more than the 5% that limits.error_budget allows" in why


def test_the_budget_itself_is_not_above_it():
    assert misconduct(seen(corrections=50), target=0.98, error_budget=0.05) is None


def test_nothing_written_nothing_judged():
    assert misconduct(seen(writes=0), target=0.98, error_budget=0.05) is None


def test_the_shares_drawn_are_the_shares_named():
    names = [f"intent {place}" for place in range(20_000)]
    assert sum(is_drawn(name, 0.02) for name in names) / len(names) == pytest.approx(0.02, abs=0.004)
    assert sum(is_blind(name) for name in names) / len(names) == pytest.approx(0.2, abs=0.01)


def test_blind_verdicts_that_agree_clearly_less_refuse_promotion(state, journal):
    shown = [label(f"shown {place}") for place in range(180)]
    blind = [label(f"blind {place}", agreed=place >= 6, blind=True) for place in range(40)]
    with state.transaction("test") as tx:
        add(tx, CELL, PINS, [*shown, *blind])
        found = review(tx, journal, CELL, PINS, target=0.9, now=NOW)
    assert found.standing.state is CellState.SUPERVISED
    assert "people who judge blind agree in 34 of 40" in found.standing.evidence["why"]


def test_a_calendar_holds_promotion_back_and_uses_up_no_look(state, journal):
    with state.transaction("test") as tx:
        add(tx, CELL, PINS, [label(place) for place in range(LOOKS[0])])
        early = review(tx, journal, CELL, PINS, target=0.98, now=NOW, not_before=NOW + timedelta(days=28))
        assert early.standing is None
        due = NOW + timedelta(days=28)
        late = review(tx, journal, CELL, PINS, target=0.98, now=due, not_before=due)
    assert late.standing.state is CellState.AUTONOMOUS


def test_the_promise_is_kept_by_agents_of_known_quality():
    """Agents whose confidence is honest or blunt: about one promotion in twenty may fail its promise, not many more."""
    chance = random.Random(7)
    promoted = broken = 0
    for honest in (1.0, 0.7, 0.4):
        for _ in range(100):
            found = find_threshold(judged(chance, 400, honest), target=0.95)
            if isinstance(found, Threshold):
                promoted += 1
                alone = [one.right for one in judged(chance, 4_000, honest) if one.confidence >= found.value]
                broken += sum(alone) / len(alone) < 0.95 - 0.01
    assert promoted > 50, "a test without promotions would prove nothing"
    assert broken / promoted <= 0.08


def test_the_reliability_table_matches_the_agents_real_quality():
    chance = random.Random(3)
    rows = judged(chance, 20_000, 1.0)
    for found in reliability_table([one.confidence for one in rows], [one.right for one in rows]):
        if found.count > 200:
            assert found.share_right == pytest.approx(found.mean_confidence, abs=0.03)


def judged(chance, count, honest):
    """Verdicts on an agent that says `confidence` and is right with a chance between that and a coin's."""
    made = []
    for _ in range(count):
        confidence = 1 - chance.random() ** 2 * 0.5
        made.append(Judged(confidence=confidence, right=chance.random() < honest * confidence + (1 - honest) * 0.97))
    return made


def test_a_learner_that_saw_few_of_each_value_must_prove_more(state, journal):
    """240 of 244 right prove 96 % at 95 %, and not at the 99 % that a cold learner is asked for."""
    judged_labels = [label(place, agreed=place >= 4) for place in range(244)]
    found = {}
    for examples in (5, 10_000):
        pins = f"offline:{examples}"
        with state.transaction("test") as tx:
            add(tx, CELL, pins, judged_labels)
            found[examples] = review(tx, journal, CELL, pins, target=0.96, now=NOW, examples=examples).standing.state
    assert found[10_000] is CellState.AUTONOMOUS
    assert found[5] is CellState.SUPERVISED
