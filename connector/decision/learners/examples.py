"""The examples a route learner is taught: texts with a value, bounded in number and length, repeats kept together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connector.calibration import content_key
from connector.decision.learners.effort import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHORTEST_REACH = 200
FEWEST_STRANGERS = 15  # different texts; fewer teach nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Rows to learn from. `groups` numbers the distinct contents; `reach` is how much of a text is read."""

    texts: tuple[str, ...]
    values: tuple[str, ...]
    labels: NDArray[np.intp]
    groups: NDArray[np.intp]
    reach: int
    strangers: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)


def gather(
    texts: Sequence[str], values: Sequence[str | None], *, recipe: Recipe, seed: int, strangers: Sequence[str] = ()
) -> Examples:
    """The rows with both a text and a value, at most as many and as long as the recipe affords; strangers once each.

    A text that also has a value is no stranger.
    """
    if len(texts) != len(values):
        raise ValueError(f"{len(texts)} texts for {len(values)} values")
    kept = [(text[: recipe.reach], value) for text, value in zip(texts, values, strict=True) if _says(text, value)]
    names = tuple(sorted({value for _, value in kept if value is not None}))
    number = {name: place for place, name in enumerate(names)}
    labels = np.array([number[value] for _, value in kept if value is not None], dtype=np.intp)
    chosen = _sampled(labels, recipe.rows, seed)
    cut = [kept[row][0] for row in chosen]
    keys: dict[str, int] = {}
    groups = [keys.setdefault(content_key(text), len(keys)) for text in cut]
    return Examples(
        texts=tuple(cut), values=names, labels=labels[chosen], groups=np.array(groups, dtype=np.intp),
        reach=_reach(cut, recipe), strangers=_strangers(strangers, keys, recipe),
    )


def _strangers(strangers: Sequence[str], known: Collection[str], recipe: Recipe) -> tuple[str, ...]:
    said = {content_key(text): text[: recipe.reach] for text in strangers if text[: recipe.reach].strip()}
    said = {key: text for key, text in said.items() if key not in known}
    return tuple(said.values())[: recipe.strangers] if len(said) >= FEWEST_STRANGERS else ()


def folds(examples: Examples, count: int, *, seed: int) -> NDArray[np.intp]:
    """A fold for every row: values spread evenly, equal contents always together.

    Two different contents are never all in one fold: then nobody would be left to teach.
    """
    order = np.random.default_rng(seed).permutation(len(examples))
    fold_of_group: dict[int, int] = {}
    turn = np.zeros(len(examples.values), dtype=np.intp)
    start = np.arange(len(examples.values)) % count
    for row in order:
        group, label = int(examples.groups[row]), int(examples.labels[row])
        if group not in fold_of_group:
            fold_of_group[group] = int(start[label] + turn[label]) % count
            turn[label] += 1
    fold = np.array([fold_of_group[int(group)] for group in examples.groups], dtype=np.intp)
    return fold if np.ptp(fold) else examples.groups % count


def _says(text: str, value: str | None) -> bool:
    return bool(value and value.strip()) and bool(text and text[:100_000].strip())


def _sampled(labels: NDArray[np.intp], most: int, seed: int) -> NDArray[np.intp]:
    """Every row if they fit; else rare values whole and the others thinned alike."""
    if len(labels) <= most:
        return np.arange(len(labels))
    order = np.random.default_rng(seed).permutation(len(labels))
    rank, place = np.zeros(len(labels)), np.zeros(int(labels.max()) + 1)
    counts = np.bincount(labels)
    for row in order:
        rank[row] = place[labels[row]] / max(counts[labels[row]] - 2, 1) if place[labels[row]] >= 2 else -1.0
        place[labels[row]] += 1
    return np.sort(np.lexsort((np.arange(len(labels)), rank))[:most])


def _reach(texts: Sequence[str], recipe: Recipe) -> int:
    """The longest cut at which all texts together stay affordable."""
    lengths = np.array([len(text) for text in texts] or [0])
    for reach in (recipe.reach, 4_000, 2_000, 1_000, 500):
        if np.minimum(lengths, reach).sum() <= recipe.characters:
            return reach
    return SHORTEST_REACH
