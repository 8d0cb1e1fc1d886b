"""Autonomy is earned at fixed looks, belongs to its pins, and is lost by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.gate import cells, labels
from connector.gate.autonomy import LOOKS, VALUE_LABELS, Look, demote, review
from connector.gate.cells import Cell, CellState
from connector.gate.labels import Label, LabelSource
from connector.journal import EntryKind, walk
from connector.record import ActionKind, ObjectType
from tests.support.given import CATEGORY, CRM, NOW

CELL = Cell(CRM, "triage", ObjectType.TICKET, ActionKind.UPDATE, CATEGORY)
OLD, NEW = "offline:old", "offline:new"


@pytest.fixture
def bench(state, journal):
    return Bench(state, journal)


class Bench:
    def __init__(self, state, journal) -> None:
        self.state, self.journal = state, journal

    def label(self, count, *, wrong=0, pins=OLD, value="billing", start=0, at=NOW, confidence=0.99):
        made = [
            Label(
                content=f"{pins} {value} {start + place}", proposed=value, actual=None, agreed=place >= wrong,
                confidence=confidence, source=LabelSource.VERDICT, at=at,
            )
            for place in range(count)
        ]  # fmt: skip
        with self.state.transaction("test") as tx:
            labels.add(tx, CELL, pins, made)

    def review(self, pins=OLD, *, look=Look.SCHEDULED, target=0.98, now=NOW):
        with self.state.transaction("test") as tx:
            return review(tx, self.journal, CELL, pins, target=target, now=now, look=look)

    @property
    def standing(self):
        with self.state.snapshot() as tx:
            return cells.standing(tx, CELL)

    def kinds(self):
        with self.state.snapshot() as tx:
            return [stored.entry.kind for stored in walk(tx)]


def test_nothing_is_tested_before_the_first_look(bench):
    bench.label(LOOKS[0] - 1)
    assert not bench.review().changed
    assert bench.standing is None


def test_enough_good_verdicts_promote(bench):
    bench.label(LOOKS[0])
    assert bench.review().changed
    assert bench.standing.state is CellState.AUTONOMOUS
    assert bench.standing.acts_alone(OLD, 0.99, "billing")
    assert bench.kinds() == [EntryKind.PROMOTED]


def test_too_many_wrong_ones_do_not(bench):
    bench.label(LOOKS[0], wrong=10)
    bench.review()
    assert bench.standing.state is CellState.SUPERVISED
    assert not bench.standing.acts_alone(OLD, 1.0, "billing")


def test_between_two_looks_nothing_is_tested(bench):
    """Testing after every verdict nearly doubles false promotions."""
    bench.label(LOOKS[0], wrong=10)
    bench.review()
    bench.label(LOOKS[1] - LOOKS[0] - 1, start=1000)
    assert not bench.review().changed
    assert bench.standing.looks == 1
    bench.label(1, start=5000)
    bench.review()
    assert bench.standing.looks == 2


def test_verdicts_in_one_piece_are_one_look(bench):
    bench.label(LOOKS[0] - 30)
    assert bench.review(look=Look.BULK).changed


def test_labels_older_than_ninety_days_count_no_more(bench):
    bench.label(LOOKS[0])
    assert not bench.review(now=NOW + timedelta(days=91)).changed


def test_other_pins_have_earned_nothing(bench):
    bench.label(LOOKS[0])
    bench.review()
    assert not bench.standing.acts_alone(NEW, 1.0, "billing")
    assert not bench.standing.acts_alone(OLD, bench.standing.threshold - 0.001, "billing")


def test_a_value_that_does_badly_stays_supervised_on_its_own(bench):
    bench.label(2000)
    bench.label(VALUE_LABELS, wrong=12, value="other")
    bench.review(look=Look.BULK)
    assert bench.standing.held_values == {"other"}
    assert bench.standing.acts_alone(OLD, 0.99, "billing")
    assert not bench.standing.acts_alone(OLD, 0.99, "other")


def test_new_pins_that_earn_nothing_leave_the_old_ones_acting(bench):
    """A changed pin starts in shadow while the old one keeps acting."""
    bench.label(LOOKS[0])
    bench.review()
    bench.label(LOOKS[0], wrong=20, pins=NEW)
    bench.review(NEW)
    assert (bench.standing.state, bench.standing.pins) == (CellState.AUTONOMOUS, OLD)


def test_each_pins_are_looked_at_once_for_each_number_of_labels(bench):
    """Two learners with labels of their own: reviewing again changes nothing and journals nothing."""
    bench.label(LOOKS[0], wrong=20)
    bench.label(LOOKS[0], pins=NEW)
    for pins in (OLD, NEW):
        bench.review(pins)
    settled, told = bench.standing, bench.kinds()
    assert settled.pins == NEW
    for _ in range(3):
        for pins in (OLD, NEW):
            assert not bench.review(pins).changed
    assert (bench.standing, bench.kinds()) == (settled, told)


def test_a_demoted_cell_asks_again_and_may_earn_it_back_at_the_next_look(bench):
    bench.label(LOOKS[0])
    bench.review()
    with bench.state.transaction("test") as tx:
        demote(tx, bench.journal, CELL, "too many conflicts", NOW)
        demote(tx, bench.journal, CELL, "once is enough", NOW)
    assert bench.standing.state is CellState.SUPERVISED
    assert bench.kinds() == [EntryKind.PROMOTED, EntryKind.DEMOTED]
    assert not bench.review().changed
    bench.label(LOOKS[1] - LOOKS[0], start=1000)
    assert bench.review().changed
    assert bench.standing.state is CellState.AUTONOMOUS


def test_a_cell_reads_back_from_its_text():
    assert Cell.parse(str(CELL)) == CELL
    task = Cell(CRM, "triage", ObjectType.TICKET, ActionKind.CREATE_TASK)
    assert Cell.parse(str(task)) == task
