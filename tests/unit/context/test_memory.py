"""Memory keeps what people decided, what became of decisions, and which values only an agent stands behind."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connector.context.context import PastDecision
from connector.context.memory import (
    AgentValue,
    Example,
    ExampleSource,
    RememberedDecision,
    StoredMemory,
    agent_values,
    confirm,
    count_since,
    erase,
    forget,
    note_outcome,
    note_verdict,
    past_decisions,
    remember_decisions,
    remember_examples,
    remember_values,
    training_examples,
    value_digest,
)
from connector.record import ConnectionName, FieldName, ObjectType, Origin

CRM, TICKET, CATEGORY = ConnectionName("crm"), ObjectType.TICKET, FieldName("category")


@pytest.fixture
def example(ref, now):
    def build(id, text, value, *, source=ExampleSource.STAFF, days=0, field=CATEGORY):
        return Example(
            ref=ref("ticket", id),
            field=field,
            text=text,
            value=value,
            source=source,
            stamped_at=now + timedelta(days=days),
        )

    return build


@pytest.fixture
def learned(store):
    def read(**rest):
        with store.snapshot() as tx:
            return [(kept.text, kept.value) for kept in training_examples(tx, CRM, TICKET, CATEGORY, **rest)]

    return read


@pytest.fixture
def remember(store, now):
    def keep(*examples, at=now):
        with store.transaction("test") as tx:
            remember_examples(tx, examples, now=at)

    return keep


def test_examples_come_back_oldest_first(remember, learned, example):
    remember(example("2", "refund", "billing", days=2), example("1", "broken", "repair", days=1))
    assert learned() == [("broken", "repair"), ("refund", "billing")]


def test_of_equal_texts_only_the_newest_label_counts(remember, learned, example):
    remember(example("1", "Where is my  order?", "billing"), example("2", "where is my order?", "shipping", days=1))
    assert learned() == [("where is my order?", "shipping")]


def test_a_value_only_an_agent_wrote_is_never_learned(remember, learned, example):
    remember(example("1", "refund", "billing", source=ExampleSource.AGENT))
    assert learned() == []


def test_a_person_correcting_the_agent_makes_an_example(remember, learned, example):
    remember(example("1", "refund", "billing", source=ExampleSource.AGENT))
    remember(example("1", "refund", "returns", days=1))
    assert learned() == [("refund", "returns")]


def test_an_agent_replacing_a_persons_value_takes_the_example_away(remember, learned, example):
    remember(example("1", "refund", "billing"))
    remember(example("1", "refund", "returns", days=1, source=ExampleSource.AGENT))
    assert learned() == []


def test_an_agent_repeating_a_persons_value_leaves_the_example(remember, learned, example):
    remember(example("1", "refund", "billing"))
    remember(example("1", "refund please", "billing", days=1, source=ExampleSource.AGENT))
    assert learned() == [("refund", "billing")]


def test_an_older_reading_does_not_replace_a_newer_one(remember, learned, example):
    remember(example("1", "refund", "returns", days=3))
    remember(example("1", "refund", "billing", days=1))
    assert learned() == [("refund", "returns")]


def test_the_newest_examples_are_kept_when_there_are_too_many(remember, learned, example):
    remember(*(example(str(day), f"text {day}", "a", days=day) for day in range(5)))
    assert learned(limit=2) == [("text 3", "a"), ("text 4", "a")]


def test_typed_values_survive(remember, learned, example):
    remember(
        example("1", "a", Decimal("12.50")), example("2", "b", ("x", "y"), days=1), example("3", "c", None, days=2)
    )
    assert learned() == [("a", Decimal("12.50")), ("b", ("x", "y"))]


def test_a_huge_or_odd_text_is_kept_within_bounds(remember, learned, example):
    remember(example("1", "\ud800" + "x" * 1_000_000 + "\0", "a"))
    [(text, _)] = learned()
    assert len(text) == 20_000


def test_only_new_different_labels_of_people_are_counted(store, remember, example, now):
    later, latest = now + timedelta(days=1), now + timedelta(days=2)
    remember(example("1", "refund", "billing"))
    remember(example("1", "refund", "billing", days=1), at=later)  # read again, nothing new
    remember(example("2", "Broken", "repair"), example("3", "broken", "repair"), at=later)
    remember(example("4", "lost", "shipping", source=ExampleSource.AGENT), at=later)
    with store.snapshot() as tx:
        counts = [count_since(tx, CRM, TICKET, CATEGORY, since=since) for since in (now - timedelta(1), now, latest)]
    assert counts == [2, 1, 0]


@pytest.fixture
def decided(ref, now):
    def build(decision, id, *, days=0, outcome="pending", verdict=None):
        past = PastDecision(
            at=now + timedelta(days=days),
            policy="triage",
            summary=f"summary {decision}",
            outcome=outcome,
            verdict=verdict,
        )
        return RememberedDecision(decision=decision, ref=ref("ticket", id), past=past)

    return build


def test_past_decisions_come_newest_first_with_what_became_of_them(store, decided, ref):
    with store.transaction("test") as tx:
        remember_decisions(tx, [decided("d1", "1"), decided("d2", "1", days=1), decided("d3", "2")])
        note_outcome(tx, "d1", "applied")
        note_verdict(tx, "d1", "approved")
        past = past_decisions(tx, [ref("ticket", "1"), ref("ticket", "9")])
    assert [(one.summary, one.outcome, one.verdict) for one in past[ref("ticket", "1")]] == [
        ("summary d2", "pending", None),
        ("summary d1", "applied", "approved"),
    ]
    assert ref("ticket", "9") not in past


def test_a_verdict_is_not_lost_to_a_later_outcome(store, decided, ref):
    with store.transaction("test") as tx:
        remember_decisions(tx, [decided("d1", "1", verdict="rejected")])
        remember_decisions(tx, [decided("d1", "1", outcome="refused")])
        [past] = past_decisions(tx, [ref("ticket", "1")])[ref("ticket", "1")]
    assert (past.outcome, past.verdict) == ("refused", "rejected")


def test_many_records_are_remembered_at_once_each_with_its_newest(store, decided, ref):
    with store.transaction("test") as tx:
        remember_decisions(tx, [decided(f"{id}-{day}", str(id), days=day) for id in range(200) for day in range(3)])
        past = past_decisions(tx, [ref("ticket", str(id)) for id in range(200)], limit=2)
    assert len(past) == 200
    assert all(
        [one.summary for one in past[ref("ticket", str(id))]] == [f"summary {id}-2", f"summary {id}-1"]
        for id in range(200)
    )


@pytest.fixture
def wrote(ref, now):
    def build(id, value, *, field=CATEGORY, origin=Origin.OUTSIDER):
        return AgentValue(
            ref=ref("ticket", id), field=field, digest=value_digest(value), origin=origin, decision="d1", at=now
        )

    return build


def test_a_confirmed_value_is_no_longer_the_agents_alone(store, remember, learned, example, wrote, ref, now):
    remember(example("1", "refund", "billing", source=ExampleSource.AGENT))
    with store.transaction("test") as tx:
        remember_values(tx, [wrote("1", "billing"), wrote("2", "repair")])
        confirm(tx, ref("ticket", "1"), [CATEGORY], now=now)
        left = agent_values(tx, [ref("ticket", "1"), ref("ticket", "2")])
    assert list(left) == [ref("ticket", "2")]
    assert learned() == [("refund", "billing")]


def test_a_value_taken_back_is_forgotten_with_its_example(store, remember, learned, example, wrote, ref, now):
    remember(example("1", "refund", "billing", source=ExampleSource.AGENT))
    with store.transaction("test") as tx:
        remember_values(tx, [wrote("1", "billing")])
        forget(tx, ref("ticket", "1"), [CATEGORY])
        confirm(tx, ref("ticket", "1"), [CATEGORY], now=now)
        assert agent_values(tx, [ref("ticket", "1")]) == {}
    assert learned() == []


def test_the_last_value_an_agent_wrote_is_the_one_remembered(store, wrote, ref):
    with store.transaction("test") as tx:
        remember_values(tx, [wrote("1", "billing", origin=Origin.STAFF)])
        remember_values(tx, [wrote("1", "repair", origin=Origin.OUTSIDER)])
        [value] = agent_values(tx, [ref("ticket", "1")])[ref("ticket", "1")]
    assert value.is_still("repair")
    assert not value.is_still("billing")
    assert value.origin is Origin.OUTSIDER


def test_equal_values_have_one_digest(now):
    assert value_digest(Decimal("1.50")) == value_digest(Decimal("1.5"))
    assert value_digest(("b", "a")) == value_digest(("a", "b"))
    assert value_digest("") == value_digest(None)
    assert value_digest("1.5") != value_digest(Decimal("1.5"))


def test_an_erased_record_leaves_nothing_behind(store, remember, example, decided, wrote, ref):
    remember(example("1", "secret text", "billing"), example("2", "other", "repair"))
    with store.transaction("test") as tx:
        remember_decisions(tx, [decided("d1", "1"), decided("d2", "2")])
        remember_values(tx, [wrote("1", "billing"), wrote("2", "repair")])
        removed = erase(tx, [ref("ticket", "1")])
        tables = ("context_examples", "context_past", "context_agent_values")
        left = {table: [row["record"] for row in tx.rows(f"SELECT record FROM {table}")] for table in tables}
    assert removed == 3
    assert list(left.values()) == [["2"]] * 3


def test_ids_cannot_speak_sql(store, decided, wrote, ref):
    evil = "1' OR '1'='1"
    odd = replace(decided("d2", "2"), ref=ref("ticket", evil))
    with store.transaction("test") as tx:
        remember_decisions(tx, [decided("d1", "1"), odd])
        assert list(past_decisions(tx, [ref("ticket", evil)])) == [ref("ticket", evil)]
        assert erase(tx, [ref("ticket", evil)]) == 1
        assert list(past_decisions(tx, [ref("ticket", "1")])) == [ref("ticket", "1")]


def test_stored_memory_recalls_both_kinds_for_a_batch(store, decided, wrote, ref):
    with store.transaction("test") as tx:
        remember_decisions(tx, [decided("d1", "1")])
        remember_values(tx, [wrote("2", "repair")])
    remembered = StoredMemory(store)([ref("ticket", "1"), ref("ticket", "2")])
    assert list(remembered.past) == [ref("ticket", "1")]
    assert list(remembered.written) == [ref("ticket", "2")]
