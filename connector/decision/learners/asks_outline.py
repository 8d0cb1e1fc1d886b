"""The outline of a sentence: its commonest words in order, every other word as what kind it is.

An order reads alike whatever it is about: “please * the * by #”. That carries over to subjects no judged sentence had.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

COMMON = 300  # words that keep their own form
LONGEST = 4
START, END = "\x02", "\x03"
_WORD = re.compile(r"\w+(?:['’]\w+)?|[?!$.,:;؟？]")
_ENDINGS = ("ing", "ed", "ly", "er", "en", "s")


class Outlines:
    """Which words are common enough to keep, learned from the texts themselves in any language."""

    def __init__(self, texts: Sequence[str]) -> None:
        seen = Counter(word for text in texts for word in set(_WORD.findall(text.casefold())))
        self._kept = frozenset(word for word, _ in seen.most_common(COMMON))

    def __call__(self, text: str) -> list[str]:
        """One to four words of the outline in a row."""
        words = [START, *(self._outlined(word) for word in _WORD.findall(text)), END]
        return [
            " ".join(words[place : place + length])
            for length in range(1, LONGEST + 1)
            for place in range(len(words) - length + 1)
        ]

    def _outlined(self, word: str) -> str:
        plain = word.casefold()
        if plain in self._kept:
            return plain
        if plain[0].isdigit():
            return "#"
        ending = next((ending for ending in _ENDINGS if plain.endswith(ending)), "")
        return f"{'A' if word[0].isupper() else 'a'}*{ending}"
