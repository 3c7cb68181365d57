"""Single-flip descent on a QUBO: classical post-processing of samples, done only if asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..qubo import Qubo

__all__ = ["descend"]


def _feasible(qubo: Qubo, bits: NDArray[np.uint8]) -> NDArray[np.bool_]:
    states, valid = qubo.decode_bits(bits)
    valid = valid.copy()
    valid[valid] = qubo.problem.feasible(states[valid])
    return valid


def descend(qubo: Qubo, bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Flip single bits while the QUBO energy falls; a feasible string never becomes infeasible.

    In each round every string takes the flip that lowers its energy most among those that keep it feasible
    (if it is), so it ends in a local minimum after finitely many rounds.

    Args:
        qubo: the QUBO.
        bits: bit strings, shape (S, n).

    Returns:
        Their local minima, shape (S, n), a new array.
    """
    labels = list(qubo.bqm.variables)
    linear, (first, second, weight), _ = qubo.bqm.to_numpy_vectors(variable_order=labels)
    coupling = np.zeros((len(labels), len(labels)))
    coupling[first, second] = weight
    coupling += coupling.T
    # A gain below rounding of the sums involved is no gain; without this, noise could flip forever.
    noise = 1e-12 * float(np.abs(linear).sum() + np.abs(weight).sum())
    bits = np.array(bits, dtype=np.uint8)
    active = np.arange(len(bits))
    blocked = np.zeros(bits.shape, dtype=np.bool_)
    while len(active):
        part = bits[active].astype(np.float64)
        gains = (1 - 2 * part) * (linear + part @ coupling)
        gains[blocked[active]] = np.inf
        flips = gains.argmin(axis=1)
        falls = gains[np.arange(len(active)), flips] < -noise
        active, flips = active[falls], flips[falls]
        if not len(active):
            break
        tried = bits[active]
        tried[np.arange(len(active)), flips] ^= 1
        keeps = ~_feasible(qubo, bits[active]) | _feasible(qubo, tried)
        bits[active[keeps]] = tried[keeps]
        blocked[active[keeps]] = False
        blocked[active[~keeps], flips[~keeps]] = True
    return bits
