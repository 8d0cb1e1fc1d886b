"""The queue stays quick however much waits: its reads walk an index of what waits, and sort nothing."""

from __future__ import annotations

import pytest

from connector.gate import approvals
from connector.gate.approval import ApprovalState
from connector.gate.queue import View, page
from tests.support.given import NOW, approval


@pytest.mark.parametrize(
    ("view", "index"),
    [
        (View(person="ada", now=NOW), "gate_waiting_order"),
        (View(person="ada", now=NOW, policy="triage"), "gate_waiting_policy"),
    ],
)
def test_a_page_of_the_queue_is_read_in_the_order_of_its_index(state, view, index):
    with state.snapshot() as tx:
        steps = tx.rows(
            f"EXPLAIN QUERY PLAN SELECT * FROM gate_approvals WHERE {view.where} "
            "ORDER BY asked_at, record, approval LIMIT 20",
            **view.parameters,
        )
    told = [row["detail"] for row in steps]
    assert any(f"USING INDEX {index}" in step for step in told), told
    assert not any("TEMP B-TREE" in step for step in told), told


def test_what_never_waits_is_in_no_index_of_the_queue(state):
    with state.transaction("test") as tx:
        approvals.ask(tx, [approval("a1", state=ApprovalState.ALLOWED), approval("a2")])
    with state.snapshot() as tx:
        kept = tx.rows("SELECT sql FROM sqlite_master WHERE name LIKE 'gate_waiting_%'")
        assert [one.id for one in page(tx, View(person="ada", now=NOW), limit=9)] == ["a2"]
    assert len(kept) == 5
    assert all(row["sql"].endswith("WHERE state = 'pending'") for row in kept)
