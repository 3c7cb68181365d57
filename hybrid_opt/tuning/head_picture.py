"""One figure for a selection of heads; drawn without pyplot, so no window and no global state is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .head_choice import HeadSelection

__all__ = ["draw_selection"]

KEPT, REMOVED, TEXT = "#2b6ca3", "#e4e4e4", "#333333"


def draw_selection(selection: HeadSelection) -> Figure:
    """Heads as a table of layers: kept ones filled, each with its importance; losses in the title.

    Args:
        selection: what to draw.

    Returns:
        A figure.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    layers = selection.layers
    figure = Figure(figsize=(1.6 + 0.75 * max(layers), 1.5 + 0.55 * len(layers)), layout="constrained")
    axes = figure.subplots()
    largest = float(selection.statistics.magnitudes.max()) or 1.0
    scores = np.split(selection.statistics.magnitudes / largest, np.cumsum(layers)[:-1])
    masks = np.split(selection.mask, np.cumsum(layers)[:-1])
    for row, (mask, values) in enumerate(zip(masks, scores, strict=True)):
        for column, (bit, value) in enumerate(zip(mask, values, strict=True)):
            color = KEPT if bit else REMOVED
            axes.add_patch(Rectangle((column - 0.45, row - 0.42), 0.9, 0.84, color=color))
            ink = "white" if bit else TEXT
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color=ink)
    axes.set_xlim(-0.6, max(layers) - 0.4)
    axes.set_ylim(len(layers) - 0.4, -0.6)
    axes.set_xticks(range(max(layers)))
    axes.set_yticks(range(len(layers)))
    axes.set_xlabel("head (number: mean |gradient|, largest = 1)")
    axes.set_ylabel("layer")
    axes.set_title(
        f"{int(selection.mask.sum())} of {len(selection.mask)} heads stay (filled); loss "
        f"{selection.loss_before:.4f} → {selection.loss_after:.4f}",
        fontsize=9,
    )
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure
