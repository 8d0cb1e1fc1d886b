"""What counts as the same content: a message that came twice was judged once."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterable
from typing import TypeVar

Judgement = TypeVar("Judgement")


def content_key(text: str) -> str:
    """One short key for texts that differ only in letter case, spacing or Unicode form."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return hashlib.sha256(" ".join(folded.split()).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def distinct_by_content(judgements: Iterable[Judgement], content: Callable[[Judgement], str]) -> list[Judgement]:
    """Each content once, in the order of first appearance, with its latest judgement."""
    latest: dict[str, Judgement] = {}
    for judgement in judgements:
        latest[content(judgement)] = judgement
    return list(latest.values())
