"""One figure for a solution; drawn without pyplot, so no window and no global state is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .solution import Solution

__all__ = ["draw_solution"]

FEASIBLE, INFEASIBLE = "#2b6ca3", "#c9c9c9"
BINS = 30


def draw_solution(solution: Solution) -> Figure:
    """Draw the objectives of the rows, and the distribution of the proposals' objectives.

    Args:
        solution: what to draw.

    Returns:
        A figure with two panels.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)

    rows = [row for row in solution.rows if row.objective is not None]
    positions = np.arange(len(rows))[::-1]
    heights = [row.objective or 0.0 for row in rows]
    left.barh(positions, heights, color=[FEASIBLE if row.feasible else INFEASIBLE for row in rows])
    left.set_yticks(positions, [row.method for row in rows])
    left.set_xlabel("objective (lower is better)")
    left.set_title("methods (gray: infeasible)")

    record = solution.sampleset.record
    if len(record):
        feasible = record.is_feasible
        edges = np.histogram_bin_edges(record.energy, bins=min(BINS, max(1, len(record))))
        for mask, color, label in ((feasible, FEASIBLE, "feasible"), (~feasible, INFEASIBLE, "infeasible")):
            if mask.any():
                weights = record.num_occurrences[mask]
                right.hist(record.energy[mask], edges, weights=weights, color=color, alpha=0.8, label=label)
        right.legend()
    right.set_xlabel("objective")
    right.set_ylabel("draws")
    right.set_title(f"proposals of {solution.method}")

    if solution.bound is not None:
        for axes in (left, right):
            axes.axvline(solution.bound, color="#b03a2e", linestyle="--", linewidth=1.2)
        left.set_xlabel("objective (lower is better); dashed: proven bound")
    return figure
