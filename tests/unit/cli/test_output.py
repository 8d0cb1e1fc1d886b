"""What commands print fits the terminal: no word is cut, whatever its width."""

from __future__ import annotations

import pytest
from rich.console import Console

from connector.cli import output

COLUMNS = ("record", "field", "now → then", "why")
ROW = ("sales:ticket/5005g000000003vAAA", "category", "(empty) → Cancellation", "category has not earned autonomy yet")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch):
    def at(width: int, rows: list[tuple[str, ...]]) -> str:
        console = Console(width=width, highlight=False, record=True, quiet=False)
        monkeypatch.setattr(output, "console", lambda: console)
        with console.capture() as captured:
            output.table("Plan", COLUMNS, rows, whole=("record",))
        return captured.get()

    return at


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_no_word_is_cut_at_any_width(shown, width):
    told = shown(width, [ROW])
    assert all(word in told for cell in ROW for word in cell.split())
    assert all(column in told for column in COLUMNS[1:])


def test_a_wide_terminal_gets_a_table_and_a_narrow_one_blocks(shown):
    wide, narrow = shown(120, [ROW, ROW]), shown(60, [ROW, ROW])
    assert len(wide.strip().splitlines()) < 8
    assert "  field       category" in narrow
    assert narrow.count(ROW[0]) == 2


def test_an_empty_table_keeps_its_headings(shown):
    assert "record" in shown(40, [])
