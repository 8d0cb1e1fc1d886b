"""The request learner: does a sentence ask or propose something? Learned from sentences people have judged.

Four straight lines: two over the words and letters of a text, two over its outline, of each pair one over columns weighted
by how much they tell; averaged and calibrated on held-back rows. How common requests are differs from mailbox to mailbox,
and is corrected for without labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.calibration import content_key, distinct_by_content
from connector.decision.learners.route import one_thread
from connector.decision.learners.storage import read_verified, write_private
from connector.errors import StateError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from connector.decision.learners.asks_text import AskFeatures

FEWEST_OF_A_KIND = 10
MOST_TEXTS = 30_000
FOLDS = 4
MOST_SHIFT = 4.0  # times the odds a mailbox may differ: more is a learner that knows nothing
ENOUGH_TO_CORRECT = 100  # texts from which their own rate of requests can be told
BATCH = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingToAsk:
    """The judged sentences do not tell requests from other sentences: too few, or all of one kind."""

    texts: int
    requests: int

    def __str__(self) -> str:
        if not self.texts:
            return "no row has both a text and a label: there is nothing to learn from"
        return (
            f"{self.texts} different texts, {self.requests} of them requests: at least {FEWEST_OF_A_KIND} of each kind "
            "are needed"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLearner:
    """A fitted request learner. `rate` is how common requests were among what taught it; `cut` is where a request begins."""

    features: AskFeatures
    lines: tuple[_Line, ...]
    slope: float
    offset: float
    rate: float
    cut: float

    def chances(self, texts: Sequence[str]) -> list[float]:
        """The chance that each text asks for something; a blank one does not."""
        import numpy as np
        from scipy.special import expit

        chances: list[float] = []
        with one_thread():
            for start in range(0, len(texts), BATCH):
                rows = self.features.rows(texts[start : start + BATCH])
                raw = np.mean([line.says(rows) for line in self.lines], axis=0)
                chances.extend(expit(self.slope * raw + self.offset).tolist())
        return [chance if text.strip() else 0.0 for chance, text in zip(chances, texts, strict=True)]

    def corrected(self, chances: Sequence[float]) -> list[float]:
        """The same chances where requests are as common as these texts suggest; too few texts suggest nothing."""
        if len(chances) < ENOUGH_TO_CORRECT:
            return list(chances)
        return _shifted(chances, self.rate, rate_among(chances, self.rate))

    def save(self, path: Path) -> str:
        """Write to a file that only the owner can read. Keep the returned sha256: `load_requests` asks for it."""
        return write_private(self, path)


@dataclass(frozen=True, slots=True)
class _Line:
    """A straight line over weighted columns, scaled to speak as loudly as the others."""

    columns: Any
    weights: Any
    offset: float
    loudness: float

    def says(self, rows: Any) -> NDArray[np.float64]:
        import numpy as np

        return np.asarray((rows @ (self.columns * self.weights) + self.offset) / self.loudness, dtype=float)


def fit_requests(texts: Sequence[str], asks: Sequence[bool | None], *, seed: int) -> RequestLearner | NothingToAsk:
    """Learn from judged sentences; blank or unjudged ones are left out, and a repeated one counts once."""
    import numpy as np

    judged = [(text, ask) for text, ask in zip(texts, asks, strict=True) if ask is not None and text.strip()]
    judged = distinct_by_content(judged, lambda row: content_key(row[0][:10_000]))
    labels = np.array([ask for _, ask in judged], dtype=bool)
    if min(int(labels.sum()), int((~labels).sum())) < FEWEST_OF_A_KIND:
        return NothingToAsk(texts=len(judged), requests=int(labels.sum()))
    chosen = np.sort(np.random.default_rng(seed).permutation(len(judged))[:MOST_TEXTS])
    kept = [judged[place][0] for place in chosen.tolist()]
    with one_thread():
        return _taught(kept, labels[chosen], seed)


def load_requests(path: Path, *, sha256: str) -> RequestLearner:
    """Read a saved learner back. The file MUST have the digest that `save` returned: it is checked before use."""
    learner = read_verified(path, sha256=sha256)
    if not isinstance(learner, RequestLearner):
        raise StateError(f"{path.name} does not hold a request learner")
    return learner


def _taught(texts: Sequence[str], asks: NDArray[np.bool_], seed: int) -> RequestLearner:
    import numpy as np
    from scipy.special import expit
    from sklearn.linear_model import LogisticRegression

    from connector.decision.learners.asks_text import AskFeatures

    held_back = np.zeros(len(texts))
    fold = _folds(asks, seed)
    for turn in range(FOLDS):
        mine, others = np.flatnonzero(fold == turn), np.flatnonzero(fold != turn)
        features = AskFeatures([texts[row] for row in others.tolist()])
        taught = features.rows([texts[row] for row in others.tolist()])
        lines = _lines(taught, asks[others], features.outlined_from)
        rows = features.rows([texts[row] for row in mine.tolist()])
        held_back[mine] = np.mean([line.says(rows) for line in lines], axis=0)
    scale = LogisticRegression(C=100.0).fit(held_back[:, None], asks)
    # Rows held back that come out the wrong way round are noise: it is not followed backwards.
    slope, offset = max(float(scale.coef_[0, 0]), 0.0), float(scale.intercept_[0])
    features = AskFeatures(texts)
    return RequestLearner(
        features=features, lines=_lines(features.rows(texts), asks, features.outlined_from), slope=slope, offset=offset,
        rate=float(asks.mean()), cut=best_cut(expit(slope * held_back + offset).tolist()),
    )


def _folds(asks: NDArray[np.bool_], seed: int) -> NDArray[np.intp]:
    """A fold for every row, both kinds spread evenly."""
    import numpy as np

    fold = np.zeros(len(asks), dtype=np.intp)
    chance = np.random.default_rng(seed)
    for kind in (True, False):
        rows = chance.permutation(np.flatnonzero(asks == kind))
        fold[rows] = np.arange(len(rows)) % FOLDS
    return fold


def _lines(rows: Any, asks: NDArray[np.bool_], outlined_from: int) -> tuple[_Line, ...]:
    """A plain and a weighted line over what is said, and over how it is said."""
    import numpy as np

    from connector.decision.learners.asks_text import telling

    weights, column = telling(rows, asks), np.arange(rows.shape[1])
    lines: list[_Line] = []
    for part in (column < outlined_from, column >= outlined_from):
        lines += [_line(rows, part.astype(float), asks, 3.0), _line(rows, part * weights, asks, 10.0)]
    return tuple(lines)


def _line(rows: Any, columns: Any, asks: NDArray[np.bool_], trust: float) -> _Line:
    from scipy.sparse import diags
    from sklearn.linear_model import LogisticRegression

    weighted = (rows @ diags(columns)).tocsr()
    model = LogisticRegression(C=trust, max_iter=300, tol=1e-3).fit(weighted, asks)
    loudness = float(model.decision_function(weighted).std()) or 1.0
    return _Line(columns, model.coef_[0], float(model.intercept_[0]), loudness)


def rate_among(chances: Sequence[float], rate: float) -> float:
    """How common requests are among texts, by the chances a learner gave that was taught at another rate.

    Method: Saerens, Latinne, Decaestecker, Neural Computation 14 (2002).
    """
    odds, guess = rate / (1.0 - rate), rate
    lowest, highest = odds / MOST_SHIFT / (1.0 + odds / MOST_SHIFT), odds * MOST_SHIFT / (1.0 + odds * MOST_SHIFT)
    for _ in range(100):
        before, guess = guess, sum(_shifted(chances, rate, guess)) / len(chances)
        guess = min(max(guess, lowest), highest)
        if abs(before - guess) < 1e-6:
            break
    return guess


def _shifted(chances: Sequence[float], rate: float, actual: float) -> list[float]:
    yes, no = actual / rate, (1.0 - actual) / (1.0 - rate)
    return [chance * yes / (chance * yes + (1.0 - chance) * no) for chance in chances]


def best_cut(chances: Sequence[float]) -> float:
    """The chance from which calling it a request gives the best F1 to be expected, if the chances are honest.

    It lies midway between the last called and the first left out: one exactly as sure as the last may come out a hair less.
    """
    ranked = sorted(chances, reverse=True)
    total, sure = sum(ranked), 0.0
    best, cut = -1.0, 0.5
    for count, (chance, below) in enumerate(zip(ranked, [*ranked[1:], 0.0], strict=False), start=1):
        sure += chance
        expected = 2.0 * sure / (count + total)
        if expected > best:
            best, cut = expected, (chance + below) / 2.0
    return cut
