"""Whether a change wakes a policy, and the names that make its decision once-only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapter import ChangeKind
from connector.change.seen import Seen
from connector.change.trigger import (
    Sleeps,
    Visit,
    Wakes,
    decision_key,
    fingerprint,
    intent_of,
    next_visit,
    waking,
    watched_fields,
)
from connector.record import FieldName, Version
from tests.support.given import NOW, STATUS, SUBJECT, TICKET, event, policy, record, ref

RULE = policy()
NEW = {"subject": "A", "description": "d", "status": "new"}
WATCHED = {FieldName(name): value for name, value in NEW.items()}


def seen(**values):
    snapshot = {FieldName(name): value for name, value in values.items()} or None
    return Seen(version=Version("0"), created_at=NOW, snapshot=snapshot)


def wakes(what, known, *, at=NOW, kind=ChangeKind.CHANGED, rule=RULE, activated=NOW, **more):
    one = record(at=at, **what)
    return waking(rule, event(kind=kind, **more), one, known, activated_at=activated, now=NOW, related={})


def test_a_record_made_after_activation_wakes():
    assert isinstance(wakes(NEW, None), Wakes)
    assert isinstance(wakes(NEW, seen()), Wakes)


def test_one_from_before_does_not():
    assert wakes(NEW, None, at=NOW - timedelta(days=1)) == Sleeps()


def test_a_change_of_a_watched_field_wakes_and_tells_the_old_value():
    woken = wakes(NEW | {"subject": "B"}, seen(**NEW))
    assert isinstance(woken, Wakes)
    assert woken.changed_from == {SUBJECT: "A"}


def test_a_change_of_another_field_does_not():
    assert wakes(NEW | {"category": "x"}, seen(**NEW, category="y")) == Sleeps()


def test_a_condition_that_does_not_hold_sleeps():
    assert wakes(NEW | {"status": "closed"}, None) == Sleeps()


def test_a_backfill_wakes_whatever_was_seen():
    assert isinstance(wakes(NEW, seen(**NEW), kind=ChangeKind.BACKFILL, slot="triage"), Wakes)


def test_a_timer_wakes_only_its_own_policy():
    timed = policy(when="{object: ticket, every: 1 day}")
    assert isinstance(wakes(NEW, seen(**NEW), kind=ChangeKind.DUE, rule=timed, slot="triage@every:1"), Wakes)
    assert wakes(NEW, seen(**NEW), kind=ChangeKind.DUE, rule=timed, slot="other@every:1") == Sleeps()
    assert wakes(NEW, seen(**NEW), kind=ChangeKind.DUE, slot="triage@every:1") == Sleeps()


def test_every_field_that_can_matter_is_watched():
    assert watched_fields([RULE]) == {SUBJECT, STATUS, FieldName("description")}


def test_a_fingerprint_names_the_trigger_values_and_nothing_else():
    one = fingerprint(RULE, event(), record(**NEW))
    assert one == fingerprint(RULE, event(version="99"), record(ref("8"), version="5", at=NOW, category="x", **NEW))
    assert one != fingerprint(RULE, event(), record(**NEW | {"subject": "B"}))
    assert one == fingerprint(policy(goal="Another version of the policy."), event(), record(**NEW))


def test_empty_and_absent_are_one():
    assert fingerprint(RULE, event(), record(subject="")) == fingerprint(RULE, event(), record(description=None))


def test_two_due_times_have_two_fingerprints():
    due = [event(kind=ChangeKind.DUE, slot=f"triage@{place}") for place in (1, 2)]
    assert fingerprint(RULE, due[0], record(**NEW)) != fingerprint(RULE, due[1], record(**NEW))


@given(st.lists(st.sampled_from("abc"), max_size=30))
def test_each_change_of_the_trigger_values_is_one_visit(values):
    """However often a value is told again, and however it goes there and back."""
    last, visits = None, []
    for value in values:
        visit = next_visit(last, value)
        if visit is not None:
            visits.append(visit)
            last = visit
    changes = [value for place, value in enumerate(values) if place == 0 or values[place - 1] != value]
    assert [visit.fingerprint for visit in visits] == changes
    assert [visit.number for visit in visits] == list(range(1, len(changes) + 1))


def test_an_intent_is_the_same_for_the_same_and_another_for_anything_else():
    visit = Visit(fingerprint="f", number=1)
    base = intent_of(TICKET, "triage", visit, "update", "category")
    assert base == intent_of(TICKET, "triage", visit, "update", "category")
    others = {
        intent_of(ref("8"), "triage", visit, "update", "category"),
        intent_of(TICKET, "other", visit, "update", "category"),
        intent_of(TICKET, "triage", Visit(fingerprint="f", number=2), "update", "category"),
        intent_of(TICKET, "triage", Visit(fingerprint="g", number=1), "update", "category"),
        intent_of(TICKET, "triage", visit, "create_task", "0"),
        decision_key(TICKET, "triage", visit),
    }
    assert len(others) == 6
    assert base not in others


@pytest.mark.parametrize("events", ["[created]", "[changed]"])
def test_a_policy_wakes_for_the_events_it_names(events):
    rule = policy(when=f"{{object: ticket, events: {events}, fields: [subject]}}")
    assert isinstance(wakes(NEW, None, rule=rule), Wakes) == ("created" in events)
    assert isinstance(wakes(NEW | {"subject": "B"}, seen(**NEW), rule=rule), Wakes) == ("changed" in events)
