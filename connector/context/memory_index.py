"""The index in memory: pure Python, deterministic, kept to the same contract; for simulation, tests and small runs.

It scores as the stored index does: title and body as two fields with BM25, and the likeness of spelling.
"""

from __future__ import annotations

import heapq
import math
import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from connector.context.embedding import hashed
from connector.context.fusion import BODY, DIMENSION, LIKENESS, TITLE, searched_text
from connector.context.index import (
    QUERY_LIMIT,
    Hit,
    IndexEntry,
    IndexKey,
    IndexState,
    IndexStats,
    Reach,
    Scope,
    Upkeep,
    bounded,
)
from connector.context.words import STOP_WEIGHT, query_words, words_of
from connector.record import RecordRef

_K1, _B = 1.2, 0.75  # the usual BM25 constants
_CANDIDATES = 100
_IDENTITY = "memory/1"


class _Field:
    """One searched field: which entries hold which word how often."""

    def __init__(self) -> None:
        self._holders: dict[str, dict[IndexKey, int]] = defaultdict(dict)
        self._lengths: dict[IndexKey, int] = {}
        self._total = 0

    def add(self, key: IndexKey, text: str) -> None:
        counted = Counter(map(stem, words_of(text)))
        for word, times in counted.items():
            self._holders[word][key] = times
        self._lengths[key] = counted.total()
        self._total += counted.total()

    def remove(self, key: IndexKey, text: str) -> None:
        for word in set(map(stem, words_of(text))):
            self._holders[word].pop(key, None)
            if not self._holders[word]:
                del self._holders[word]
        self._total -= self._lengths.pop(key, 0)

    def add_scores(self, words: Iterable[str], scores: dict[IndexKey, float], weight: float) -> None:
        count = len(self._lengths)
        average = self._total / count if count else 0.0
        for word in words:
            holders = self._holders.get(stem(word), {})
            rarity = math.log(1 + (count - len(holders) + 0.5) / (len(holders) + 0.5))
            for key, times in holders.items():
                length = self._lengths[key] / average if average else 1.0
                scores[key] += weight * rarity * times * (_K1 + 1) / (times + _K1 * (1 - _B + _B * length))


def stem(word: str) -> str:
    """A light English stem: plurals and the commonest endings fall together."""
    for ending in ("ing", "ies", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _likeness(one: Mapping[int, float], other: Mapping[int, float]) -> float:
    small, large = (one, other) if len(one) < len(other) else (other, one)
    return sum(weight * large.get(place, 0.0) for place, weight in small.items())


class MemoryIndex:
    """Entries in dictionaries. Threads take turns."""

    def __init__(self, *, state: IndexState = IndexState.READY) -> None:
        self._lock = threading.Lock()
        self._state = state
        self._reset()

    def _reset(self) -> None:
        self._entries: dict[IndexKey, IndexEntry] = {}
        self._scopes: dict[Scope, set[IndexKey]] = defaultdict(set)
        self._records: dict[RecordRef, set[IndexKey]] = defaultdict(set)
        self._title, self._body = _Field(), _Field()
        self._vectors: dict[IndexKey, Mapping[int, float]] = {}

    def upsert(self, entries: Sequence[IndexEntry]) -> None:
        with self._lock:
            for entry in entries:
                self._remove(entry.key)
                self._entries[entry.key] = entry
                self._scopes[entry.scope].add(entry.key)
                if entry.ref is not None:
                    self._records[entry.ref].add(entry.key)
                self._title.add(entry.key, entry.title)
                self._body.add(entry.key, entry.body)
                self._vectors[entry.key] = hashed(searched_text(entry), DIMENSION)

    def delete(self, keys: Collection[IndexKey]) -> None:
        with self._lock:
            for key in keys:
                self._remove(key)

    def delete_records(self, refs: Collection[RecordRef]) -> None:
        with self._lock:
            for ref in refs:
                for key in tuple(self._records.get(ref, ())):
                    self._remove(key)

    def _remove(self, key: IndexKey) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self._scopes[entry.scope].discard(key)
        if entry.ref is not None:
            self._records[entry.ref].discard(key)
        self._title.remove(key, entry.title)
        self._body.remove(key, entry.body)
        del self._vectors[key]

    def keys(self, scope: Scope) -> frozenset[IndexKey]:
        with self._lock:
            return frozenset(self._scopes.get(scope, ()))

    def search(self, text: str, reach: Reach | None, *, limit: int = 10, local: bool = False) -> tuple[Hit, ...]:
        with self._lock:
            admitted = [
                (-score, key)
                for key, score in self._scores(text).items()
                if reach is None or reach.admits(self._entries[key])
            ]
            vector = hashed(text[:QUERY_LIMIT], DIMENSION)
            found = [
                Hit(entry=self._entries[key], score=LIKENESS * _likeness(vector, self._vectors[key]) - lost)
                for lost, key in heapq.nsmallest(_CANDIDATES, admitted)
            ]
        return tuple(sorted(found, key=lambda hit: (-hit.score, hit.entry.key))[: bounded(limit)])

    def _scores(self, text: str) -> dict[IndexKey, float]:
        words = query_words(text)
        scores: dict[IndexKey, float] = defaultdict(float)
        for searched, weight in ((self._title, TITLE), (self._body, BODY)):
            searched.add_scores(words.content, scores, weight)
            searched.add_scores(words.stop, scores, weight * STOP_WEIGHT)
        return scores

    def optimize(self, upkeep: Upkeep = Upkeep.ROUTINE) -> None:
        """Nothing to do: a removed entry is gone at once."""

    def clear(self) -> None:
        with self._lock:
            self._reset()
            self._state = IndexState.REBUILD

    def filled(self) -> None:
        with self._lock:
            self._state = IndexState.READY

    def stats(self) -> IndexStats:
        with self._lock:
            return IndexStats(state=self._state, identity=_IDENTITY, entries=len(self._entries))
