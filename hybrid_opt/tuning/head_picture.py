"""The mask of a selection over importance, as a figure or a picture of a page; no pyplot, so no window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .head_choice import HeadSelection

__all__ = ["draw_selection", "mask_svg"]

KEPT, REMOVED, TEXT = "#2b6ca3", "#e4e4e4", "#333333"

_CELL_WIDTH, _CELL_HEIGHT, _LEFT, _BELOW = 62.0, 27.0, 50.0, 42.0  # points, on a page


def draw_selection(selection: HeadSelection) -> Figure:
    """Heads as a table of layers: kept ones filled, each with its importance; losses in the title.

    Args:
        selection: what to draw.

    Returns:
        A figure.
    """
    from matplotlib.figure import Figure

    layers = selection.layers
    figure = Figure(figsize=(1.6 + 0.75 * max(layers), 1.5 + 0.55 * len(layers)), layout="constrained")
    axes = figure.subplots()
    _draw_heads(axes, selection)
    axes.set_title(
        f"{int(selection.mask.sum())} of {len(selection.mask)} heads stay (filled); loss "
        f"{selection.loss_before:.4f} → {selection.loss_after:.4f}",
        fontsize=9,
    )
    return figure


def mask_svg(selection: HeadSelection) -> str:
    """The same table of heads as an inline SVG of the width of a page.

    Args:
        selection: what to draw.

    Returns:
        An ``<svg>`` element; the mark of each head says "kept" or "removed".
    """
    from ..reports.canvas import WIDTH, drawing, new_figure, rendered

    layers = selection.layers
    width = min(_CELL_WIDTH * max(layers), WIDTH - _LEFT - 10)
    body = _CELL_HEIGHT * len(layers)
    height = body + _BELOW + 8
    kept = "; ".join(
        f"layer {layer}: {', '.join(map(str, heads))}" for layer, heads in enumerate(selection.kept)
    )
    with drawing():
        figure = new_figure(height)
        place = (_LEFT / WIDTH, _BELOW / height, width / WIDTH, body / height)
        _draw_heads(figure.add_axes(place), selection)
        return rendered(figure, f"Heads that stay. {kept}")


def _draw_heads(axes: Axes, selection: HeadSelection) -> None:
    """One box per head, filled where it stays, with its importance."""
    from matplotlib.patches import Rectangle

    layers = selection.layers
    largest = float(selection.statistics.magnitudes.max()) or 1.0
    scores = np.split(selection.statistics.magnitudes / largest, np.cumsum(layers)[:-1])
    masks = np.split(selection.mask, np.cumsum(layers)[:-1])
    for row, (mask, values) in enumerate(zip(masks, scores, strict=True)):
        for column, (bit, value) in enumerate(zip(mask, values, strict=True)):
            color = KEPT if bit else REMOVED
            mark = f"mark:{'kept' if bit else 'removed'}"
            axes.add_patch(Rectangle((column - 0.45, row - 0.42), 0.9, 0.84, color=color, gid=mark))
            ink = "white" if bit else TEXT
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color=ink)
    axes.set_xlim(-0.6, max(layers) - 0.4)
    axes.set_ylim(len(layers) - 0.4, -0.6)
    axes.set_xticks(range(max(layers)))
    axes.set_yticks(range(len(layers)))
    axes.set_xlabel("head (number: mean |gradient|, largest = 1)")
    axes.set_ylabel("layer")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
