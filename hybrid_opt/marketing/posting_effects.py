"""Means of slots drawn towards what the day and the hour bring anywhere, with their standard errors.

A slot c of n_c past posts with mean y_c is thought of as

    y_c = z_c b + u_c + e_c,       var u_c = t2,   var e_c = s2 / n_c

with z_c b = mean + day effect + hour effect, s2 the variance of posts within slots and t2 that of slots
around the fit. b is fitted by least squares over posts, t2 by moments, and with w_c = n_c t2 / (n_c t2 + s2)

    estimate = fit + w_c (y_c - fit) = B y,       w_c = 0 where there was no post
    error^2  = t2 |B - I|_c^2 + s2 sum_k B_ck^2 / n_k

(empirical Bayes; Efron and Morris, "Data analysis using Stein's estimator", JASA 70, 1975). The error holds
that of the fit; that of s2 and t2 themselves is left out.

Shapes: C slots (days times blocks of hours), M of them with posts, K effects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import TableError

__all__ = ["SlotEffects", "estimate_slots"]

ROUNDING = 1e-8  # of a row of the design that other rows explain


@dataclass(frozen=True, eq=False)
class SlotEffects:
    """What past posts say about slots.

    Attributes:
        estimate: engagement, shape (days, blocks); NaN where nothing can be said.
        error: its standard error, shape (days, blocks); NaN likewise.
        free: slots with posts beyond the effects that were fitted; without any, t2 is unknown and taken as 0.
    """

    estimate: NDArray[np.float64]
    error: NDArray[np.float64]
    free: int


def estimate_slots(
    name: str, day: NDArray[np.int64], block: NDArray[np.int64], engagement: NDArray[np.float64]
) -> SlotEffects:
    """Estimate all slots of the days and blocks that occur.

    Args:
        name: what the user calls the table.
        day: number of the day of each post, from 0 without holes, shape (posts,).
        block: number of its block of hours, likewise.
        engagement: what each brought, shape (posts,).

    Returns:
        Estimates and errors; a slot without posts whose day and hour never meet others is left NaN.

    Raises:
        TableError: no slot has two posts.

    Example:
        >>> found = estimate_slots("t", np.array([0, 0, 1, 1]), np.zeros(4, int), np.array([9.0, 11, 5, 7]))
        >>> found.estimate.ravel().round(6).tolist(), found.error.ravel().round(6).tolist()
        ([10.0, 6.0], [1.0, 1.0])
    """
    # Around the middle and in units of the spread: squares neither cancel nor overflow.
    middle = float(np.median(engagement))
    scale = float(np.abs(engagement - middle).max()) or 1.0
    y = (engagement - middle) / scale
    shape = (int(day.max()) + 1, int(block.max()) + 1)
    cell = day * shape[1] + block
    counts = np.bincount(cell, minlength=shape[0] * shape[1]).astype(np.float64)
    met = counts > 0
    spare = float(counts.sum() - met.sum())
    if spare < 1:
        raise TableError(
            f"{name}: no slot has two posts, so that chance cannot be told from slots; give more posts, or a "
            "larger block_hours"
        )
    means = np.divide(np.bincount(cell, y, len(counts)), counts, out=np.zeros_like(counts), where=met)
    within = float(np.sum((y - means[cell]) ** 2)) / spare
    design = _design(shape)
    used, n = design[met], counts[met]
    inverse = np.linalg.pinv(used.T @ (n[:, None] * used), hermitian=True)
    known = np.abs(design @ np.linalg.pinv(used) @ used - design).max(axis=1) < ROUNDING
    smooth = design @ inverse @ (used.T * n[None, :])  # fit of all slots by the means of those with posts
    fit = smooth @ means[met]
    free = int(met.sum() - np.linalg.matrix_rank(used))
    distance = float(np.sum(n * (means[met] - fit[met]) ** 2))
    # Expected distance: free * within + between * the trace below.
    trace = float(np.sum(n * (1.0 - np.diag(smooth[met]))))
    between = max(0.0, distance - free * within) / trace if free > 0 else 0.0
    weight = _weights(counts, within, between)
    blend = (1.0 - weight)[:, None] * smooth
    blend[np.flatnonzero(met), np.arange(len(n))] += weight[met]
    own = np.zeros_like(blend)
    own[np.flatnonzero(met), np.arange(len(n))] = 1.0
    variance = between * (((blend - own) ** 2).sum(axis=1) + ~met) + within * (blend**2 / n).sum(axis=1)
    estimate = np.where(known, middle + scale * (blend @ means[met]), np.nan)
    error = np.where(known, scale * np.sqrt(variance), np.nan)
    return SlotEffects(estimate.reshape(shape), error.reshape(shape), free)


def _design(shape: tuple[int, int]) -> NDArray[np.float64]:
    """A row per slot: 1, its day, its block; shape (C, K)."""
    days, blocks = (grid.ravel() for grid in np.indices(shape))
    return np.column_stack([np.ones(len(days)), np.eye(shape[0])[days], np.eye(shape[1])[blocks]])


def _weights(counts: NDArray[np.float64], within: float, between: float) -> NDArray[np.float64]:
    """Share of each slot's own mean in its estimate, shape (C,)."""
    if within == 0.0:
        return np.asarray((counts > 0).astype(np.float64))
    return np.asarray(counts * between / (counts * between + within))
