"""Small charts as SVG text, in the colours of the page around them (CSS variables), without a script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 340, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 20, 12, 42


@dataclass(frozen=True, slots=True)
class Axes:
    """The frame of a chart: what its sides say and how far they go, from 0.

    Attributes:
        title: Read out in place of the picture.
        x: Says what runs to the right.
        y: Says what runs up.
        x_most: Where the x axis ends.
        y_most: Where the y axis ends.
        percent: Whether both count in percent; else the y axis counts things.
    """

    title: str
    x: str
    y: str
    x_most: float = 1.0
    y_most: float = 1.0
    percent: bool = True

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a value lies in the picture."""
        width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return _LEFT + width * x / self.x_most, _TOP + height * (1 - min(y, self.y_most) / self.y_most)

    def point(self, x: float, y: float) -> str:
        """Return the place as ``x,y``."""
        across, down = self.place(x, y)
        return f"{across:.1f},{down:.1f}"


def polyline(axes: Axes, points: Sequence[tuple[float, float]], *, css: str) -> str:
    """Return a line through the points."""
    joined = " ".join(axes.point(*point) for point in points)
    return f'<polyline class="{css}" points="{joined}"/>'


def dots(axes: Axes, points: Iterable[tuple[float, float, str]], *, css: str) -> str:
    """Return a dot for each ``x, y, label``; the label shows when pointed at."""
    made = []
    for x, y, label in points:
        across, down = axes.place(x, y)
        made.append(
            f'<circle class="{css}" cx="{across:.1f}" cy="{down:.1f}" r="4"><title>{escape(label)}</title></circle>'
        )
    return "".join(made)


def bar(axes: Axes, left: float, right: float, low: float, high: float, *, css: str, label: str) -> str:
    """Return a bar from ``low`` to ``high`` between two x values; nothing where it has no height."""
    if high <= low:
        return ""
    (x1, y1), (x2, y2) = axes.place(left, high), axes.place(right, low)
    size = f'x="{x1 + 0.5:.1f}" y="{y1:.1f}" width="{x2 - x1 - 1:.1f}" height="{y2 - y1:.1f}"'
    return f'<rect class="{css}" {size}><title>{escape(label)}</title></rect>'


def chart(axes: Axes, *drawn: str) -> str:
    """Return the whole picture: frame, grid, labels, and what is drawn in it."""
    parts = [_grid(axes), *drawn, _labels(axes)]
    head = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(axes.title)}">'
    return f"{head}{''.join(parts)}</svg>"


def _grid(axes: Axes) -> str:
    lines = []
    for step in range(6):
        share = step / 5
        (x, floor), (_, ceiling) = axes.place(share * axes.x_most, 0), axes.place(0, axes.y_most)
        (start, y), (end, _) = axes.place(0, share * axes.y_most), axes.place(axes.x_most, 0)
        lines.append(f'<path class="grid" d="M{x:.1f} {floor:.1f}V{ceiling:.1f}M{start:.1f} {y:.1f}H{end:.1f}"/>')
        across = f"{share * axes.x_most:.0%}" if axes.percent else f"{share * axes.x_most:.1f}"
        up = f"{share * axes.y_most:.0%}" if axes.percent else f"{share * axes.y_most:.0f}"
        lines.append(f'<text x="{x:.1f}" y="{floor + 16:.1f}" text-anchor="middle">{across}</text>')
        lines.append(f'<text x="{start - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{up}</text>')
    return "".join(lines)


def _labels(axes: Axes) -> str:
    middle_x, middle_y = (_LEFT + _WIDTH - _RIGHT) / 2, (_TOP + _HEIGHT - _BOTTOM) / 2
    turned = f'transform="rotate(-90 12 {middle_y:.0f})"'
    return (
        f'<text class="label" x="{middle_x:.0f}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(axes.x)}</text>'
        f'<text class="label" x="12" y="{middle_y:.0f}" text-anchor="middle" {turned}>{escape(axes.y)}</text>'
    )
