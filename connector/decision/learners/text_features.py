"""Texts as weighted word and letter sequences (TF-IDF), in any language, without a word list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = 2**20
MOST_KEPT = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMatrix:
    """One row per text. `weights` is unit length per row; `words` counts the distinct word sequences of a text."""

    weights: Any  # scipy.sparse.csr_matrix
    word_columns: int
    words: NDArray[np.float64]
    known: NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.weights.shape[0])

    def take(self, rows: NDArray[np.intp]) -> TextMatrix:
        return TextMatrix(
            weights=self.weights[rows], word_columns=self.word_columns, words=self.words[rows], known=self.known[rows]
        )

    def seen_from(self, taught: TextMatrix) -> TextMatrix:
        """The same rows, `known` as a committee sees it that was taught only these other rows."""
        used = np.zeros(self.word_columns, dtype=np.float32)
        used[np.unique(taught.weights[:, : self.word_columns].indices)] = 1.0
        pattern = self.weights[:, : self.word_columns].copy()
        pattern.data = np.ones_like(pattern.data)
        return TextMatrix(
            weights=self.weights, word_columns=self.word_columns, words=self.words, known=pattern @ used.astype(float)
        )


@dataclass(frozen=True, slots=True)
class _Family:
    """One kind of sequence: which hashed columns are kept, and how much each weighs."""

    analyzer: str
    lengths: tuple[int, int]
    kept: NDArray[np.int64]
    weight: NDArray[np.float32]

    def rows(self, counts: Any) -> Any:
        """The counts in kept columns: damped, weighted by rarity, unit length."""
        from scipy.sparse import csr_matrix

        place = np.minimum(np.searchsorted(self.kept, counts.indices), len(self.kept) - 1)
        mine = self.kept[place] == counts.indices
        starts = np.concatenate(([0], np.cumsum(mine)))[counts.indptr]
        columns = place[mine]
        damped = (1.0 + np.log(counts.data[mine])) * self.weight[columns]
        rows = csr_matrix((damped, columns, starts), shape=(counts.shape[0], len(self.kept)), dtype=np.float32)
        rows.sort_indices()
        return _unit(rows)


@dataclass(frozen=True, slots=True)
class TextFeatures:
    """Turns texts into rows the way it did when it was taught."""

    words: _Family
    letters: _Family
    reach: int

    @property
    def columns(self) -> int:
        return len(self.words.kept) + len(self.letters.kept)

    def rows(self, texts: Sequence[str]) -> TextMatrix:
        cut = [_cut(text, self.reach) for text in texts]
        words = _counts(cut, self.words.analyzer, self.words.lengths)
        letters = _counts(cut, self.letters.analyzer, self.letters.lengths)
        return _joined(self, words, letters)


def learn_features(texts: Sequence[str], *, reach: int) -> tuple[TextFeatures, TextMatrix]:
    """The columns these texts use, and the texts as rows."""
    cut = [_cut(text, reach) for text in texts]
    words, letters = _counts(cut, "word", (1, 2)), _counts(cut, "char_wb", (2, 5))
    features = TextFeatures(
        words=_family(words, "word", (1, 2), seldom=1),
        letters=_family(letters, "char_wb", (2, 5), seldom=2 if len(texts) > 1_000 else 1),
        reach=reach,
    )
    return features, _joined(features, words, letters)


def _cut(text: str, reach: int) -> str:
    """As far as it is read; half surrogate pairs, which some exports hold, become question marks."""
    return text[:reach].encode("utf-8", "replace").decode("utf-8")


def _counts(texts: Sequence[str], analyzer: str, lengths: tuple[int, int]) -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    hasher = HashingVectorizer(
        analyzer=analyzer, ngram_range=lengths, n_features=COLUMNS, alternate_sign=False, norm=None,
        token_pattern=r"(?u)\b\w+\b", dtype=np.float32,
    )
    return hasher.transform(texts)


def _family(counts: Any, analyzer: str, lengths: tuple[int, int], *, seldom: int) -> _Family:
    frequency = np.bincount(counts.indices, minlength=COLUMNS)
    kept = np.flatnonzero(frequency >= seldom)
    if len(kept) > MOST_KEPT:
        kept = np.sort(kept[np.argsort(-frequency[kept], kind="stable")[:MOST_KEPT]])
    if not len(kept):
        kept = np.array([0])
    rarity = np.log((1.0 + counts.shape[0]) / (1.0 + frequency[kept])) + 1.0
    return _Family(analyzer, lengths, kept.astype(np.int64), rarity.astype(np.float32))


def _joined(features: TextFeatures, words: Any, letters: Any) -> TextMatrix:
    from scipy.sparse import hstack

    mine = features.words.rows(words)
    weights = _unit(hstack([mine, features.letters.rows(letters)], format="csr", dtype=np.float32))
    return TextMatrix(
        weights=weights, word_columns=len(features.words.kept),
        words=np.diff(words.indptr).astype(float), known=np.diff(mine.indptr).astype(float),
    )


def _unit(rows: Any) -> Any:
    from sklearn.preprocessing import normalize

    return normalize(rows, copy=False)
