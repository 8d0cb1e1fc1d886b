"""Erase a person: no text of theirs stays anywhere in the state, and the journal still verifies."""

from __future__ import annotations

import pytest

from connector.journal import EntryKind, of_record, walk
from connector.pipeline.erase import erase
from tests.support.given import policy
from tests.support.road import FREE

CANARY = "Zaphod Beeblebrox"


def everything(road) -> str:
    """Every row of every table, as text."""
    with road.store.snapshot() as tx:
        names = [row["name"] for row in tx.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return "\n".join(str(row) for name in names for row in tx.rows(f"SELECT * FROM {name}"))


def forget(road, ticket):
    return erase(road.store, road.pipeline.journal, road.index, [ticket], by="dpo", at=road.clock.now())


@pytest.mark.parametrize("gate", [FREE, "{supervised: always}"], ids=["written", "waiting for a person"])
@pytest.mark.parametrize("subject", [f"Charged twice, says {CANARY}", f"{CANARY} says hello"], ids=["decided", "handed off"])
def test_no_word_of_an_erased_person_stays(build, gate, subject):
    road = build(under=policy(gate=gate, may="{update: {category: {}}}"))
    ticket = road.ticket(subject)
    road.rounds()
    assert CANARY in everything(road)
    assert road.verified() == ()
    erased = forget(road, ticket)
    assert erased.journal_bodies
    assert CANARY not in everything(road)
    assert road.verified() == ()


def test_the_bytes_of_the_state_file_hold_none_of_it_either(road):
    ticket = road.ticket(f"Charged twice, says {CANARY}")
    road.rounds()
    forget(road, ticket)
    road.store.close()
    files = b"".join(path.read_bytes() for path in road.folder.glob("state.db*"))
    road.start()
    assert CANARY.encode() not in files


def test_the_erasure_is_journaled_and_the_entries_stay_as_bare_facts(road):
    ticket = road.ticket("Charged twice")
    road.rounds()
    before = road.story(ticket)
    forget(road, ticket)
    assert road.story(ticket) == before
    with road.store.snapshot() as tx:
        assert all(stored.body is None for stored in of_record(tx, ticket))
        [told] = [stored for stored in walk(tx) if stored.entry.kind is EntryKind.ERASED]
    assert told.entry.actor == "dpo"


def test_an_open_question_of_an_erased_record_can_no_longer_be_answered(build):
    from connector.gate.approval import ApprovalError

    road = build(under=policy(gate="{supervised: always}", may="{update: {category: {}}}"))
    ticket = road.ticket("Charged twice")
    road.rounds()
    [asked] = road.approvals(ticket)
    forget(road, ticket)
    with pytest.raises(ApprovalError):
        road.pipeline.people.approve(asked.id, by="ada")


def test_erasing_twice_is_erasing_once(road):
    ticket = road.ticket("Charged twice")
    road.rounds()
    forget(road, ticket)
    assert forget(road, ticket).journal_bodies == 0
    assert road.verified() == ()
