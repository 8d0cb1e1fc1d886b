"""One search over the LanceDB table: keyword queries and a vector query find candidates, one sum ranks them."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.context.fusion import BODY, LIKENESS, TITLE
from connector.context.index import Hit, Reach
from connector.context.lance_folder import Snapshot
from connector.context.lance_table import PAYLOAD, entry_of, filter_of
from connector.context.words import STOP_WEIGHT, query_words

if TYPE_CHECKING:
    import pyarrow as pa

# In a large index a stop word weighs next to nothing and takes most of the time of a search.
_STOP_WORDS_BELOW = 20_000
# Of a sum the index scores every match, of one field only what can be among its best: in a large one that is far less.
_SUMMED_BELOW = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How many entries a search looks at before it ranks; more is slower and changes little (see the benchmark)."""

    per_query: int = 600  # best entries by words, for a keyword query of titles; of bodies half as many
    by_words: int = 100  # candidates: the best of those by what is known of their sum
    by_likeness: int = 20  # candidates by vector
    exact: bool = False  # compare every vector rather than those of the nearest partitions


USUAL = Effort()


@dataclass(frozen=True, slots=True)
class _Part:
    """Words looked for in one field, and how much their score weighs in the sum."""

    column: str
    words: str
    weight: float


@dataclass(frozen=True, slots=True)
class _WordQuery:
    """One keyword query: of several parts the index itself sums the scores, so its best are the best of the sum."""

    parts: tuple[_Part, ...]
    depth: float = 1.0  # how deep it is looked into: a field that weighs half decides half as much

    async def scores(self, table: Any, where: str | None, limit: int) -> Mapping[int, float]:
        from lancedb.query import BooleanQuery, MatchQuery, Occur

        asked = [MatchQuery(part.words, part.column, boost=part.weight) for part in self.parts]
        one = asked[0] if len(asked) == 1 else BooleanQuery([(Occur.SHOULD, part) for part in asked])
        query = table.query().nearest_to_text(one).limit(limit)
        # Row ids cost no reading of columns: a third of the time of a search.
        found = await _filtered(query, where).with_row_id().select(["_score"]).to_arrow()
        return dict(zip(found["_rowid"].to_pylist(), found["_score"].to_pylist(), strict=True))


def search_table(
    still: Snapshot, text: str, vector: Sequence[float] | None, reach: Reach | None, *, limit: int, effort: Effort = USUAL
) -> tuple[Hit, ...]:
    """The best entries within reach. Raises whatever LanceDB raises.

    The table has to stand still for the search: its steps name rows by their place.
    """
    from lancedb.background_loop import LOOP

    if limit == 0 or (reach is not None and not reach.scopes):
        return ()
    # Queries side by side on LanceDB's own loop: threads that wait for one another took half of the time of a search.
    found: tuple[Hit, ...] = LOOP.run(_search(still, text, vector, filter_of(reach), limit, effort))
    return found


async def _search(
    still: Snapshot, text: str, vector: Sequence[float] | None, where: str | None, limit: int, effort: Effort
) -> tuple[Hit, ...]:
    table, queries = still.table, _word_queries(still.rows, text)
    most = [round(effort.per_query * query.depth) for query in queries]
    first = [(query, where, count) for query, count in zip(queries, most, strict=True)]
    alike, answers = await asyncio.gather(_nearest(table, vector, where, effort), _answers(table, first))
    known = _summed(answers)
    promising = heapq.nsmallest(effort.by_words, known, key=lambda row: (-known[row], row))
    candidates = list(dict.fromkeys((*promising, *alike)))
    if not candidates:
        return ()
    cut = [len(answer) >= count for answer, count in zip(answers, most, strict=True)]
    left = [_left(answer, candidates) if short else [] for answer, short in zip(answers, cut, strict=True)]
    hopeful = _hopeful(answers, left, candidates, alike, limit)
    wanted = [[row for row in rows if row in hopeful] for rows in left]
    again = [(query, _these(rows), len(rows)) for query, rows in zip(queries, wanted, strict=True) if rows]
    likeness, late = await asyncio.gather(_likeness(table, candidates, alike, vector), _answers(table, again))
    return await _best(table, _totals([*answers, *late], likeness), limit)


async def _answers(table: Any, asked: Sequence[tuple[_WordQuery, str | None, int]]) -> Sequence[Mapping[int, float]]:
    """What each query finds among the rows it may find, side by side."""
    return await asyncio.gather(*(query.scores(table, where, limit) for query, where, limit in asked))


