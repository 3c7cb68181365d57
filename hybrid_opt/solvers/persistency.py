"""Bits whose value in some optimum of a QUBO is proven by roof duality, so that only the others are searched.

Hammer, Hansen, Simeone, Math. Programming 28, 121 (1984); Boros, Hammer, Discrete Applied Math. 123, 155
(2002). The maximum flow is that of dwave-preprocessing, with ``strict=True`` only: its other mode, which is
to find weak persistencies too, writes outside its memory in version 0.6.11, and fixes bits of some small
models so that every optimum is lost. Bits that ties leave open are found here by breaking the ties: a little
is added to each linear term.

No set of values is taken on trust, those with broken ties least of all. Setting bits S to y is safe if

    g(x) = f(x) - f(x with S set to y) >= 0 for all x,

and for values that follow from the flow of f the roof dual bound of g is exactly zero (every term of the
residual posiform that touches S vanishes at y). That bound is computed; values that fail are not used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .quadratic_bits import QuadraticBits

__all__ = ["is_persistent", "persistent_bits"]

FREE = -1


def persistent_bits(model: QuadraticBits) -> NDArray[np.int8]:
    """Values that may be given to bits without losing the minimum, whatever the others are.

    Args:
        model: the QUBO.

    Returns:
        0 or 1 for each bit that is fixed, -1 for the others, shape (n,). Setting the fixed bits of any
        string so never raises its energy (beyond rounding); in particular some optimum has these values.

    Example:
        >>> import dimod
        >>> bqm = dimod.BinaryQuadraticModel({0: 3.0, 1: -2.0, 2: 0.0}, {(0, 1): 1.0}, 0.0, "BINARY")
        >>> persistent_bits(QuadraticBits.from_bqm(bqm))[:2].tolist()
        [0, 1]
    """
    values = np.full(model.n_bits, FREE, dtype=np.int8)
    free = np.arange(model.n_bits)
    while len(free):
        left = model.part(free, np.where(values == FREE, 0, values))
        found = _verified(left)
        if (found == FREE).all():
            break
        values[free] = found
        free = free[found == FREE]
    return values


def _verified(model: QuadraticBits) -> NDArray[np.int8]:
    """Values found with ties broken if they stand the check, else without, else none, shape (n,)."""
    from dwave.preprocessing import roof_duality

    sizes = np.abs(np.concatenate([model.linear, model.couplings.data]))
    smallest = float(sizes.min(where=sizes > model.noise, initial=np.inf))
    # Where every coefficient is a multiple of the smallest, so little cannot make a worse string the better.
    step = 0.5 * smallest / model.n_bits if np.isfinite(smallest) else 1.0
    ties = np.random.default_rng(0).uniform(-step, step, model.n_bits)
    for added in (ties, np.zeros(model.n_bits)):
        values = np.full(model.n_bits, FREE, dtype=np.int8)
        shifted = QuadraticBits(model.linear + added, model.couplings)
        for position, value in roof_duality(shifted.to_bqm(), strict=True)[1].items():
            values[position] = value
        if is_persistent(model, values):
            return values
    return np.full(model.n_bits, FREE, dtype=np.int8)


def is_persistent(model: QuadraticBits, values: NDArray[np.int8]) -> bool:
    """Whether a lower bound proves that setting bits so never raises the energy.

    Args:
        model: the QUBO.
        values: 0 or 1 for bits that are to be set, -1 for the others, shape (n,).

    Returns:
        True if it is proven, up to rounding; False says nothing.

    Example:
        >>> import dimod
        >>> model = QuadraticBits.from_bqm(dimod.BinaryQuadraticModel({0: 1.0}, {}, 0.0, "BINARY"))
        >>> is_persistent(model, np.array([0])), is_persistent(model, np.array([1]))
        (True, False)
    """
    from dwave.preprocessing import roof_duality
    from scipy.sparse import diags_array

    chosen = values != FREE
    set_to = np.where(chosen, values, 0).astype(np.float64)
    # f(x with S set to y) keeps the pairs outside S, and turns those with one end in S into linear terms.
    outside = diags_array((~chosen).astype(np.float64))
    inner = (outside @ model.couplings @ outside).tocsr()
    couplings = (model.couplings - inner).tocsr()
    couplings.eliminate_zeros()
    pull = model.couplings @ set_to
    linear = np.where(chosen, model.linear, -pull)
    constant = -float(model.linear @ set_to + 0.5 * (set_to @ pull))
    gap = QuadraticBits(linear, couplings, constant)
    return bool(roof_duality(gap.to_bqm(), strict=True)[0] >= -model.noise)
