"""One search over the LanceDB table: a keyword query and a vector query find candidates, one sum ranks them."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
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

    scored: int = 1_000  # best entries by words whose scores are kept: those alike are mostly among them
    by_words: int = 80  # candidates: the best by words
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
    """All keywords of a search at once: the index itself sums what each field says, so its best are the best of the sum."""

    parts: tuple[_Part, ...]

    def run(self, table: Any, where: str | None, limit: int) -> Mapping[int, float]:
        from lancedb.query import BooleanQuery, MatchQuery, Occur

        if not self.parts:
            return {}
        asked = [(Occur.SHOULD, MatchQuery(part.words, part.column, boost=part.weight)) for part in self.parts]
        query = table.search(BooleanQuery(asked), query_type="fts").limit(limit)
        # Row ids cost no reading of columns: a third of the time of a search.
        found = _filtered(query, where).with_row_id(True).select(["_score"]).to_arrow()
        return dict(zip(found["_rowid"].to_pylist(), found["_score"].to_pylist(), strict=True))


def search_table(
    table: Any, text: str, vector: Sequence[float] | None, reach: Reach | None, *, limit: int, pool: Executor,
    effort: Effort = USUAL,
) -> tuple[Hit, ...]:
    """The best entries within reach; both queries run side by side in `pool`. Raises whatever LanceDB raises.

    `table` has to stand still for the search (see `LanceFolder.snapshot`): its steps name rows by their place.
    """
    if limit == 0 or (reach is not None and not reach.scopes):
        return ()
    where = filter_of(reach)
    query = _word_query(table, text)
    nearest = pool.submit(_nearest, table, vector, where, effort) if vector is not None else None
    known = query.run(table, where, effort.scored)
    promising = heapq.nsmallest(effort.by_words, known, key=lambda row: (-known[row], row))
    alike = nearest.result() if nearest is not None else []
    candidates = list(dict.fromkeys((*promising, *alike)))
    if not candidates:
        return ()
    rows = _rows(table, candidates)
    likeness = _likeness(rows, vector)
    scores = known if len(known) < effort.scored else _completed(table, query, known, likeness, limit)
    return _best(rows, scores, likeness, limit)


def _word_query(table: Any, text: str) -> _WordQuery:
    """Stop words count a little beside the others; only in a small index."""
    words = query_words(text)
    asked = [(words.content, 1.0)]
    if words.stop and table.count_rows() < _STOP_WORDS_BELOW:
        asked.append((words.stop, STOP_WEIGHT))
    return _WordQuery(tuple(
        _Part(column, " ".join(part), weight * share)
        for column, weight in (("title", TITLE), ("body", BODY))
        for part, share in asked if part
    ))  # fmt: skip


def _completed(
    table: Any, query: _WordQuery, known: Mapping[int, float], likeness: Mapping[int, float], limit: int
) -> Mapping[int, float]:
    """Scores cut short, with those of all entries that could still be among the best.

    Without it an entry found by its likeness would be ranked as if it held none of the words.
    """
    best = heapq.nlargest(limit, (known[row] + LIKENESS * alike for row, alike in likeness.items() if row in known))
    bar = best[-1] if len(best) == limit else float("-inf")
    most = min(known.values())  # what an entry left out can have at most
    unknown = [row for row, alike in likeness.items() if row not in known and most + LIKENESS * alike >= bar]
    if not unknown:
        return known
    return {**known, **query.run(table, f"_rowid IN ({', '.join(map(str, unknown))})", len(unknown))}


def _best(
    rows: pa.Table, words: Mapping[int, float], likeness: Mapping[int, float], limit: int
) -> tuple[Hit, ...]:
    found, keys = rows["_rowid"].to_pylist(), rows["key"].to_pylist()
    total = [words.get(row, 0.0) + LIKENESS * likeness[row] for row in found]
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


def _likeness(rows: pa.Table, vector: Sequence[float] | None) -> Mapping[int, float]:
    """By row id, how alike each is; without a vector none is."""
    found = rows["_rowid"].to_pylist()
    if vector is None or not found:
        return dict.fromkeys(found, 0.0)
    import numpy

    stored = rows["vector"].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, -1)
    return dict(zip(found, (stored @ numpy.asarray(vector, dtype=stored.dtype)).tolist(), strict=True))
