"""One search over the LanceDB table: two keyword queries and a vector query find candidates, one sum ranks them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.context.fusion import BODY, LIKENESS, TITLE
from connector.context.index import Hit, Reach
from connector.context.lance_table import PAYLOAD, among, entry_of, filter_of
from connector.context.words import STOP_WEIGHT, query_words

if TYPE_CHECKING:
    import pyarrow as pa

# In a large index a stop word weighs next to nothing and takes most of the time of a search.
_STOP_WORDS_BELOW = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How many entries a search looks at before it ranks; more is slower and changes little (see the benchmark)."""

    per_field: int = 200  # best entries by words, for each searched field
    by_words: int = 100  # of those, how many are also compared as vectors
    by_likeness: int = 50  # best entries by vector
    exact: bool = False  # compare every vector rather than those of the nearest partitions


USUAL = Effort()


def search_table(
    table: Any, text: str, vector: Sequence[float] | None, reach: Reach | None, *, limit: int, pool: Executor,
    effort: Effort = USUAL,
) -> tuple[Hit, ...]:
    """The best entries within reach; the queries run side by side in `pool`. Raises whatever LanceDB raises."""
    if limit == 0 or (reach is not None and not reach.scopes):
        return ()
    where = filter_of(reach)
    nearest = pool.submit(_nearest, table, vector, where, effort) if vector is not None else None
    scores = _by_words(table, text, where, pool, effort.per_field)
    candidates = sorted(scores, key=lambda key: (-scores[key], key))[: effort.by_words]
    alike = nearest.result() if nearest is not None else []
    rows = _rows(table, list(dict.fromkeys((*candidates, *alike))))
    for key, likeness in _likeness(rows, vector).items():
        scores[key] += LIKENESS * likeness
    entries = [entry_of(row) for row in rows.drop_columns(["vector", "row_key"]).to_pylist()]
    hits = [Hit(entry=e, score=scores[key]) for e, key in zip(entries, rows["row_key"].to_pylist(), strict=True)]
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.entry.key))[:limit])


def _by_words(table: Any, text: str, where: str | None, pool: Executor, per_field: int) -> dict[str, float]:
    words = query_words(text)
    scores: dict[str, float] = defaultdict(float)
    if not words.content:
        return scores
    parts = [(words.content, 1.0)]
    if words.stop and table.count_rows() < _STOP_WORDS_BELOW:
        # BM25 adds up over words, so blending both queries makes one in which stop words weigh less.
        parts = [(words.content, 1 - STOP_WEIGHT), (words.all, STOP_WEIGHT)]
    asked = [
        (pool.submit(_keyword_scores, table, part, column, where, per_field), weight * share)
        for column, weight in (("title", TITLE), ("body", BODY))
        for part, share in parts
    ]
    for answer, weight in asked:
        for key, score in answer.result().items():
            scores[key] += weight * score
    return scores


def _keyword_scores(
    table: Any, words: Sequence[str], column: str, where: str | None, per_field: int
) -> Mapping[str, float]:
    from lancedb.query import MatchQuery

    query = table.search(MatchQuery(" ".join(words), column), query_type="fts").limit(per_field)
    found = _filtered(query, where).select(["row_key", "_score"]).to_arrow()
    return dict(zip(found["row_key"].to_pylist(), found["_score"].to_pylist(), strict=True))


def _nearest(table: Any, vector: Sequence[float], where: str | None, effort: Effort) -> list[str]:
    query = table.search(list(vector), vector_column_name="vector").distance_type("dot").limit(effort.by_likeness)
    if effort.exact:
        query = query.bypass_vector_index()
    found = _filtered(query, where).select(["row_key", "_distance"]).to_arrow()
    # A dot distance is one minus the likeness: at one and above, nothing is alike.
    pairs = zip(found["row_key"].to_pylist(), found["_distance"].to_pylist(), strict=True)
    return [key for key, distance in pairs if distance < 1.0]


def _filtered(query: Any, where: str | None) -> Any:
    return query if where is None else query.where(where, prefilter=True)


def _rows(table: Any, keys: Sequence[str]) -> pa.Table:
    columns = [*PAYLOAD, "row_key", "vector"]
    return table.search().where(among("row_key", keys)).select(columns).limit(len(keys) + 1).to_arrow()


def _likeness(rows: pa.Table, vector: Sequence[float] | None) -> Mapping[str, float]:
    if vector is None or rows.num_rows == 0:
        return {}
    import numpy

    stored = rows["vector"].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, -1)
    alike = stored @ numpy.asarray(vector, dtype=stored.dtype)
    return dict(zip(rows["row_key"].to_pylist(), alike.tolist(), strict=True))

