"""Which records to compare at all: those that spell alike, and those that share a rare value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEIGHBOURS = 10
AT_ONCE = 500  # rows compared with all others in one product
RARE = 12  # a value that more records share is no reason to compare them all
SHORTEST_KEY = 4
COMMON_SEQUENCE = 0.2
MOST_COLUMNS = 2**18

Columns = Mapping[str, Sequence[str]]


def candidate_pairs(columns: Columns, count: int) -> NDArray[np.intp]:
    """Pairs of row numbers, the smaller first, each once, in order."""
    pairs = {*_neighbours(columns, count), *_sharing(columns)}
    return np.array(sorted(pairs), dtype=np.intp).reshape(len(pairs), 2)


def _neighbours(columns: Columns, count: int) -> set[tuple[int, int]]:
    """Each record with the ten that spell most alike, all fields together."""
    rows = _spelled([" ".join(cells) for cells in zip(*columns.values(), strict=True)])
    if rows is None:
        return set()
    pairs: set[tuple[int, int]] = set()
    turned = rows.T.tocsr()
    for start in range(0, count, AT_ONCE):
        alike = (rows[start : start + AT_ONCE] @ turned).tocsr()
        for row in range(alike.shape[0]):
            begin, end = alike.indptr[row], alike.indptr[row + 1]
            others, near = alike.indices[begin:end], alike.data[begin:end]
            best = others[np.argpartition(-near, min(NEIGHBOURS, len(near) - 1))[: NEIGHBOURS + 1]] if len(near) else others
            mine = start + row
            pairs.update((min(mine, other), max(mine, other)) for other in best.tolist() if other != mine)
    return pairs


def _spelled(texts: Sequence[str]) -> Any | None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(texts):
        return None
    spelling = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 3), max_features=MOST_COLUMNS, sublinear_tf=True, dtype=np.float32,
        max_df=COMMON_SEQUENCE if len(texts) > 200 else 1.0,
    )
    try:
        return spelling.fit_transform(texts)
    except ValueError:  # nothing is left once common sequences are gone: scikit-learn's "After pruning, no terms remain"
        return None


def _sharing(columns: Columns) -> set[tuple[int, int]]:
    """Records that hold the same rare value in one field."""
    pairs: set[tuple[int, int]] = set()
    for cells in columns.values():
        holders: defaultdict[str, list[int]] = defaultdict(list)
        for row, cell in enumerate(cells):
            if len(cell) >= SHORTEST_KEY:
                holders[cell].append(row)
        for rows in holders.values():
            if 1 < len(rows) <= RARE:
                pairs.update((one, other) for place, one in enumerate(rows) for other in rows[place + 1 :])
    return pairs
