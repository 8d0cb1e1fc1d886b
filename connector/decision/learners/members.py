"""The members of a committee: five ways to judge which value a text calls for, each giving one score per value."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, assert_never

import numpy as np

from connector.decision.learners.effort import MemberName
from connector.decision.learners.text_features import TextMatrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLOOR = -20.0
NEIGHBOURS = 10
DIRECTIONS = 400


class Member(Protocol):
    """Scores every value for every row; higher is likelier, differences are what counts."""

    def scores(self, rows: TextMatrix) -> NDArray[np.float32]: ...


def fit_member(name: MemberName, rows: TextMatrix, labels: NDArray[np.intp], values: int, *, seed: int) -> Member:
    """A member taught these rows. Values it never saw get the lowest score it gives."""
    if len(np.unique(labels)) < 2:
        return _Constant(values, int(labels[0]) if len(labels) else 0)
    match name:
        case MemberName.MARGIN:
            return _margin(rows, labels, values, seed)
        case MemberName.NEIGHBOURS:
            return Neighbours(rows.weights, labels, values)
        case MemberName.NETWORKS:
            return _networks(rows, labels, values, seed)
        case MemberName.WORDS:
            return _counts(rows, labels, values, part=slice(0, rows.word_columns), smoothing=0.1)
        case MemberName.LETTERS:
            return _counts(rows, labels, values, part=slice(rows.word_columns, None), smoothing=0.05)
        case _:
            assert_never(name)


@dataclass(frozen=True, slots=True)
class _Constant:
    """All that can be learned from a single value."""

    values: int
    only: int

    def scores(self, rows: TextMatrix) -> NDArray[np.float32]:
        scores = np.full((len(rows), self.values), -1.0, dtype=np.float32)
        scores[:, self.only] = 0.0
        return scores


@dataclass(frozen=True, slots=True)
class _Linear:
    """One weight per column and value, learned to keep the values apart by a margin."""

    weights: NDArray[np.float32]  # columns × values seen
    offset: NDArray[np.float32]
    seen: NDArray[np.intp]
    values: int

    def scores(self, rows: TextMatrix) -> NDArray[np.float32]:
        return _spread(np.asarray(rows.weights @ self.weights) + self.offset, self.seen, self.values)


@dataclass(frozen=True, slots=True)
class _Counts:
    """Which sequences occur with which value (naive Bayes); every value is as likely before the text is read."""

    rates: NDArray[np.float32]  # log-rates, columns × values seen
    part: slice
    seen: NDArray[np.intp]
    values: int

    def scores(self, rows: TextMatrix) -> NDArray[np.float32]:
        return _spread(_log_softmax(np.asarray(_present(rows, self.part) @ self.rates)), self.seen, self.values)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The most similar taught texts vote, the nearer the louder."""

    taught: Any  # scipy.sparse.csr_matrix, unit rows
    labels: NDArray[np.intp]
    values: int

    def nearest(self, rows: TextMatrix) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        """Similarity and value of the nearest taught texts, nearest first."""
        count = min(NEIGHBOURS, self.taught.shape[0])
        near, who = [], []
        for start in range(0, len(rows), 256):
            alike = (rows.weights[start : start + 256] @ self.taught.T).toarray()
            top = np.argpartition(-alike, count - 1, axis=1)[:, :count]
            close = np.take_along_axis(alike, top, axis=1)
            order = np.argsort(-close, axis=1, kind="stable")
            near.append(np.take_along_axis(close, order, axis=1))
            who.append(self.labels[np.take_along_axis(top, order, axis=1)])
        if not near:
            return np.zeros((0, count), dtype=np.float32), np.zeros((0, count), dtype=np.intp)
        return np.vstack(near), np.vstack(who)

    def scores(self, rows: TextMatrix) -> NDArray[np.float32]:
        return self.votes(*self.nearest(rows))

    def votes(self, near: NDArray[np.float32], who: NDArray[np.intp]) -> NDArray[np.float32]:
        votes = np.zeros((len(near), self.values), dtype=np.float32)
        np.add.at(votes, (np.arange(len(near))[:, None], who), near**2)
        return np.asarray(np.log(votes + 0.02), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Networks:
    """Small neural networks over the main directions of the text space, their opinions averaged."""

    directions: Any  # sklearn TruncatedSVD
    evening: NDArray[np.float32]
    networks: tuple[Any, ...]  # sklearn MLPClassifier; the first reads the directions as they are, the other evened
    seen: NDArray[np.intp]
    values: int

    def scores(self, rows: TextMatrix) -> NDArray[np.float32]:
        views = _views(self.directions, self.evening, rows)
        logs = [np.log(net.predict_proba(view) + 1e-7) for net, view in zip(self.networks, views, strict=True)]
        return _spread(np.mean(logs, axis=0), self.seen, self.values)

    def evened(self, rows: TextMatrix) -> NDArray[np.float32]:
        """The rows by their main directions, each direction as loud as the others, unit length."""
        return _views(self.directions, self.evening, rows)[1]


def _margin(rows: TextMatrix, labels: NDArray[np.intp], values: int, seed: int) -> Member:
    from sklearn.svm import LinearSVC

    model = LinearSVC(C=1.0, tol=1e-3, max_iter=500, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(rows.weights, labels)
    weights, offset = _two_sided(model.coef_, model.intercept_)
    return _Linear(weights, offset, model.classes_, values)


def _counts(rows: TextMatrix, labels: NDArray[np.intp], values: int, *, part: slice, smoothing: float) -> Member:
    from sklearn.naive_bayes import MultinomialNB

    model = MultinomialNB(alpha=smoothing, fit_prior=False).fit(_present(rows, part), labels)
    return _Counts(np.ascontiguousarray(model.feature_log_prob_.T, dtype=np.float32), part, model.classes_, values)


def _present(rows: TextMatrix, part: slice) -> Any:
    pattern = rows.weights[:, part].copy()
    pattern.data = np.ones_like(pattern.data)
    return pattern


def _networks(rows: TextMatrix, labels: NDArray[np.intp], values: int, seed: int) -> Networks:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.neural_network import MLPClassifier

    count = max(min(DIRECTIONS, len(rows) - 1, rows.weights.shape[1] - 1), 1)
    directions = TruncatedSVD(count, random_state=seed).fit(rows.weights)
    evening = (1.0 / np.sqrt(np.maximum(directions.singular_values_, 1e-3))).astype(np.float32)
    networks = []
    for number, view in enumerate(_views(directions, evening, rows)):
        network = MLPClassifier(
            (512,), alpha=1e-3, batch_size=min(128, len(rows)), learning_rate_init=2e-3,
            max_iter=_rounds(len(rows)), random_state=seed + number,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it stops after its rounds, converged or not: that is meant
            networks.append(network.fit(view, labels))
    return Networks(directions, evening, tuple(networks), networks[0].classes_, values)


def _rounds(rows: int) -> int:
    """Fewer rows need more rounds to see as many steps, within reason."""
    return int(np.clip(100_000 // max(rows, 1), 10, 40)) if rows < 6_000 else 15


def _views(directions: Any, evening: NDArray[np.float32], rows: TextMatrix) -> tuple[NDArray[np.float32], ...]:
    from sklearn.preprocessing import normalize

    plain = np.asarray(directions.transform(rows.weights), dtype=np.float32)
    return normalize(plain), normalize(plain * evening)


def _two_sided(weights: Any, offset: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """scikit-learn keeps one row for two values; here each value has its own."""
    if len(weights) == 1:
        weights, offset = np.vstack([-weights, weights]) / 2.0, np.concatenate([-offset, offset]) / 2.0
    return np.ascontiguousarray(weights.T, dtype=np.float32), np.asarray(offset, dtype=np.float32)


def _log_softmax(raw: Any) -> Any:
    from scipy.special import log_softmax

    return log_softmax(raw, axis=1)


def _spread(raw: Any, seen: NDArray[np.intp], values: int) -> NDArray[np.float32]:
    if len(seen) == values:
        return np.asarray(raw, dtype=np.float32)
    low = raw.min(axis=1, keepdims=True) if raw.size else np.full((len(raw), 1), FLOOR)
    scores = np.repeat(low, values, axis=1).astype(np.float32)
    scores[:, seen] = raw
    return scores
