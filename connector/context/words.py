"""How a text becomes the words of a search: letters and digits only, so none of it can speak a query language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connector.context.index import QUERY_LIMIT

_WORD = re.compile(r"\w+")
# A short question needs a little of its "how" and "not"; a long text drowns in them.
SHORT_QUERY = 30
STOP_WEIGHT = 0.3
_MAX_WORDS = 200
_COMMON = """
a about above after again all also am an and any are as at be because been before being below between both but
by can could did do does doing down during each few for from further had has have having he her here hers him
his how i if in into is it its itself just me more most my no nor not now of off on once only or other our
ours out over own please same she should so some such than that the their theirs them then there these they
this those through to too under until up very was we were what when where which while who whom why will with
would you your yours
"""
STOP_WORDS = frozenset(_COMMON.split())


def words_of(text: str) -> list[str]:
    """The words of a text in order, folded to one case."""
    return _WORD.findall(text.casefold())


@dataclass(frozen=True, slots=True)
class QueryWords:
    """What to search for: words that carry meaning count once, stop words by `STOP_WEIGHT`."""

    content: tuple[str, ...]
    stop: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return self.content + self.stop


def query_words(text: str) -> QueryWords:
    """A bounded number of words; stop words only in a short text, or where there is nothing else."""
    words = words_of(text[:QUERY_LIMIT])[:_MAX_WORDS]
    content = tuple(word for word in words if word not in STOP_WORDS)
    if not content:
        return QueryWords(tuple(words), ())
    return QueryWords(content, tuple(word for word in words if word in STOP_WORDS) if len(words) <= SHORT_QUERY else ())
