"""Tables as CSV that a spreadsheet only reads: no cell of foreign text can be taken for a formula."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

# A sheet takes these for the beginning of a formula, the full-width ones included; a tab or line end before them as well.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")


def csv_of(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table, every cell quoted."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def harmless(cell: str) -> str:
    """The text as text: an apostrophe before what a sheet would calculate."""
    begins = next((place for place, one in enumerate(cell) if not _is_blank(one)), len(cell))
    return f"'{cell}" if cell.startswith(("\t", "\r", "\n")) or cell.startswith(_FORMULA, begins) else cell


def _is_blank(one: str) -> bool:
    """Whether a sheet may skip the character: blanks, controls, and letters nobody sees."""
    return one.isspace() or unicodedata.category(one) in ("Cc", "Cf")
