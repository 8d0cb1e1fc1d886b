"""Charts as SVG: values in, markup out. Colours come from the page's style sheet by class, so that they fit dark and light.

No chart carries inline style or script, so the page's content policy need not allow any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from connector.calibration import as_percent

WIDE, NARROW, HEIGHT = 980, 620, 200
_LEFT, _BOTTOM, _TOP = 44, 24, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One named row of values in a chart; `tone` is the class that colours it."""

    name: str
    tone: str
    values: Sequence[float]


def stacked_days(days: Sequence[str], series: Sequence[Series], *, title: str, width: int = WIDE) -> str:
    """A bar a day, its parts one on the other. Values are counts."""
    tops = [sum(one.values[place] for one in series) for place in range(len(days))]
    most = _nice(max(tops, default=0.0))
    slot = (width - _LEFT) / max(len(days), 1)
    parts = [*_ground(most, width)]
    for place, day in enumerate(days):
        base = 0.0
        for one in series:
            value = one.values[place]
            if value > 0:
                height = _length(value, most)
                parts.append(
                    f'<rect class="{one.tone}" x="{_LEFT + place * slot + 1:.1f}" '
                    f'y="{HEIGHT - _BOTTOM - _length(base, most) - height:.1f}" width="{max(slot - 2, 1):.1f}" '
                    f'height="{height:.1f}"><title>{escape(day)}: {value:g} {escape(one.name)}</title></rect>'
                )
                base += value
    return _svg([*parts, *_day_marks(days, slot)], title, width=width)


def line_of_days(
    days: Sequence[str], values: Sequence[float | None], *, title: str, target: float | None = None, width: int = NARROW
) -> str:
    """A share per day between 0 and 1; days without a value are gaps. `target` is drawn as a line of its own."""
    slot = (width - _LEFT) / max(len(days), 1)
    parts = [*_ground(1.0, width, percent=True)]
    if target is not None:
        y = HEIGHT - _BOTTOM - _length(target, 1.0)
        parts.append(f'<line class="target" x1="{_LEFT}" x2="{width}" y1="{y:.1f}" y2="{y:.1f}"/>')
    points: list[str] = []
    for place, value in enumerate(values):
        if value is None:
            continue
        x, y = _LEFT + (place + 0.5) * slot, HEIGHT - _BOTTOM - _length(value, 1.0)
        points.append(f"{x:.1f},{y:.1f}")
        said = f"{escape(days[place])}: {value:.1%}"
        parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{said}</title></circle>')
    parts.insert(1, f'<polyline class="line" points="{" ".join(points)}"/>')
    return _svg([*parts, *_day_marks(days, slot)], title, width=width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One bin of a reliability diagram: how sure, how often right, over how many."""

    sure: float
    right: float
    count: int


def reliability(points: Sequence[Point], *, title: str) -> str:
    """How sure against how often right; on the diagonal a confidence means what it says. Dots grow with their rows."""
    size = HEIGHT - _BOTTOM - _TOP
    most = max((point.count for point in points), default=1)
    parts = [
        f'<rect class="ground" x="{_LEFT}" y="{_TOP}" width="{size}" height="{size}"/>',
        f'<line class="target" x1="{_LEFT}" y1="{_TOP + size}" x2="{_LEFT + size}" y2="{_TOP}"/>',
        f'<text x="{_LEFT - 6}" y="{_TOP + 8}" text-anchor="end">100%</text>',
        f'<text x="{_LEFT - 6}" y="{_TOP + size}" text-anchor="end">0</text>',
        f'<text x="{_LEFT + size / 2}" y="{HEIGHT - 6}" text-anchor="middle">how sure</text>',
    ]
    for point in points:
        radius = 3 + 6 * (point.count / most) ** 0.5
        said = f"{as_percent(point.sure)} sure, {as_percent(point.right)} right, {point.count} judged"
        parts.append(
            f'<circle class="dot" cx="{_LEFT + point.sure * size:.1f}" cy="{_TOP + (1 - point.right) * size:.1f}" '
            f'r="{radius:.1f}"><title>{said}</title></circle>'
        )
    return _svg(parts, title, width=_LEFT + size + 8)


def _ground(most: float, width: int, *, percent: bool = False) -> list[str]:
    """Three guide lines with their values."""
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP)
        value = f"{share:.0%}" if percent else f"{most * share:g}"
        parts.append(f'<line class="guide" x1="{_LEFT}" x2="{width}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value}</text>')
    return parts


def _day_marks(days: Sequence[str], slot: float) -> list[str]:
    step = max(len(days) // 6, 1)
    # The last days have no mark: it would run over the edge.
    marked = [(_LEFT + (place + 0.5) * slot, days[place][5:]) for place in range(0, max(len(days) - 1, 1), step)]
    return [f'<text x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(day)}</text>' for x, day in marked]


def _length(value: float, most: float) -> float:
    return value / most * (HEIGHT - _BOTTOM - _TOP) if most else 0.0


def _nice(most: float) -> float:
    """The next round number, so that the guide lines read well."""
    if most <= 0:
        return 1.0
    size = 1.0
    while size * 10 < most:
        size *= 10
    return next(step * size for step in (1, 2, 4, 5, 10) if step * size >= most)


def _svg(parts: Sequence[str], title: str, *, width: float) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {width:.0f} {HEIGHT}" role="img" aria-label="{escape(title, quote=True)}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )
