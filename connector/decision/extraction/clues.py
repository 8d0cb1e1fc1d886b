"""What several sources say of one field, weighed: agreement makes surer, disagreement is left to a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connector.context.context import Citation
from connector.record import FieldName

SUREST = 0.98
DISPUTED = 0.6  # at most, where another source says something else
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One source's word for one field. `source` is how a person would look it up; `remark` what is not sure about it."""

    field: FieldName
    value: str
    citation: Citation
    confidence: float
    source: str
    at: datetime | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The best word for one field, every citation that agrees, and what others say instead."""

    clue: Clue
    citations: tuple[Citation, ...]
    others: tuple[str, ...] = ()


def weigh(clues: Sequence[Clue], *, alike: Callable[[str], str]) -> Weighed | None:
    """The newest word counts first; `alike` gives values that mean the same one key."""
    if not clues:
        return None
    groups: dict[str, list[Clue]] = {}
    for clue in sorted(clues, key=lambda clue: (clue.at or _LONG_AGO, clue.confidence), reverse=True):
        groups.setdefault(alike(clue.value), []).append(clue)
    ranked = sorted(groups.values(), key=_joined, reverse=True)
    newest = next(iter(groups.values()))
    chosen = newest if len(ranked) > 1 and _joined(newest) >= DISPUTED else ranked[0]
    best = max(chosen, key=lambda clue: clue.confidence)
    others = tuple(group[0].value for group in groups.values() if group is not chosen)
    sure = min(_joined(chosen), DISPUTED) if others else _joined(chosen)
    citations = tuple(dict.fromkeys(clue.citation for clue in chosen))[:6]
    return Weighed(clue=replace(best, confidence=sure), citations=citations, others=others)


def _joined(clues: Iterable[Clue]) -> float:
    """Independent sources that agree: one minus the chance that all err. One source counts once."""
    best: dict[str, float] = {}
    for clue in clues:
        best[clue.source] = max(best.get(clue.source, 0.0), clue.confidence)
    wrong = 1.0
    for sure in best.values():
        wrong *= 1.0 - sure
    return min(SUREST, 1.0 - wrong)
