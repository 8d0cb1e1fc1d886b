"""A second look at what a search found: the seam where a cross-encoder or a rule of yours may order the best anew."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from connector.context.index import Hit, Index, IndexEntry, IndexKey, IndexStats, Reach, Scope, Upkeep, bounded
from connector.record import RecordRef

_DEPTH = 4  # so many times the wanted hits are looked at


class Reranker(Protocol):
    """Orders hits for a question, best first. MUST return some of the hits it was given and no others."""

    def rerank(self, text: str, hits: Sequence[Hit], *, local: bool) -> Sequence[Hit]:
        """`local` keeps the words and the hits on this machine."""
        ...


class RerankedIndex:
    """An index whose searches are looked at twice; everything else is the index itself."""

    def __init__(self, index: Index, reranker: Reranker) -> None:
        self._index = index
        self._reranker = reranker

    def search(self, text: str, reach: Reach | None, *, limit: int = 10, local: bool = False) -> tuple[Hit, ...]:
        found = self._index.search(text, reach, limit=bounded(limit * _DEPTH), local=local)
        known = {hit.entry.key for hit in found}
        ordered = (hit for hit in self._reranker.rerank(text, found, local=local) if hit.entry.key in known)
        return tuple(dict.fromkeys(ordered))[: bounded(limit)]

    def upsert(self, entries: Sequence[IndexEntry]) -> None:
        self._index.upsert(entries)

    def delete(self, keys: Collection[IndexKey]) -> None:
        self._index.delete(keys)

    def delete_records(self, refs: Collection[RecordRef]) -> None:
        self._index.delete_records(refs)

    def keys(self, scope: Scope) -> frozenset[IndexKey]:
        return self._index.keys(scope)

    def optimize(self, upkeep: Upkeep = Upkeep.ROUTINE) -> None:
        self._index.optimize(upkeep)

    def clear(self) -> None:
        self._index.clear()

    def filled(self) -> None:
        self._index.filled()

    def stats(self) -> IndexStats:
        return self._index.stats()
