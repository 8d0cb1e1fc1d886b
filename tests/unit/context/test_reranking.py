"""A second look at hits orders them anew, and can neither add to them nor reach further."""

from __future__ import annotations

from dataclasses import replace

from connector.context.context import Audience
from connector.context.index import IndexEntry, IndexKey, Reach, knowledge_scope
from connector.context.memory_index import MemoryIndex
from connector.context.reranking import RerankedIndex
from connector.record import Origin

SCOPE = knowledge_scope("returns")


def entry(key: str, body: str) -> IndexEntry:
    return IndexEntry(
        key=IndexKey(key), scope=SCOPE, title="", body=body, source=key, origin=Origin.FILE, audience=Audience.INTERNAL
    )


class Shortest:
    """The shortest text first, and one that nobody found."""

    def __init__(self) -> None:
        self.asked: list[bool] = []

    def rerank(self, text, hits, *, local):
        self.asked.append(local)
        invented = [replace(hits[0], entry=entry("invented", "?"))] if hits else []
        return [*invented, *sorted(hits, key=lambda hit: len(hit.entry.body))]


def filled() -> MemoryIndex:
    index = MemoryIndex()
    index.upsert([entry(str(size), "goods returned " + "and more " * size) for size in (3, 1, 2)])
    return index


def test_hits_are_ordered_anew_within_the_limit():
    look = Shortest()
    index = RerankedIndex(filled(), look)
    found = index.search("returned goods", Reach(scopes=frozenset({SCOPE})), limit=2, local=True)
    assert [hit.entry.key for hit in found] == ["1", "2"]
    assert look.asked == [True]


def test_it_reaches_no_further_than_the_search():
    index = RerankedIndex(filled(), Shortest())
    assert index.search("returned goods", Reach(scopes=frozenset()), limit=2) == ()
    assert index.stats().entries == 3
