"""How a text becomes the words of a search: letters and digits only, so none of it can speak a query language."""

from __future__ import annotations

import re

from connector.context.index import QUERY_LIMIT

_WORD = re.compile(r"\w+")
# A short question needs its "how" and "not"; a long text drowns in them (measured on FAQ and policy corpora).
SHORT_QUERY = 30
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


def query_words(text: str) -> list[str]:
    """What to search for: a bounded number of words, without stop words where the text is long."""
    words = words_of(text[:QUERY_LIMIT])
    if len(words) > SHORT_QUERY:
        words = [word for word in words if word not in STOP_WORDS] or words
    return words[:_MAX_WORDS]
