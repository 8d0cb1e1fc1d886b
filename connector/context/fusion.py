"""How a search weighs its signals: one setting for every corpus, measured by `benchmarks/retrieval.py`.

Raw scores are summed. Fusing ranks instead loses up to 20 points of nDCG where vectors are weak (long policy texts).
"""

from __future__ import annotations

from connector.context.index import IndexEntry

TITLE = 1.0
BODY = 0.5
LIKENESS = 10.0  # a cosine is at most one, a keyword score grows with the words of the question
DIMENSION = 384


def searched_text(entry: IndexEntry) -> str:
    """What of an entry is embedded."""
    return f"{entry.title}\n{entry.body}"
