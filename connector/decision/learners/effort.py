"""How much work a fit may be: seconds for a demo or a test, minutes for a nightly fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Effort(StrEnum):
    """Quick: three cheap members, weighed and calibrated. Full: all members and a detector of new values."""

    QUICK = "quick"
    FULL = "full"


class MemberName(StrEnum):
    """The members a committee can have; each errs in its own way."""

    MARGIN = "margin"
    NEIGHBOURS = "neighbours"
    NETWORKS = "networks"
    WORDS = "words"
    LETTERS = "letters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a fit does. Part of the learner's version: another recipe has earned nothing yet."""

    members: tuple[MemberName, ...]
    folds: int
    hidden_parts: int  # in so many parts the known values are hidden in turn to learn what new ones look like; 0: not
    rows: int = 30_000  # more are sampled, every value kept
    strangers: int = 5_000  # texts of no value that are looked at
    characters: int = 6_000_000  # of all texts together; longer texts are cut so that they fit
    reach: int = 8_000  # characters of one text that are read at most
    revision: int = 3


FULL = Recipe(members=tuple(MemberName), folds=5, hidden_parts=5)
QUICK_MEMBERS = (MemberName.MARGIN, MemberName.NEIGHBOURS, MemberName.WORDS)
QUICK = Recipe(members=QUICK_MEMBERS, folds=3, hidden_parts=0, rows=10_000)

# Members with one weight per column and value would take gigabytes and hours beyond this.
LINEAR_WEIGHTS = 12_000_000


def recipe_for(effort: Effort) -> Recipe:
    match effort:
        case Effort.QUICK:
            return QUICK
        case Effort.FULL:
            return FULL


def affordable(recipe: Recipe, *, columns: int, values: int) -> Recipe:
    """The recipe without the members that this many columns and values would make too big."""
    if columns * values <= LINEAR_WEIGHTS:
        return recipe
    lean = (MemberName.NEIGHBOURS, MemberName.NETWORKS)
    return replace(recipe, members=tuple(name for name in recipe.members if name in lean))
