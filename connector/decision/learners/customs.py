"""What is usual of each value: the sequences its texts use, and how near they stand to one another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from connector.decision.learners.members import Networks
from connector.decision.learners.text_features import TextMatrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_FELLOWS = 200  # texts of one value among which nearness is measured
LONE, ALL_ALIKE = 0.3, 0.03  # the nearness of a text without fellows; the least spread there can be


class Custom(IntEnum):
    """The planes of what is usual, each row × value."""

    COVERED = 0  # the share of the text, by weight, in sequences that texts of the value use
    WORDS_COVERED = 1  # the same of its words alone
    NEARNESS = 2  # how like its likest fellow a text of the value is
    SPREAD = 3
    SIZE = 4
    MEANT = 5  # how like the likest text of the value it is by main directions, whatever words either uses
    MEANT_USUALLY = 6  # the same of the texts of the value among themselves


@dataclass(frozen=True, slots=True)
class Customs:
    """Learned from taught rows; `vocabulary` is value × column, 1 where a text of the value uses it."""

    vocabulary: Any  # scipy.sparse.csr_matrix
    nearness: NDArray[np.float32]
    spread: NDArray[np.float32]
    sizes: NDArray[np.float32]
    meaning: Meaning | None

    def planes(self, rows: TextMatrix) -> NDArray[np.float32]:
        """Custom × row × value."""
        weight = rows.weights.multiply(rows.weights).tocsr()
        shape = (len(rows), len(self.sizes))
        same = [np.broadcast_to(usual, shape) for usual in (self.nearness, self.spread, self.sizes)]
        meant = [np.zeros(shape)] * 2 if self.meaning is None else self.meaning.planes(rows)
        words = rows.word_columns
        covered = _covered(weight, self.vocabulary)
        return np.stack([covered, _covered(weight[:, :words], self.vocabulary[:, :words]), *same, *meant]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Meaning:
    """The taught texts by their main directions, those of one value side by side."""

    networks: Networks
    taught: NDArray[np.float32]
    starts: NDArray[np.intp]  # where the texts of each value seen begin
    seen: NDArray[np.intp]
    usual: NDArray[np.float32]

    def planes(self, rows: TextMatrix) -> list[NDArray[np.float32]]:
        near = np.zeros((len(rows), len(self.usual)), dtype=np.float32)
        view = self.networks.evened(rows) if len(rows) else np.zeros((0, self.taught.shape[1]), dtype=np.float32)
        for start in range(0, len(rows), 256):
            alike = view[start : start + 256] @ self.taught.T
            near[start : start + 256, self.seen] = np.maximum.reduceat(alike, self.starts, axis=1)
        return [near, np.broadcast_to(self.usual, near.shape)]


def learn_meaning(networks: Networks, rows: TextMatrix, labels: NDArray[np.intp], values: int) -> Meaning:
    order = np.argsort(labels, kind="stable")
    taught, usual = networks.evened(rows.take(order)), np.zeros(values, dtype=np.float32)
    seen, starts = np.unique(labels[order], return_index=True)
    for value, start in zip(seen, starts, strict=True):
        usual[value] = _fellows(taught[start : start + int((labels == value).sum())][:MOST_FELLOWS]).mean()
    return Meaning(networks, taught, starts, seen, usual)


def learn_customs(
    rows: TextMatrix, labels: NDArray[np.intp], values: int, *, meaning: Meaning | None = None
) -> Customs:
    from scipy.sparse import csr_matrix

    member = csr_matrix((np.ones(len(labels), np.float32), (labels, np.arange(len(labels)))), (values, len(labels)))
    used = rows.weights.copy()
    used.data = np.ones_like(used.data)
    vocabulary = (member @ used).tocsr()
    vocabulary.data = np.ones_like(vocabulary.data)
    nearness, spread = np.zeros(values, np.float32), np.ones(values, np.float32)
    for value in np.unique(labels):
        near = _fellows(rows.weights[np.flatnonzero(labels == value)[:MOST_FELLOWS]])
        nearness[value], spread[value] = near.mean(), near.std() + ALL_ALIKE
    sizes = np.log1p(np.bincount(labels, minlength=values)).astype(np.float32)
    return Customs(vocabulary, nearness, spread, sizes, meaning)


def _fellows(weights: Any) -> NDArray[np.float32]:
    """How like its likest fellow each text is."""
    if weights.shape[0] < 2:
        return np.full(weights.shape[0], LONE, dtype=np.float32)
    alike = weights @ weights.T
    alike = np.array(alike) if isinstance(alike, np.ndarray) else alike.toarray()
    np.fill_diagonal(alike, 0.0)
    return np.asarray(alike.max(axis=1), dtype=np.float32)


def _covered(weight: Any, vocabulary: Any) -> NDArray[np.float32]:
    total = np.asarray(weight.sum(axis=1)).ravel()
    return np.asarray((weight @ vocabulary.T).toarray() / np.maximum(total, 1e-9)[:, None], dtype=np.float32)