def _word_queries(count: int, text: str) -> list[_WordQuery]:
    words = query_words(text)
    if not words.content:
        return []
    asked = [(words.content, 1.0)]
    if words.stop and count < _STOP_WORDS_BELOW:
        # BM25 adds up over words, so blending both queries makes one in which stop words weigh less.
        asked = [(words.content, 1 - STOP_WEIGHT), (words.all, STOP_WEIGHT)]
    parts = [
        _Part(column, " ".join(part), weight * share)
        for column, weight in (("title", TITLE), ("body", BODY))
        for part, share in asked
    ]
    if count < _SUMMED_BELOW:
        return [_WordQuery(tuple(parts))]
    return [_WordQuery((part,), depth=TITLE if part.column == "title" else BODY) for part in parts]


def _left(answer: Mapping[int, float], candidates: Iterable[int]) -> list[int]:
    """The candidates whose score an answer that was cut short does not tell.

    Without it a candidate found by its title would be ranked as if its body held none of the words.
    """
    return [row for row in candidates if row not in answer]


def _hopeful(
    answers: Sequence[Mapping[int, float]], left: Sequence[Sequence[int]], candidates: Sequence[int],
    alike: Mapping[int, float], limit: int,
) -> set[int]:
    """The candidates that could be among the best: what was cut off is worth no more than the last that was not.

    How alike a row is that was found by words alone is not known yet: between not at all and like the nearest.
    """
    nearest = max(alike.values(), default=0.0)
    least = _totals(answers, {row: alike.get(row, 0.0) for row in candidates})
    most = {row: total + (0.0 if row in alike else LIKENESS * nearest) for row, total in least.items()}
    for answer, rows in zip(answers, left, strict=True):
        last = min(answer.values(), default=0.0)
        for row in rows:
            most[row] += last
    bar = heapq.nlargest(limit, least.values())[-1] if len(least) >= limit else -math.inf
    return {row for row, total in most.items() if total >= bar}


def _these(rows: Sequence[int]) -> str:
    return f"_rowid IN ({', '.join(map(str, rows))})"


def _totals(answers: Sequence[Mapping[int, float]], likeness: Mapping[int, float]) -> Mapping[int, float]:
    return {row: sum(answer.get(row, 0.0) for answer in answers) + LIKENESS * alike for row, alike in likeness.items()}


def _summed(answers: Sequence[Mapping[int, float]]) -> Mapping[int, float]:
    scores: dict[int, float] = defaultdict(float)
    for answer in answers:
        for row, score in answer.items():
            scores[row] += score
    return scores


async def _best(table: Any, total: Mapping[int, float], limit: int) -> tuple[Hit, ...]:
    """The best by score, then by key. Only they are read in full: texts are most of what a search has to fetch."""
    last = heapq.nlargest(limit, total.values())[-1]
    rows = await _rows(table, [row for row, score in total.items() if score >= last])
    hits = [Hit(entry=entry_of(row), score=total[row["_rowid"]]) for row in rows.to_pylist()]
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.entry.key))[:limit])


async def _nearest(
    table: Any, vector: Sequence[float] | None, where: str | None, effort: Effort
) -> Mapping[int, float]:
    """The rows most alike by vector, and how alike they are."""
    if vector is None:
        return {}
    query = table.query().nearest_to(list(vector)).column("vector").distance_type("dot").limit(effort.by_likeness)
    if effort.exact:
        query = query.bypass_vector_index()
    found = await _filtered(query, where).with_row_id().select(["_distance"]).to_arrow()
    # A dot distance is one minus the likeness: at one and above, nothing is alike.
    pairs = zip(found["_rowid"].to_pylist(), found["_distance"].to_pylist(), strict=True)
    return {row: 1.0 - distance for row, distance in pairs if distance < 1.0}


def _filtered(query: Any, where: str | None) -> Any:
    return query if where is None else query.where(where)


async def _rows(table: Any, candidates: Sequence[int]) -> pa.Table:
    return await table.take_row_ids(list(candidates)).select(PAYLOAD).with_row_id().to_arrow()


async def _likeness(
    table: Any, candidates: Sequence[int], alike: Mapping[int, float], vector: Sequence[float] | None
) -> Mapping[int, float]:
    """By row id, how alike each candidate is; without a vector none is."""
    others = [row for row in candidates if row not in alike]
    if vector is None or not others:
        return {**dict.fromkeys(others, 0.0), **alike}
    import numpy

    rows = await table.take_row_ids(others).select(["vector"]).with_row_id().to_arrow()
    stored = rows["vector"].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, -1)
    found = (stored @ numpy.asarray(vector, dtype=stored.dtype)).tolist()
    return {**dict(zip(rows["_rowid"].to_pylist(), found, strict=True)), **alike}
