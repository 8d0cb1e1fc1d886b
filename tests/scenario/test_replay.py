"""Replay: the questions that were really put, to another policy; nothing is read anew and nothing is written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.context.encoding import decode_context, encode_context
from connector.decision import kept
from connector.pipeline.erase import erase
from connector.pipeline.replay import replay
from tests.support.given import policy

ASK = policy(gate="{supervised: until_earned}", may="{update: {category: {}}}")
FREE = policy(gate="{supervised: never, target: 90%}", may="{update: {category: {}}}")
NARROW = policy(gate="{supervised: until_earned}", may="{update: {category: {options: [repair, other]}}}")


@pytest.fixture
def judged(build):
    """Three tickets decided: one approved as it was, one put right by a person, one that nobody judged."""
    road = build(under=ASK)
    agreed, corrected, open_one = (road.ticket(f"Charged twice, bill {place}") for place in range(3))
    road.rounds()
    [one] = road.approvals(agreed)
    road.pipeline.people.approve(one.id, by="ada")
    [other] = road.approvals(corrected)
    road.pipeline.people.edit(other.id, "repair", by="ada")
    road.rounds()
    return road, agreed, corrected, open_one


def run(road, tried):
    return replay(road.pipeline.deciding, road.store, tried, since=road.clock.now() - timedelta(days=1))


def state_of(road):
    with road.store.snapshot() as tx:
        return [
            tx.one(f"SELECT COUNT(*) AS n FROM {table}")["n"]
            for table in ("journal_entries", "gate_approvals", "writeback_outbox", "decision_decisions", "gate_passes")
        ]


def test_the_same_policy_decides_the_same(judged):
    road, *_ = judged
    found = run(road, ASK)
    assert (found.replayed, found.same, found.different) == (3, 3, 0)
    assert (found.judged, found.right_before, found.right_now) == (2, 1, 1)


def test_a_freer_gate_would_act_alone_on_the_same_values(judged):
    road, *_ = judged
    found = run(road, FREE)
    assert (found.alone_before, found.alone_now) == (0, 3)
    assert {(one.was, one.now, one.was_done, one.now_done) for one in found.differences} == {
        ("billing", "billing", "asks", "alone")
    }


def test_a_narrower_policy_is_told_by_record_and_against_what_people_said(judged):
    road, agreed, corrected, open_one = judged
    found = run(road, NARROW)
    told = {one.ref: (one.was, one.now, one.person) for one in found.differences}
    assert told[agreed][0] == told[corrected][0] == "billing"
    assert (told[agreed][2], told[corrected][2], told[open_one][2]) == ("billing", "repair", None)
    assert found.right_now <= found.judged == 2
    assert all(one.now != "billing" for one in found.differences)


def test_nothing_is_written_and_no_record_is_read_again(judged):
    road, *_ = judged
    before, calls = state_of(road), len(road.desk.org.log.entries())
    run(road, FREE)
    assert state_of(road) == before
    records_read = [
        line for line in road.desk.org.log.entries()[calls:] if line.kind == "write" or "search" in str(line.request)
    ]
    assert records_read == []


def test_a_record_that_changed_since_is_replayed_as_it_was(judged):
    road, agreed, *_ = judged
    road.desk.edit(agreed, {"subject": "Broken, after all"})
    found = run(road, ASK)
    assert (found.replayed, found.different) == (3, 0)


def test_an_erased_record_is_not_replayed(judged):
    road, agreed, *_ = judged
    erase(road.store, road.pipeline.journal, road.index, [agreed], by="ada", at=road.clock.now())
    assert run(road, ASK).replayed == 2


def test_questions_are_forgotten_after_their_time(judged):
    road, *_ = judged
    road.clock.advance(kept.KEPT + timedelta(days=1))
    road.pipeline.learning.review(road.pipeline.policies)
    with road.store.snapshot() as tx:
        assert list(kept.since(tx, "triage", road.clock.now() - timedelta(days=400))) == []


def test_a_context_comes_back_as_it_was(build):
    around = "{related: [account, contact]}"
    road = build(under=policy(gate="{supervised: until_earned}", may="{update: {category: {}}}", context=around))
    ticket = road.ticket("Charged twice")
    road.rounds()
    schema = road.adapter.records.schema(ticket.object)
    with road.store.snapshot() as tx:
        [question] = kept.since(tx, "triage", road.clock.now() - timedelta(days=1))
    context = decode_context(question.context, schema)
    assert context.record.ref == ticket
    assert context.record.fields["subject"] == "Charged twice"
    assert decode_context(encode_context(context), schema) == context
