"""The disk of the state fills up in the middle of the road: told plainly; with room again, all is done, and done once."""

from __future__ import annotations

import pytest

from connector.errors import StateError
from connector.store import SqliteStore


def room(road, pages: int | None) -> None:
    """Let the state grow by so many pages at most; None means freely again."""
    assert isinstance(road.store, SqliteStore)
    connection = road.store._connection()
    # A checkpoint first: a ceiling holds for the database, and pages that wait in the log would slip below it.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    used = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {1_000_000 if pages is None else used + pages}")


@pytest.mark.parametrize("spare", [0, 1, 2, 4])
def test_a_disk_that_fills_up_while_tickets_come_in_loses_none(road, spare):
    tickets = [road.ticket(f"Charged twice {place} {'x' * 200}") for place in range(12)]
    room(road, spare)
    with pytest.raises(StateError, match="nothing of this step was kept") as said:
        road.rounds()
    assert "free disk space" in said.value.hint
    room(road, None)
    road.rounds()
    assert [road.category(ticket) for ticket in tickets] == ["billing"] * 12
    assert [len(road.agent_lines(ticket)) for ticket in tickets] == [1] * 12
    assert road.verified() == ()


def test_writes_whose_answers_find_no_room_are_not_sent_again(road):
    """The CRM has them, and nothing of that could be kept: they are read before anything is resent."""
    tickets = [road.ticket(f"Charged twice {place}") for place in range(30)]
    road.capture()
    road.decide()
    road.between.before_write.append(lambda: room(road, 0))
    with pytest.raises(StateError, match="nothing of this step was kept"):
        road.write()
    assert sum(len(road.agent_lines(ticket)) for ticket in tickets) > 0
    room(road, None)
    road.restart()
    road.rounds()
    assert [road.category(ticket) for ticket in tickets] == ["billing"] * 30
    assert [len(road.agent_lines(ticket)) for ticket in tickets] == [1] * 30
    assert road.verified() == ()
