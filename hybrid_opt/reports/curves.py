"""Small multiples of response curves: what each channel brings at each spend, today and in the plan."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ..errors import OptionError
from . import style
from .canvas import SIZE, SMALL, WIDTH, add_legend, drawing, new_figure, rendered, wrapped
from .checks import checked_names, clean
from .curve import Curve, checked_curve
from .rows import ShortTicks, spread

__all__ = ["response_curves"]

_TITLE, _TICKS = 26.0, 20.0  # points: text above a plot, ticks below it
_TODAY_MARK: Any = {
    "marker": "o",
    "markerfacecolor": "white",
    "markeredgecolor": style.INK,
    "markeredgewidth": 1.3,
    "markersize": 8.5,
}


def response_curves(
    curves: Iterable[Mapping[str, Any]],
    *,
    x_title: str = "Spend",
    y_title: str = "Response",
    names: tuple[str, str] = ("Today", "Plan"),
    description: str | None = None,
    png: str | os.PathLike[str] | None = None,
) -> str:
    """Draw one small plot per curve, today and the plan marked by different symbols.

    Every plot has its own axes: read them before comparing two plots.

    Args:
        curves: one mapping per plot with ``label``, ``spend`` (rising, shape (S,)) and ``response`` (shape
            (S,)), and if wanted ``lo`` and ``hi`` (band around the response, shape (S,)), ``today`` and
            ``plan`` (spends, marked on the curve), ``grid_min`` and ``grid_max`` (allowed spends, shaded).
        x_title: what runs to the right, with its unit.
        y_title: what runs up, with its unit.
        names: what the two marks are called.
        description: read aloud in place of the picture; made from the labels where None.
        png: also save a PNG there.

    Returns:
        Inline SVG.

    Raises:
        OptionError: missing or unknown keys, lengths that differ, numbers that are not finite, spends that
            do not rise, or a mark beyond the ends of its curve.

    Example:
        >>> curve = {"label": "TV", "spend": [0, 50, 90], "response": [0, 30, 40], "today": 50, "plan": 80}
        >>> response_curves([curve], x_title="Spend (EUR)", y_title="Revenue (EUR)")[:4]
        '<svg'
    """
    names, x_title, y_title = checked_names(names), clean(x_title), clean(y_title)
    checked = [checked_curve(curve, i) for i, curve in enumerate(curves)]
    if not checked:
        raise OptionError("curves is empty; give at least one curve")
    with drawing():
        columns = len(checked) if len(checked) <= 4 else 3 if len(checked) in (5, 6, 9) else 4
        tall = 150.0 if columns <= 2 else 105.0
        rows = math.ceil(len(checked) / columns)
        left, between = 52.0, 46.0
        width = (WIDTH - left - 8 - (columns - 1) * between) / columns
        lines = max(len(wrapped(curve.label, width + 18, bold=True)) for curve in checked)
        above = _TITLE + 12 * lines
        row_height = above + tall + _TICKS
        top, bottom = 24.0, 22.0
        height = top + rows * row_height + bottom
        figure = new_figure(height)
        for i, curve in enumerate(checked):
            row, column = divmod(i, columns)
            x, y = left + column * (width + between), height - top - row * row_height - above - tall
            axes = figure.add_axes((x / WIDTH, y / height, width / WIDTH, tall / height))
            _draw(axes, curve, i, width, tall)
        add_legend(figure, _legend(checked, names, y_title))
        _name_axes(figure, x_title, y_title)
        told = f"{y_title} over {x_title} of {', '.join(curve.label for curve in checked)}"
        return rendered(figure, description or told, png)


def _name_axes(figure: Figure, x_title: str, y_title: str) -> None:
    """One title for all horizontal axes and one for all vertical ones."""
    height = 72 * figure.get_figheight()
    x_text, y_text = wrapped(x_title, WIDTH - 20, lines=1)[0], wrapped(y_title, height - 40, lines=1)[0]
    look: Any = {"ha": "center", "color": style.MUTED, "fontsize": SIZE}
    figure.text(0.5, 6 / height, x_text, va="bottom", **look)
    figure.text(10 / WIDTH, 0.5, y_text, va="center", rotation=90, rotation_mode="anchor", **look)


def _draw(axes: Axes, curve: Curve, i: int, width: float, height: float) -> None:
    """One plot with its title and the two spends in words."""
    for side in ("right", "top"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=2.5, pad=3)
    axes.grid(axis="y")
    for axis, ticks in ((axes.xaxis, max(3, int(width // 45))), (axes.yaxis, 4)):
        axis.set_major_locator(MaxNLocator(nbins=ticks, steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(ShortTicks())
    if curve.allowed:
        axes.axvspan(*curve.allowed, color=style.RANGE, zorder=0.4, gid=f"mark:allowed:{i}")
    if curve.band:
        axes.fill_between(
            curve.spend, *curve.band, color=style.BAND, linewidth=0, zorder=1, gid=f"mark:band:{i}"
        )
    axes.plot(curve.spend, curve.response, color=style.INK, linewidth=1.3, zorder=3, gid=f"mark:curve:{i}")
    if curve.today is not None:
        axes.plot(
            [curve.today],
            [curve.at(curve.today)],
            **_TODAY_MARK,
            clip_on=False,
            zorder=4,
            gid=f"mark:today:{i}",
        )
    if curve.plan is not None:
        axes.plot(
            [curve.plan],
            [curve.at(curve.plan)],
            "D",
            color=style.PLAN,
            markersize=5,
            clip_on=False,
            zorder=5,
            gid=f"mark:plan:{i}",
        )
    shown = [*curve.response, *(curve.band[0] if curve.band else ()), *(curve.band[1] if curve.band else ())]
    axes.set_ylim(*spread(*shown))
    axes.set_xlim(*spread(curve.spend[0], curve.spend[-1], *(curve.allowed or ()), zero=curve.spend[0] >= 0))
    lines = [(text, "bold", SIZE, style.INK) for text in wrapped(curve.label, width + 18, bold=True)]
    if _words(curve):
        lines.append((_words(curve), "normal", SMALL, style.MUTED))
    for k, (text, weight, size, colour) in enumerate(reversed(lines)):
        at = 1 + (7 + 12 * k) / height
        axes.text(-14 / width, at, text, transform=axes.transAxes, weight=weight, fontsize=size, color=colour)


def _words(curve: Curve) -> str:
    """Today's spend and the planned one, as far as given."""
    return " → ".join(style.readable(spend) for spend in (curve.today, curve.plan) if spend is not None)


def _legend(curves: list[Curve], names: tuple[str, str], value: str) -> list[Artist]:
    """What occurs in any of the plots."""
    handles: list[Artist] = []
    if any(curve.today is not None for curve in curves):
        handles.append(Line2D([], [], label=names[0], linestyle="none", **_TODAY_MARK))
    if any(curve.plan is not None for curve in curves):
        handles.append(
            Line2D([], [], marker="D", linestyle="none", color=style.PLAN, markersize=5, label=names[1])
        )
    handles.append(Line2D([], [], color=style.INK, linewidth=1.3, label=value))
    if any(curve.band for curve in curves):
        handles.append(Patch(color=style.BAND, label="Uncertainty"))
    if any(curve.allowed for curve in curves):
        handles.append(Patch(color=style.RANGE, label="Allowed range"))
    return handles
