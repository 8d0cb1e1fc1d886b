"""What a decision read: the words of its record, and of those around it, as far as they are still kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.decision import kept
from connector.report.story import Evidence
from connector.store import Transaction

_MOST = 4
_LONGEST = 400


def evidence_of(tx: Transaction, decisions: Sequence[str]) -> Mapping[str, tuple[Evidence, ...]]:
    """For each decision, the record's own texts and then those of its relatives, the newest first, a few of them.

    They are told as the agent was told: without what the policy hides. Those of an erased person are gone.
    """
    return {
        question.decision: tuple(_texts(question.context["passages"]))[:_MOST]
        for question in kept.of_decisions(tx, decisions)
    }


def _texts(passages: Sequence[Mapping[str, Any]]) -> Iterator[Evidence]:
    for passage in passages:
        if passage["ref"] is not None and passage["text"].strip():
            yield Evidence(quote=_opening(passage["text"]), source=passage["source"], origin=passage["origin"])


def _opening(text: str) -> str:
    words = " ".join(text.split())
    if len(words) <= _LONGEST:
        return words
    whole = words[:_LONGEST].rpartition(" ")[0]
    return f"{whole or words[:_LONGEST]} …"
