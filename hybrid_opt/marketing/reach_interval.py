"""Between which ends the reach of a selection lies when only sizes and pair overlaps are known.

For sets with sizes s_i and pair overlaps o_ij the union is at least

    sum s_i - sum_(i<j) o_ij           (C. E. Bonferroni, 1936), and at least the largest s_i,

and at most

    sum s_i - weight of the largest spanning tree of the overlaps   (D. Hunter, J. Appl. Prob. 13 (1976) 597).

Both ends hold for values too: with people worth v_i, take v_i s_i and min(v_i, v_j) o_ij; a person counts
with the most valuable chosen segment. (At every value t the ends hold for the segments worth at least t, the
tree being a forest there; integrate over t.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import minimum_spanning_tree

__all__ = ["reach_interval"]


def reach_interval(
    sizes: NDArray[np.float64], overlaps: NDArray[np.float64], chosen: ArrayLike
) -> tuple[float, float]:
    """Lower and upper end of the reach of a selection.

    Args:
        sizes: people of each segment, or their value, shape (N,).
        overlaps: people that two share, or their value, symmetric with zero diagonal, shape (N, N).
        chosen: 0 or 1 per segment, shape (N,).

    Returns:
        The ends.

    Example:
        >>> overlaps = np.array([[0.0, 2.0, 1.0], [2.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
        >>> reach_interval(np.array([5.0, 4.0, 3.0]), overlaps, [1, 1, 1])
        (8.0, 9.0)
    """
    taken = np.flatnonzero(np.asarray(chosen))
    if not len(taken):
        return 0.0, 0.0
    own, shared = sizes[taken], overlaps[np.ix_(taken, taken)]
    total = float(own.sum())
    low = max(total - float(np.triu(shared, 1).sum()), float(own.max()))
    # The largest tree is the smallest one of negated weights; pairs that share nobody add nothing to it.
    high = total + float(minimum_spanning_tree(-shared).sum())
    return low, high
