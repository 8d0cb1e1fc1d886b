"""The one tool a reasoner has: a few read-only searches in the record's own account and the named knowledge."""

from __future__ import annotations

from collections.abc import Sequence

from connector.context.context import Audience, Context, Passage
from connector.context.index import Index, Reach, Scope, account_scope, knowledge_scope
from connector.context.relatives import known_account
from connector.context.wanted import Wanted
from connector.record import ObjectType

_HITS = 5


class ScopedSearch:
    """Searches on behalf of one decision. After `left` searches, and for empty words, it finds nothing.

    Whoever asks chooses the words only: what may be reached was fixed when the search was made.
    """

    def __init__(self, index: Index, reach: Reach, *, searches: int, local: bool = False) -> None:
        self._index = index
        self._reach = reach
        self._local = local
        self.left = max(0, searches)

    def search(self, words: str) -> tuple[Passage, ...]:
        """The best passages for these words, at most five; each call uses up one search."""
        if self.left == 0 or not words.strip():
            return ()
        self.left -= 1
        hits = self._index.search(words, self._reach, limit=_HITS, local=self._local)
        return tuple(hit.entry.passage(hit.score) for hit in hits)


def scoped_search(
    index: Index, context: Context, wanted: Wanted, *, audience: Audience = Audience.INTERNAL
) -> ScopedSearch:
    """The search for one context; `audience` CUSTOMER keeps internal texts out of drafts to outsiders."""
    scopes = frozenset(_scopes(context, wanted.knowledge))
    reach = Reach(scopes=scopes, audience=audience, without=frozenset((context.record.ref,)))
    return ScopedSearch(index, reach, searches=wanted.searches, local=wanted.local)


def _scopes(context: Context, knowledge: Sequence[str]) -> list[Scope]:
    scopes = [knowledge_scope(name) for name in knowledge]
    account = known_account(context.record)
    if account is None and (places := context.related.get(ObjectType.ACCOUNT)):
        account = context.records[places[0]].ref
    scopes.append(account_scope(account or context.record.ref))
    return scopes
