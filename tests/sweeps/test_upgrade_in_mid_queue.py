"""State files of earlier versions, with work in every queue, are opened by this one: everything drains once."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from connector.errors import StateError
from connector.gate.approval import ApprovalState
from connector.record import ObjectType, RecordRef
from tests.support.given import policy
from tests.support.road import DESKS, Road

STATES = Path(__file__).parent / "states"
ASK = policy(gate="{supervised: until_earned}", may="{update: {category: {}}}")


@pytest.fixture(params=sorted(path.stem for path in STATES.glob("*.sql")))
def upgraded(request, tmp_path):
    """The CRM as the earlier version left it, its state file, and this version started on both."""
    script = (STATES / f"{request.param}.sql").read_text()
    told = [json.loads(line.removeprefix("-- ")) for line in script.splitlines() if line.startswith("-- {")]
    with sqlite3.connect(tmp_path / "state.db") as database:
        database.executescript(script)
    database.close()
    desk = DESKS[request.param.rpartition("-")[2]]()
    tickets = {}
    for line in told:
        desk.clock.advance(datetime.fromisoformat(line["at"]) - desk.clock.now())
        if "subject" in line:
            made = desk.create(ObjectType.TICKET, {"subject": line["subject"], "status": "new"})
            assert made.id == line["id"], "the sandbox gives other ids than when this state was made"
            tickets[line["what"]] = made
    road = Road(desk, tmp_path, under=ASK)
    yield road, tickets
    road.store.close()


def test_everything_that_waited_in_an_earlier_version_ends_once(upgraded):
    road, tickets = upgraded
    road.rounds()
    written = {what: [value for field, value in road.agent_lines(ref)] for what, ref in tickets.items()}
    assert written == {"asked": [], "approved": ["billing"], "sending": ["billing"], "captured": []}
    for waiting in ("asked", "captured"):
        [question] = road.approvals(tickets[waiting])
        assert question.state is ApprovalState.PENDING
        road.pipeline.people.approve(question.id, by="ada")
    road.rounds()
    assert [road.category(ref) for ref in tickets.values()] == ["billing"] * 4
    assert [len(road.agent_lines(ref)) for ref in tickets.values()] == [1] * 4
    assert road.verified() == ()


def _with_word(road: Road, table: str, column: str) -> None:
    with road.store.transaction("test: a newer version wrote this") as tx:
        assert tx.run(f"UPDATE {table} SET {column} = 'hovering'") > 0


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("change_inbox", "kind"), ("change_inbox", "origin"), ("writeback_outbox", "purpose"), ("writeback_outbox", "rule"),
        ("writeback_outbox", "on_overwrite"), ("change_inbox", "object"),
    ],
)  # fmt: skip
def test_a_word_of_a_newer_version_stops_with_a_reason(upgraded, table, column):
    road, _ = upgraded
    _with_word(road, table, column)
    with pytest.raises(StateError, match="hovering") as stopped:
        road.rounds()
    assert "newer version" in stopped.value.message
    assert stopped.value.hint


@pytest.mark.parametrize("column", ["rule", "on_overwrite"])
def test_a_question_in_words_of_a_newer_version_is_not_shown_wrongly(upgraded, column):
    road, tickets = upgraded
    _with_word(road, "gate_approvals", column)
    with pytest.raises(StateError, match="hovering"):
        road.approvals(tickets["asked"])


def test_a_newer_schema_is_refused(upgraded):
    road, _ = upgraded
    with road.store.transaction("test: newer") as tx:
        tx.run("INSERT INTO store_migrations (stage, number, name) VALUES ('gate', 9999, 'from the future')")
    with pytest.raises(StateError, match="newer version"):
        road.restart()


@pytest.mark.parametrize("table", ["change_inbox", "gate_approvals", "writeback_outbox"])
def test_the_states_hold_work_in_every_queue(table):
    for path in STATES.glob("*.sql"):
        assert f'INSERT INTO "{table}"' in path.read_text()


def test_refs_of_the_states_are_refs(upgraded):
    _, tickets = upgraded
    assert all(isinstance(ref, RecordRef) for ref in tickets.values())
