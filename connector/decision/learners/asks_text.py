"""What in a sentence asks for something: its words in order, its letters, its outline, and a few signs that people ask."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from connector.decision.learners.asks_outline import Outlines

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

REACH = 2_000
SIGN_WEIGHT = 0.3
MOST_COLUMNS = 200_000
FEW_TEXTS = 500

_SIGNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"[?？؟;]\s*$|\?",
        r"\b(please|pls|kindly|bitte|por favor|per favore|s['’]il (vous|te) pla[iî]t|alstublieft|gentileza|proszę)\b",
        r"\b(can|could|would|will|do|did|are|have|may|might) (you|u|we|i)\b",
        r"\b(können|könnten|würden|wären) sie\b|\b(pouvez|pourriez)[- ]vous\b|\b(podría|puede|podrías)\b|\b(può|potrebbe)\b",
        r"\blet (me|us) know\b|\bget back to\b",
        r"\b(let['’]?s|let us)\b|\b(how|what) about\b|\bwhy (don['’]?t|not)\b",
        r"\b(need|want|like|expect|ask|asking|have) (you|everyone|everybody|all) to\b",
        r"\b(i|we)(['’]d| would)? (need|want|like|suggest|propose|recommend|request)\b",
        r"\b(should|must|ought to|needs? to)\b",
        r"\b(you|your)\b",
        r"^\W*(who|what|when|where|why|how|which)\b",
        r"\b(i|we)( will|['’]ll)\b",
        r"\d",
        r"!",
        r"@|https?:|www\.",
    )
)
_WORD = re.compile(r"\w+(?:['’]\w+)?|[?!$？؟]")
START = "\x02"


class AskFeatures:
    """Texts as rows of weighted sequences and signs, the way they were when taught."""

    def __init__(self, texts: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        seldom = 2 if len(texts) > FEW_TEXTS else 1
        self._words = TfidfVectorizer(analyzer=word_sequences, sublinear_tf=True, max_features=MOST_COLUMNS)
        self._letters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=seldom, max_features=MOST_COLUMNS
        )
        cut = [text[:REACH] for text in texts]
        self._outlines = TfidfVectorizer(
            analyzer=Outlines(cut), sublinear_tf=True, min_df=seldom, max_features=MOST_COLUMNS
        )
        self._words.fit(cut)
        self._letters.fit(cut)
        self._outlines.fit(cut)

    @property
    def outlined_from(self) -> int:
        """The column from which a row tells the outline and no longer the words."""
        return len(self._words.vocabulary_) + len(self._letters.vocabulary_) + len(_SIGNS) + 1

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        from scipy.sparse import csr_matrix, hstack

        cut = [text[:REACH] for text in texts]
        signs = csr_matrix([signs_of(text) for text in cut]) * SIGN_WEIGHT
        words, letters = self._words.transform(cut), self._letters.transform(cut)
        return hstack([words, letters, signs, self._outlines.transform(cut), signs], format="csr")


def word_sequences(text: str) -> list[str]:
    """One to three words in a row; the start of the text counts as a word, for that is where orders stand."""
    words = [START, *_WORD.findall(text.casefold())]
    return [" ".join(words[place : place + length]) for length in (1, 2, 3) for place in range(len(words) - length + 1)]


def signs_of(text: str) -> list[float]:
    return [*(float(bool(sign.search(text))) for sign in _SIGNS), math.log1p(len(text.split())) / 3.0]


def telling(rows: Any, asks: Any) -> Any:
    """How differently often each column stands in asking and in other texts: a weight per column."""
    import numpy as np

    present = rows.copy()
    present.data = np.ones_like(present.data)
    yes, no = (np.asarray(present[where].sum(axis=0)).ravel() + 1.0 for where in (asks, ~asks))
    return np.abs(np.log(yes / yes.sum()) - np.log(no / no.sum()))
