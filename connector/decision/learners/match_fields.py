"""Two records side by side: how alike each pair of cells is, in a few levels, whatever the columns mean."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import lru_cache

CELL_REACH = 200
NEAR, SIMILAR, AKIN = 0.92, 0.8, 0.65
FEWEST_DIGITS = 6
_WORD = re.compile(r"[^\W_]+")
# Legal forms say what a company is, not which; the commonest of the countries CRMs are sold in.
_FORMS = """
inc incorporated llc ltd limited corp corporation co company plc pty gmbh ag kg sa sas sarl srl spa bv nv ab as oy
"""
LEGAL_FORMS = frozenset(_FORMS.split())


class Level(IntEnum):
    """How alike two cells are. Missing means that one of them is empty: it speaks neither way."""

    MISSING = 0
    DIFFERENT = 1
    AKIN = 2
    SIMILAR = 3
    NEAR = 4
    SAME = 5


def folded(cell: str) -> str:
    """A cell without case, accents, punctuation and doubled spaces; a number written in groups as its digits."""
    bare = unicodedata.normalize("NFKD", cell[:CELL_REACH])
    letters = "".join(character for character in bare if not unicodedata.combining(character)).casefold()
    digits = re.sub(r"\D", "", letters)
    if len(digits) >= FEWEST_DIGITS and not re.search(r"[^\W\d_]", letters.replace("ext", "")):
        return digits.lstrip("0")
    return " ".join(_WORD.findall(letters))


def level_of(one: str, other: str) -> Level:
    """Of two folded cells."""
    if not one or not other:
        return Level.MISSING
    if one == other:
        return Level.SAME
    if one > other:
        one, other = other, one
    return _compared(one, other)


@lru_cache(maxsize=200_000)
def _compared(one: str, other: str) -> Level:
    if one.isdigit() and other.isdigit():
        return _digits(one, other)
    from rapidfuzz.distance import JaroWinkler
    from rapidfuzz.fuzz import token_sort_ratio

    likeness = max(JaroWinkler.similarity(one, other), token_sort_ratio(one, other) / 100.0)
    if likeness >= NEAR:
        return Level.NEAR
    if likeness >= SIMILAR:
        return Level.SIMILAR
    return Level.AKIN if likeness >= AKIN else Level.DIFFERENT


def _digits(one: str, other: str) -> Level:
    """Numbers are alike by the keys that were mistyped, not by their size."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= FEWEST_DIGITS + 1 and longer.endswith(shorter):
        return Level.NEAR  # with and without the country's code
    from rapidfuzz.distance import OSA

    changes = OSA.distance(one, other)
    if changes == 1 and len(longer) > 2:
        return Level.SIMILAR
    return Level.AKIN if changes * 3 <= len(longer) else Level.DIFFERENT


def same_name(one: str, other: str) -> bool:
    """Whether two folded names differ by legal forms, word order and slips of the pen only.

    A word or a number that only one of them has is another branch, department or person.
    """
    from rapidfuzz.distance import OSA

    mine, theirs = _meaningful(one), _meaningful(other)
    if not mine or not theirs or len(mine) != len(theirs):
        return "".join(mine) == "".join(theirs) != ""
    left = list(theirs)
    for word in mine:
        best = min(left, key=lambda candidate: OSA.distance(word, candidate))
        slips = 0 if word.isdigit() or best.isdigit() else len(word) // 5
        if OSA.distance(word, best) > slips:
            return "".join(mine) == "".join(theirs)
        left.remove(best)
    return True


def _meaningful(name: str) -> list[str]:
    words = name.split()
    return [word for word in words if word not in LEGAL_FORMS] or words


def folded_columns(cells: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The columns worth comparing. One that says the same everywhere, or numbers the records, tells nothing."""
    columns = {}
    for name, column in cells.items():
        read = {cell: folded(cell) for cell in set(column)}
        counts = Counter(read[cell] for cell in column if read[cell])
        numbers_records = len(counts) == counts.total() and all(cell.isdigit() for cell in counts)
        if len(counts) > 1 and not numbers_records:
            columns[name] = [read[cell] for cell in column]
    return columns
