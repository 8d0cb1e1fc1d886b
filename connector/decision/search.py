"""The one tool a model has: a few read-only look-ups for one question, bounded by whoever hands it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from connector.context.context import Passage
from connector.decision.decision import Question


class Search(Protocol):
    """Look-ups for one question. MUST reach only the record's own account and the knowledge its policy names."""

    def search(self, words: str) -> tuple[Passage, ...]: ...


SearchFor: TypeAlias = Callable[[Question], Search]


class NoSearch:
    """Finds nothing."""

    def search(self, words: str) -> tuple[Passage, ...]:
        return ()


def no_search(_question: Question) -> Search:
    return NoSearch()
