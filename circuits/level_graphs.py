"""Which levels of a group an XY mixer connects, and the exact and the Trotter form of one step, as matrices.

The generator of a mixer on a group is the sum over pairs of its wires of (XX + YY) / 2, which exchanges a one
and a zero. On a one-hot group this is the adjacency matrix of the complete graph or of the cycle; on a group
of fixed weight the complete one is the Johnson graph.

Z. Wang, N. C. Rubin, J. M. Dominy, E. G. Rieffel, "XY mixers: Analytical and numerical results for the
quantum alternating operator ansatz", Physical Review A 101, 012320 (2020), arXiv 1904.09314.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .subspace_groups import GroupWires
from .weight_walks import weight_patterns

__all__ = ["adjacency", "gate_order", "pair_levels", "trotter_step"]

Pairs = Sequence[tuple[int, int]]


def gate_order(n_bits: int, topology: str) -> tuple[tuple[int, int], ...]:
    """The pairs that a mixer couples, in the order in which a Trotter step applies them.

    Complete: lexicographic, (0, 1), (0, 2), ..., (1, 2), .... Ring: along it, (0, 1), (1, 2), ..., (0, m-1).
    Another order of the same gates is another circuit.

    Args:
        n_bits: m.
        topology: "complete" or "ring".

    Returns:
        Positions (a, b) within the group, a < b.

    Example:
        >>> gate_order(3, "complete"), gate_order(5, "ring")
        (((0, 1), (0, 2), (1, 2)), ((0, 1), (1, 2), (2, 3), (3, 4), (0, 4)))
    """
    if topology == "complete" or n_bits < 3:
        return tuple((a, b) for a in range(n_bits) for b in range(a + 1, n_bits))
    return (*((a, a + 1) for a in range(n_bits - 1)), (0, n_bits - 1))


def pair_levels(
    patterns: NDArray[np.uint8], first: int, second: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Levels that an exchange of two positions connects.

    Args:
        patterns: of one Hamming weight, as `weight_patterns` lists them, shape (K, m).
        first: a position.
        second: another one.

    Returns:
        Levels with a one at the first and a zero at the second, and their partners, in equal order.

    Example:
        >>> one, other = pair_levels(weight_patterns(3, 1), 0, 2)
        >>> one.tolist(), other.tolist()
        ([0], [2])
    """
    # Among strings with fixed other bits, both lists are in the same order.
    mine = patterns[:, first] != patterns[:, second]
    up = np.flatnonzero(mine & (patterns[:, first] == 1))
    down = np.flatnonzero(mine & (patterns[:, first] == 0))
    rest = np.delete(np.arange(patterns.shape[1]), [first, second])
    up = up[np.lexsort(patterns[up][:, rest].T)] if len(rest) else up
    down = down[np.lexsort(patterns[down][:, rest].T)] if len(rest) else down
    return up, down


def adjacency(group: GroupWires, pairs: Pairs) -> NDArray[np.float64]:
    """The generator of a mixer on the levels of a group.

    Args:
        group: with few levels, K.
        pairs: positions that are coupled.

    Returns:
        Shape (K, K), symmetric, of zeros and ones.

    Example:
        >>> adjacency(GroupWires((0, 1, 2), 1), [(0, 1), (1, 2)]).tolist()
        [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    patterns = weight_patterns(len(group.wires), group.weight)
    matrix = np.zeros((len(patterns), len(patterns)))
    for a, b in pairs:
        one, other = pair_levels(patterns, a, b)
        matrix[one, other] = matrix[other, one] = 1.0
    return matrix


def trotter_step(
    group: GroupWires, pairs: Pairs, beta: float
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """The product of exp(-i beta (XX + YY) / 2) over pairs, the first pair acting first, and its generator.

    Args:
        group: with few levels, K.
        pairs: positions, in the order of the gates.
        beta: angle.

    Returns:
        U, and the Hermitian i (dU / d beta) U^dagger; both of shape (K, K).

    Example:
        >>> turn, _ = trotter_step(GroupWires((0, 1), 1), [(0, 1)], np.pi / 2)
        >>> turn.round(12).tolist()
        [[0j, -1j], [-1j, 0j]]
    """
    patterns = weight_patterns(len(group.wires), group.weight)
    product = np.eye(len(patterns), dtype=np.complex128)
    generator = np.zeros_like(product)
    cosine, sine = np.cos(beta), -1j * np.sin(beta)
    for a, b in pairs:
        one, other = pair_levels(patterns, a, b)
        for matrix in (product, generator):
            matrix[one], matrix[other] = (
                cosine * matrix[one] + sine * matrix[other],
                cosine * matrix[other] + sine * matrix[one],
            )
        columns = generator.T
        # The generator of what came before is carried along: G -> u G u^dagger + A.
        columns[one], columns[other] = (
            cosine * columns[one] - sine * columns[other],
            cosine * columns[other] - sine * columns[one],
        )
        generator[one, other] += 1.0
        generator[other, one] += 1.0
    return product, generator
