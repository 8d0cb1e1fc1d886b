"""How well duplicates are found: pairs proposed from the records alone, counted against the pairs people know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connector.decision.learners.match import FEWEST_FIELDS, Match, find_matches
from connector.decision.learners.match_fields import folded_columns

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateFigures:
    """None means undefined: nothing proposed, or no true pair known."""

    proposed: int = 0
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedPair:
    """One proposal. `confidence` is None where few fields could be compared; `right` says whether people know it."""

    pair: Pair
    confidence: float | None
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateEvaluation:
    """The figures, every proposal, the surest first, and why there is none."""

    figures: DuplicateFigures
    proposals: tuple[ProposedPair, ...]
    why: str | None


def evaluate_duplicates(
    ids: Sequence[str], cells: Mapping[str, Sequence[str]], truth: Iterable[Pair]
) -> DuplicateEvaluation:
    """Propose, then compare. The truth is not seen before everything is proposed."""
    matches = find_matches(cells)
    known = {_ordered(one, other) for one, other in truth if one != other}
    proposals = tuple(_proposal(ids, match, known) for match in matches)
    right = sum(proposal.right for proposal in proposals)
    precision = right / len(proposals) if proposals else None
    recall = right / len(known) if known else None
    figures = DuplicateFigures(
        proposed=len(proposals), precision=precision if known else None, recall=recall,
        f1=2.0 * right / (len(proposals) + len(known)) if known else None,
    )
    return DuplicateEvaluation(figures=figures, proposals=proposals, why=None if proposals else _why_none(ids, cells))


def _why_none(ids: Sequence[str], cells: Mapping[str, Sequence[str]]) -> str:
    if len(ids) < 2:
        return "there are not two records to compare"
    compared = tuple(folded_columns(cells))
    if len(compared) < FEWEST_FIELDS:
        named = " and ".join(map(repr, compared)) or "no column"
        return f"only {named} can be compared: at least {FEWEST_FIELDS} columns that differ between records are needed"
    return "no two records agree in enough of what tells records apart"


def _proposal(ids: Sequence[str], match: Match, known: set[Pair]) -> ProposedPair:
    pair = _ordered(ids[match.one], ids[match.other])
    return ProposedPair(pair=pair, confidence=match.chance, right=pair in known)


def _ordered(one: str, other: str) -> Pair:
    return (one, other) if one <= other else (other, one)
