"""The frame of charts with one row per name: labels left, a plot in the middle, figures in columns right.

Figures stand in columns of their own, so they never collide with bars, however long or negative those are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter, MaxNLocator

from . import style
from .canvas import SIZE, SMALL, WIDTH, new_figure, text_width, wrapped

__all__ = ["RowFrame", "ShortTicks", "row_frame", "spread", "whisker"]

_LABEL_ROOM, _HEADER_ROOM = 185.0, 90.0  # points
_GAP = 10.0
_TOP, _HEADER, _BOTTOM = 26.0, 16.0, 38.0


class ShortTicks(Formatter):
    """Axis ticks in one short unit: 0, 0.5 M, 1.0 M."""

    def __call__(self, value: float, position: int | None = None) -> str:
        """The text of one tick, without knowing its neighbours."""
        return style.short(value, 4)

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """The texts of all ticks together."""
        return style.tick_labels(values)


@dataclass(frozen=True)
class RowFrame:
    """A figure with its axes; row i is at height i, from the top down.

    Attributes:
        figure: the figure.
        axes: what to draw in.
        rows: how many rows there are.
    """

    figure: Figure
    axes: Axes
    rows: int

    def remark(self, text: str) -> None:
        """Say something about the axis, in small print above it."""
        room = WIDTH * self.axes.get_position().width
        self.axes.text(
            0.0,
            1.0 + 5 / (72 * self.figure.get_figheight() * self.axes.get_position().height),
            wrapped(text, room, SMALL, lines=1)[0],
            transform=self.axes.transAxes,
            va="bottom",
            fontsize=SMALL,
            color=style.MUTED,
        )


def row_frame(
    labels: Sequence[str],
    columns: Sequence[tuple[str, Sequence[str]]],
    x_title: str,
    *,
    row_height: float = 25.0,
    strong: Sequence[int] = (),
) -> RowFrame:
    """Lay out a chart with one row per label.

    Args:
        labels: one per row.
        columns: header and texts (one per row) of each column to the right.
        x_title: what the axis measures, with its unit.
        row_height: in points.
        strong: rows whose label and figures are bold, such as totals.

    Returns:
        The frame, ready to draw in.
    """
    parts = [wrapped(label, _LABEL_ROOM, bold=i in strong) for i, label in enumerate(labels)]
    left = max(text_width(part, bold=True) for lines in parts for part in lines) + _GAP
    columns = [(wrapped(header, _HEADER_ROOM, SMALL, lines=1)[0], texts) for header, texts in columns]
    widths = [
        max(text_width(header, SMALL), *(text_width(text, bold=bool(strong)) for text in texts)) + 14
        for header, texts in columns
    ]
    right = sum(widths) + 4 if widths else 12.0
    height = _TOP + _HEADER + row_height * len(labels) + _BOTTOM
    figure = new_figure(height)
    room = WIDTH - left - right
    axes = figure.add_axes((left / WIDTH, _BOTTOM / height, room / WIDTH, row_height * len(labels) / height))
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks([])
    axes.tick_params(axis="x", length=0, pad=5)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="x")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=max(3, int(room // 60)), steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(ShortTicks())
    if x_title:
        axes.set_xlabel(wrapped(x_title, room, SIZE, lines=1)[0], fontsize=SIZE, labelpad=4)
    sideways = axes.get_yaxis_transform()  # x as a share of the axes, y in rows
    line = 11.0 / row_height
    for i, lines in enumerate(parts):
        weight = "bold" if i in strong else "normal"
        for k, part in enumerate(lines):
            at = i + (k - (len(lines) - 1) / 2) * line
            axes.text(
                -_GAP / room, at, part, transform=sideways, ha="right", va="center_baseline", weight=weight
            )
        edge = room
        for (_, texts), width in zip(columns, widths):
            edge += width
            axes.text(
                edge / room, i, texts[i], transform=sideways, ha="right", va="center_baseline", weight=weight
            )
    edge = room
    for (header, _), width in zip(columns, widths):
        edge += width
        axes.text(
            edge / room,
            -0.5 - 5 / row_height,
            header,
            transform=sideways,
            ha="right",
            va="bottom",
            fontsize=SMALL,
            color=style.MUTED,
        )
    return RowFrame(figure, axes, len(labels))


def spread(*values: float, zero: bool = True) -> tuple[float, float]:
    """Limits of an axis that shows all values with a little air.

    Args:
        values: what must be seen.
        zero: zero must be seen too, and no air is added beyond it.

    Returns:
        Lowest and highest end; they differ.

    Example:
        >>> spread(0, 100), spread(0.0)
        ((0.0, 103.0), (0.0, 1.0))
    """
    low, high = float(min(values)), float(max(values))
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= max(1e-12 * max(abs(low), abs(high)), 1e-100):
        return (low, low + 1.0) if zero else (low - 0.5, high + 0.5)
    air = 0.03 * (high - low)
    return (low if zero and low == 0 else low - air), (high if zero and high == 0 else high + air)


def whisker(axes: Axes, low: float, high: float, row: float, mark: str) -> None:
    """Draw a range as a thin line with a stroke at either end.

    Args:
        axes: where.
        low: left end.
        high: right end.
        row: height.
        mark: name of the line in the SVG.
    """
    ends, level = [low, high], [row, row]
    # White below black is seen on dark bars and on white.
    for colour, width, name in (("white", 2.6, None), (style.INK, 0.9, f"mark:{mark}")):
        axes.plot(ends, level, color=colour, linewidth=width, clip_on=False, zorder=4, gid=name)
        axes.plot(
            ends, level, "|", color=colour, markersize=7, markeredgewidth=width, clip_on=False, zorder=4
        )
