"""A short run over the bad line that `make deliveries` plays ten thousand times as long."""

from __future__ import annotations

from tests.sweeps.deliveries import play


def test_lost_doubled_and_shuffled_deliveries_change_nothing_but_latency(tmp_path):
    """Every change is handled by one write, our own writes coming back by none, and polling finds what was lost."""
    brought = play(240, 5, tmp_path)
    assert (brought.missed, brought.doubled, brought.strange) == (0, 0, 0)
    assert brought.handled_by_hint + brought.repaired_by_polling == brought.changes == 120
    assert min(brought.lost, brought.again, brought.repaired_by_polling) > 0
    assert brought.answers == {204: brought.posted}
