"""Maps from what a learner says to how often it is right: isotonic steps, or plain bins where there are few rows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationMap:
    """A non-decreasing step function: from `edges[i]` on, a score means `shares[i]`."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]

    def __call__(self, score: float) -> float:
        return self.shares[max(bisect_right(self.edges, score) - 1, 0)]


def isotonic_map(scores: Sequence[float], right: Sequence[bool]) -> CalibrationMap:
    """The best non-decreasing fit (pool adjacent violators). Equal scores share one step."""
    _check(scores, right)
    blocks: list[_Block] = []
    for score, hit in sorted(zip(scores, right, strict=True)):
        if blocks and blocks[-1].top == score:
            blocks[-1] = _Block(blocks[-1].start, score, blocks[-1].hits + bool(hit), blocks[-1].rows + 1)
        else:
            blocks.append(_Block(score, score, int(bool(hit)), 1))
    return _as_map(_pooled(blocks))


def binned_map(scores: Sequence[float], right: Sequence[bool], *, bins: int = 10, prior: float = 2.0) -> CalibrationMap:
    """Bins of equal count, each drawn towards the overall share by `prior` rows, then made non-decreasing."""
    _check(scores, right)
    rows = sorted(zip(scores, right, strict=True))
    overall = sum(bool(hit) for _, hit in rows) / len(rows)
    blocks: list[_Block] = []
    size = max(len(rows) // bins, 1)
    for score, hit in rows:
        last = blocks[-1] if blocks else None
        if last is not None and (last.rows < size + prior or last.top == score):
            blocks[-1] = _Block(last.start, score, last.hits + bool(hit), last.rows + 1)
        else:
            blocks.append(_Block(score, score, bool(hit) + overall * prior, 1 + prior))
    return _as_map(_pooled(blocks))


@dataclass(frozen=True, slots=True)
class _Block:
    """Neighbouring scores that share one step."""

    start: float
    top: float
    hits: float
    rows: float

    @property
    def share(self) -> float:
        return self.hits / self.rows


def _pooled(blocks: Sequence[_Block]) -> list[_Block]:
    pooled: list[_Block] = []
    for block in blocks:
        current = block
        while pooled and pooled[-1].share >= current.share:
            before = pooled.pop()
            current = _Block(before.start, current.top, before.hits + current.hits, before.rows + current.rows)
        pooled.append(current)
    return pooled


def _as_map(blocks: Sequence[_Block]) -> CalibrationMap:
    return CalibrationMap(edges=tuple(b.start for b in blocks), shares=tuple(b.share for b in blocks))


def _check(scores: Sequence[float], right: Sequence[bool]) -> None:
    if len(scores) != len(right):
        raise ValueError(f"{len(scores)} scores for {len(right)} judgements")
    if not scores:
        raise ValueError("a calibration map needs at least one judgement")
