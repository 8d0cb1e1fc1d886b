"""A record is kept as it was when first seen; how it ended is noted beside it, and goes with it when it is erased."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.context.intake import Intake, note_outcomes, remember_intake, settled_since, training_rows, with_intake
from connector.context.memory import erase
from connector.record import ObjectType

POLICY = "scoring"


@pytest.fixture
def lead(ref, now):
    def made(id, age=0, **cells):
        return Intake(ref=ref("lead", id), policy=POLICY, cells=cells, created_at=now - timedelta(days=age))

    return made


def rows(tx):
    return [(row.ref.id, row.cells, row.outcome) for row in training_rows(tx, "crm", ObjectType.LEAD, POLICY)]


def test_the_first_sight_stays_whatever_is_seen_later(store, lead, now):
    with store.transaction("test") as tx:
        remember_intake(tx, [lead("1", source="web")], now=now)
        remember_intake(tx, [lead("1", source="changed")], now=now)
        assert rows(tx) == [("1", {"source": "web"}, None)]
        assert with_intake(tx, POLICY, [lead("1").ref, lead("2").ref]) == {lead("1").ref}
        assert with_intake(tx, "another policy", [lead("1").ref]) == frozenset()


def test_rows_stand_in_the_order_of_their_creation(store, lead, now):
    with store.transaction("test") as tx:
        remember_intake(tx, [lead("1", 1), lead("2", 9), lead("3", 5)], now=now)
        assert [id for id, _, _ in rows(tx)] == ["2", "3", "1"]


def test_an_outcome_counts_once_and_can_be_taken_back(store, lead, now):
    one, two = lead("1"), lead("2")
    with store.transaction("test") as tx:
        remember_intake(tx, [one, two], now=now)
        note_outcomes(tx, POLICY, {one.ref: True, two.ref: None}, now=now)
        note_outcomes(tx, POLICY, {one.ref: True}, now=now + timedelta(days=1))
        assert settled_since(tx, "crm", ObjectType.LEAD, POLICY, since=now - timedelta(days=1)) == 1
        assert settled_since(tx, "crm", ObjectType.LEAD, POLICY, since=now) == 0
        note_outcomes(tx, POLICY, {one.ref: None}, now=now + timedelta(days=2))
        assert [outcome for _, _, outcome in rows(tx)] == [None, None]


def test_an_erased_record_is_no_longer_learned_from(store, lead, now):
    with store.transaction("test") as tx:
        remember_intake(tx, [lead("1", source="web"), lead("2", source="web")], now=now)
        assert erase(tx, [lead("1").ref]) == 1
        assert [id for id, _, _ in rows(tx)] == ["2"]
