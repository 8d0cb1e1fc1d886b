"""How well the product's own index finds passages: every query asked as a decision would, counted against known answers."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from connector.context.context import Audience
from connector.context.index import Index, IndexEntry, IndexKey, Reach, knowledge_scope
from connector.record import Origin

SCOPE = knowledge_scope("evaluated")
REACH = Reach(scopes=frozenset({SCOPE}))
DEPTH = 10
AT_ONCE = 5_000
SEARCHED = 200_000  # characters of one passage that are indexed


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalFigures:
    """None means undefined: no query has a known answer, or no query was asked. `p50_ms` is the median search."""

    ndcg_at_10: float | None
    recall_at_10: float | None
    mrr: float | None
    p50_ms: float | None
    build_s: float | None


@dataclass(frozen=True, slots=True)
class Found:
    """What one search found, best first, with scores that compare within it only."""

    query: str
    passages: tuple[str, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalEvaluation:
    """The figures, and what every query found."""

    figures: RetrievalFigures
    found: tuple[Found, ...]


def evaluate_retrieval(
    passages: Mapping[str, Sequence[str]], queries: Iterable[tuple[str, str]],
    relevant: Iterable[tuple[str, str, float]], *, index: Index, seconds: Callable[[], float],
) -> RetrievalEvaluation:
    """Fill the index, ask every query, count. `passages` are texts in column order by id; the first one is the title.

    `relevant` are (query, passage, grade); a grade of zero or less is no answer.
    """
    begun = seconds()
    _fill(index, passages)
    built = seconds() - begun
    grades: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for query, passage, grade in relevant:
        if grade > 0:
            grades[query][passage] = grade
    found, spent = [], []
    for key, text in queries:
        begun = seconds()
        hits = index.search(text, REACH, limit=DEPTH)
        spent.append(seconds() - begun)
        found.append(Found(key, tuple(str(hit.entry.key) for hit in hits), tuple(hit.score for hit in hits)))
    judged = [(one, grades[one.query]) for one in found if one.query in grades]
    figures = RetrievalFigures(
        ndcg_at_10=_mean([_gain(one.passages, wanted) for one, wanted in judged]),
        recall_at_10=_mean([len(wanted.keys() & {*one.passages}) / len(wanted) for one, wanted in judged]),
        mrr=_mean([_reciprocal_rank(one.passages, wanted) for one, wanted in judged]),
        p50_ms=statistics.median(spent) * 1e3 if spent else None, build_s=built,
    )
    return RetrievalEvaluation(figures=figures, found=tuple(found))


def _fill(index: Index, passages: Mapping[str, Sequence[str]]) -> None:
    entries = [_entry(key, texts) for key, texts in passages.items()]
    for start in range(0, len(entries), AT_ONCE):
        index.upsert(entries[start : start + AT_ONCE])
    index.optimize()
    index.filled()


def _entry(key: str, texts: Sequence[str]) -> IndexEntry:
    title, body = (texts[0], " ".join(filter(None, texts[1:]))) if len(texts) > 1 else ("", "".join(texts))
    return IndexEntry(
        key=IndexKey(key), scope=SCOPE, title=title[:SEARCHED], body=body[:SEARCHED], source=key, origin=Origin.FILE,
        audience=Audience.INTERNAL,
    )


def _gain(found: Sequence[str], wanted: Mapping[str, float]) -> float:
    """nDCG: what was found, discounted by its rank, against the best order there could be."""
    gained = sum(wanted.get(key, 0.0) / math.log2(place + 2) for place, key in enumerate(found))
    ideal = sorted(wanted.values(), reverse=True)[:DEPTH]
    return gained / sum(grade / math.log2(place + 2) for place, grade in enumerate(ideal))


def _reciprocal_rank(found: Sequence[str], wanted: Mapping[str, float]) -> float:
    return next((1.0 / (place + 1) for place, key in enumerate(found) if key in wanted), 0.0)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
