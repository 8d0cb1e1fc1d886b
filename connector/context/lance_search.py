"""One search over the LanceDB table: two keyword queries and a vector query find candidates, one sum ranks them."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.context.fusion import BODY, LIKENESS, TITLE
from connector.context.index import Hit, Reach
from connector.context.lance_table import PAYLOAD, entry_of, filter_of
from connector.context.words import STOP_WEIGHT, query_words

if TYPE_CHECKING:
    import pyarrow as pa

# In a large index a stop word weighs next to nothing and takes most of the time of a search.
_STOP_WORDS_BELOW = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How many entries a search looks at before it ranks; more is slower and changes little (see the benchmark)."""

    per_field: int = 1_000  # best entries by words, for each searched field
    by_words: int = 80  # candidates: the best of those by what is known of their sum
    by_likeness: int = 20  # candidates by vector
    exact: bool = False  # compare every vector rather than those of the nearest partitions


USUAL = Effort()


@dataclass(frozen=True, slots=True)
class _WordQuery:
    """One keyword query: which words in which field, and how much its scores weigh in the sum."""

    column: str
    words: str
    weight: float

    def run(self, table: Any, where: str | None, limit: int) -> Mapping[int, float]:
        from lancedb.query import MatchQuery

        query = table.search(MatchQuery(self.words, self.column), query_type="fts").limit(limit)
        # Row ids cost no reading of columns: a third of the time of a search.
        found = _filtered(query, where).with_row_id(True).select(["_score"]).to_arrow()
        return dict(zip(found["_rowid"].to_pylist(), found["_score"].to_pylist(), strict=True))


def search_table(
    table: Any, text: str, vector: Sequence[float] | None, reach: Reach | None, *, limit: int, pool: Executor,
    effort: Effort = USUAL,
) -> tuple[Hit, ...]:
    """The best entries within reach; the queries run side by side in `pool`. Raises whatever LanceDB raises.

    `table` has to stand still for the search (see `LanceFolder.snapshot`): its steps name rows by their place.
    """
    if limit == 0 or (reach is not None and not reach.scopes):
        return ()
    where = filter_of(reach)
    queries = _word_queries(table, text)
    nearest = pool.submit(_nearest, table, vector, where, effort) if vector is not None else None
    asked = [pool.submit(query.run, table, where, effort.per_field) for query in queries]
    answers = [answer.result() for answer in asked]
    known = _summed(zip(queries, answers, strict=True))
    promising = heapq.nsmallest(effort.by_words, known, key=lambda row: (-known[row], row))
    alike = nearest.result() if nearest is not None else []
    candidates = list(dict.fromkeys((*promising, *alike)))
    if not candidates:
        return ()
    reading = pool.submit(_rows, table, candidates)
    short = [query for query, answer in zip(queries, answers, strict=True) if len(answer) >= effort.per_field]
    completed = _completed(table, short, candidates, pool)
    scores = _summed((query, completed.get(query, answer)) for query, answer in zip(queries, answers, strict=True))
    return _best(reading.result(), scores, vector, limit)


def _word_queries(table: Any, text: str) -> list[_WordQuery]:
    words = query_words(text)
    if not words.content:
        return []
    parts = [(words.content, 1.0)]
    if words.stop and table.count_rows() < _STOP_WORDS_BELOW:
        # BM25 adds up over words, so blending both queries makes one in which stop words weigh less.
        parts = [(words.content, 1 - STOP_WEIGHT), (words.all, STOP_WEIGHT)]
    return [
        _WordQuery(column, " ".join(part), weight * share)
        for column, weight in (("title", TITLE), ("body", BODY))
        for part, share in parts
    ]


def _completed(
    table: Any, queries: Sequence[_WordQuery], candidates: Sequence[int], pool: Executor
) -> Mapping[_WordQuery, Mapping[int, float]]:
    """Queries that were cut short, asked again for the scores of all candidates.

    Without it a candidate found by its title would be ranked as if its body held none of the words.
    """
    where = f"_rowid IN ({', '.join(map(str, candidates))})"
    again = [pool.submit(query.run, table, where, len(candidates)) for query in queries]
    return {query: answer.result() for query, answer in zip(queries, again, strict=True)}


def _summed(answered: Iterable[tuple[_WordQuery, Mapping[int, float]]]) -> Mapping[int, float]:
    scores: dict[int, float] = defaultdict(float)
    for query, answer in answered:
        for row, score in answer.items():
            scores[row] += query.weight * score
    return scores


def _best(
    rows: pa.Table, words: Mapping[int, float], vector: Sequence[float] | None, limit: int
) -> tuple[Hit, ...]:
    found, keys = rows["_rowid"].to_pylist(), rows["key"].to_pylist()
    likeness = _likeness(rows, vector)
    total = [words.get(row, 0.0) + LIKENESS * alike for row, alike in zip(found, likeness, strict=True)]
    best = sorted(range(len(keys)), key=lambda place: (-total[place], keys[place]))[:limit]
    chosen = rows.drop_columns(["vector", "_rowid"]).take(best).to_pylist() if best else []
    return tuple(Hit(entry=entry_of(row), score=total[place]) for row, place in zip(chosen, best, strict=True))


def _nearest(table: Any, vector: Sequence[float], where: str | None, effort: Effort) -> list[int]:
    query = table.search(list(vector), vector_column_name="vector").distance_type("dot").limit(effort.by_likeness)
    if effort.exact:
        query = query.bypass_vector_index()
    found = _filtered(query, where).with_row_id(True).select(["_distance"]).to_arrow()
    # A dot distance is one minus the likeness: at one and above, nothing is alike.
    pairs = zip(found["_rowid"].to_pylist(), found["_distance"].to_pylist(), strict=True)
    return [row for row, distance in pairs if distance < 1.0]


def _filtered(query: Any, where: str | None) -> Any:
    return query if where is None else query.where(where, prefilter=True)


def _rows(table: Any, candidates: Sequence[int]) -> pa.Table:
    return table.take_row_ids(list(candidates)).select([*PAYLOAD, "vector"]).with_row_id().to_arrow()


def _likeness(rows: pa.Table, vector: Sequence[float] | None) -> list[float]:
    if vector is None or rows.num_rows == 0:
        return [0.0] * rows.num_rows
    import numpy

    stored = rows["vector"].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, -1)
    alike: list[float] = (stored @ numpy.asarray(vector, dtype=stored.dtype)).tolist()
    return alike
