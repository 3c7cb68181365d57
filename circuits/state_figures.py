"""Sweeps over large states on several threads: probabilities, and a state times real weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compiled import compile_kernel
from .row_threads import run_in_parts

__all__ = ["squared_moduli", "weighted"]

_BLOCK = 2**12


def _moduli(state: Any, result: Any) -> None:
    for i in range(len(result)):
        result[i] = state[2 * i] * state[2 * i] + state[2 * i + 1] * state[2 * i + 1]


def _weighted(state: Any, weights: Any, codes: Any, result: Any) -> None:
    if len(codes):
        for i in range(len(codes)):
            weight = weights[codes[i]]
            result[2 * i] = weight * state[2 * i]
            result[2 * i + 1] = weight * state[2 * i + 1]
    else:
        for i in range(len(weights)):
            result[2 * i] = weights[i] * state[2 * i]
            result[2 * i + 1] = weights[i] * state[2 * i + 1]


moduli = compile_kernel(_moduli)
times = compile_kernel(_weighted)
_NO_CODES = np.zeros(0, dtype=np.uint16)


def squared_moduli(state: NDArray[np.complex128], threads: int | None = None) -> NDArray[np.float64]:
    """Probabilities of a state.

    Args:
        state: shape (D,).
        threads: most threads; None or 0 for all.

    Returns:
        Shape (D,).

    Example:
        >>> squared_moduli(np.array([3.0, 4.0j])).tolist()
        [9.0, 16.0]
    """
    result = np.empty(len(state))
    numbers = state.view(np.float64)

    def work(blocks: slice) -> None:
        start, stop = blocks.start * _BLOCK, min(blocks.stop * _BLOCK, len(state))
        moduli(numbers[2 * start : 2 * stop], result[start:stop])

    run_in_parts(work, -(-len(state) // _BLOCK), _BLOCK // 8, threads)
    return result


def weighted(
    state: NDArray[np.complex128],
    weights: NDArray[np.float64],
    codes: NDArray[np.uint16] | None = None,
    threads: int | None = None,
) -> NDArray[np.float64]:
    """A state times real weights.

    Args:
        state: shape (D,).
        weights: of each state, or with ``codes`` a list of possible ones.
        codes: number of each state's weight, shape (D,), or None.
        threads: most threads; None or 0 for all.

    Returns:
        Real and imaginary parts in turn, shape (2 D,).

    Example:
        >>> weighted(np.array([1.0, 1.0j]), np.array([2.0, 3.0])).tolist()
        [2.0, 0.0, 0.0, 3.0]
    """
    result = np.empty(2 * len(state))
    numbers = state.view(np.float64)

    def work(blocks: slice) -> None:
        rows = slice(blocks.start * _BLOCK, min(blocks.stop * _BLOCK, len(state)))
        pairs = slice(2 * rows.start, 2 * rows.stop)
        if codes is None:
            times(numbers[pairs], weights[rows], _NO_CODES, result[pairs])
        else:
            times(numbers[pairs], weights, codes[rows], result[pairs])

    run_in_parts(work, -(-len(state) // _BLOCK), _BLOCK // 8, threads)
    return result
