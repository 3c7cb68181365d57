"""Energies of the states of a product space, without a table over all bit strings.

Terms inside a factor become a table over its levels, terms between two factors a table over pairs of levels.
Axis by axis the energies are then outer sums; terms between three and more factors are added at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .diagonal_terms import ZTerms
from .product_space import ProductSpace

__all__ = ["compress", "subspace_energies"]

Floats: TypeAlias = NDArray[np.float64]

_BLOCK = 2**16
_MOST_LEVELS = 2**12
_STATES_PER_LEVEL = 8
_PROBE = 2**14


def subspace_energies(operator: ZTerms, space: ProductSpace) -> Floats:
    """Energy of every state of a space.

    Args:
        operator: the cost.
        space: the states.

    Returns:
        Shape (D,), offset included.

    Example:
        >>> import dimod
        >>> from .diagonal_terms import z_terms
        >>> from .subspace_groups import GroupWires, subspace
        >>> model = dimod.BinaryQuadraticModel({"a": 1.0, "b": 2.0, "c": 0.0}, {}, 0.5, "BINARY")
        >>> model.add_quadratic("b", "c", 5.0)
        >>> subspace_energies(z_terms(model), subspace(3, [GroupWires((0, 1), 1)])).tolist()
        [1.5, 1.5, 2.5, 7.5]
    """
    place = {
        wire: (g, column)
        for g, factor in enumerate(space.factors)
        for column, wire in enumerate(factor.wires)
    }
    tables: dict[tuple[int, ...], Floats] = {}
    grouped: dict[tuple[int, ...], list[tuple[list[tuple[int, int]], float]]] = {}
    for wires, coefficient in operator.terms.items():
        spots = sorted(place[wire] for wire in wires)
        grouped.setdefault(tuple(sorted({g for g, _ in spots})), []).append((spots, coefficient))
    for key, terms in grouped.items():
        tables[key] = _pair_table(space, key, terms) if len(key) == 2 else _table(space, key, terms)
    energies = np.array([operator.constant])
    for g, size in enumerate(space.shape):
        change = tables.get((g,), np.zeros(size))[None, :]
        for other in range(g):
            pair = tables.get((other, g))
            step = change[:, None, :]
            if pair is None:
                change = np.broadcast_to(step, (len(change), space.shape[other], size)).reshape(-1, size)
            else:
                change = (step + pair).reshape(-1, size)
        energies = (energies[:, None] + change).reshape(-1)
    tensor = energies.reshape(space.shape)
    for key, table in tables.items():
        if len(key) > 2:
            tensor += table.reshape([size if g in key else 1 for g, size in enumerate(space.shape)])
    return energies


def _signs(space: ProductSpace, g: int, columns: Sequence[int], rows: slice = slice(None)) -> Floats:
    """Product of Z = 1 - 2 x over some bits of a factor, shape (K,)."""
    ones = space.factors[g].patterns[rows][:, list(columns)].sum(axis=1, dtype=np.int64)
    signs: Floats = 1.0 - 2.0 * (ones & 1)
    return signs


def _table(
    space: ProductSpace, key: tuple[int, ...], terms: list[tuple[list[tuple[int, int]], float]]
) -> Floats:
    """Terms inside one factor, or between three and more, summed over levels."""
    if len(key) == 1:
        table = np.zeros(space.shape[key[0]])
        couplings, higher = _quadratic(len(space.factors[key[0]].wires), terms)
        for start in range(0, len(table), _BLOCK):
            rows = slice(start, start + _BLOCK)
            # With a last spin of 1 the linear terms are couplings too, and one product has them all.
            spins = np.ones((len(table[rows]), len(couplings)))
            spins[:, :-1] -= 2.0 * space.factors[key[0]].patterns[rows]
            table[rows] = np.einsum("kb,kb->k", spins @ couplings, spins)
            for spots, coefficient in higher:
                table[rows] += coefficient * _signs(space, key[0], [column for _, column in spots], rows)
        return table
    table = np.zeros(prod(space.shape[g] for g in key))
    for spots, coefficient in terms:
        product = np.array([coefficient])
        for g in key:
            signs = _signs(space, g, [column for h, column in spots if h == g])
            product = (product[:, None] * signs).reshape(-1)
        table += product
    return table


def _quadratic(
    n_bits: int, terms: list[tuple[list[tuple[int, int]], float]]
) -> tuple[Floats, list[tuple[list[tuple[int, int]], float]]]:
    """Terms of one and two bits as a matrix over the bits and a constant 1, and all other terms."""
    couplings = np.zeros((n_bits + 1, n_bits + 1))
    higher = []
    for spots, coefficient in terms:
        if len(spots) > 2:
            higher.append((spots, coefficient))
        else:
            columns = [column for _, column in spots]
            couplings[columns[0], columns[1] if len(columns) == 2 else n_bits] += coefficient
    return couplings, higher


def _pair_table(
    space: ProductSpace, key: tuple[int, ...], terms: list[tuple[list[tuple[int, int]], float]]
) -> Floats:
    """Terms between two factors: Z-products of the one times coefficients times Z-products of the other."""
    left: dict[tuple[int, ...], int] = {}
    right: dict[tuple[int, ...], int] = {}
    entries = []
    for spots, coefficient in terms:
        one = tuple(column for g, column in spots if g == key[0])
        two = tuple(column for g, column in spots if g == key[1])
        entries.append((left.setdefault(one, len(left)), right.setdefault(two, len(right)), coefficient))
    matrix = np.zeros((len(left), len(right)))
    for row, column, coefficient in entries:
        matrix[row, column] += coefficient
    first = np.stack([_signs(space, key[0], columns) for columns in left], axis=1)
    second = np.stack([_signs(space, key[1], columns) for columns in right], axis=0)
    table: Floats = first @ matrix @ second
    return table


def compress(energies: Floats) -> tuple[NDArray[np.uint16], Floats] | None:
    """Energies as numbers of levels, if they take few values.

    Args:
        energies: shape (D,).

    Returns:
        Codes, shape (D,), and levels, ascending, with ``levels[codes] == energies``; None where there are
        more than 4096 different values, or more than one for every eight states.

    Example:
        >>> codes, levels = compress(np.array([2.0, 0.0, 2.0] * 6))
        >>> codes[:3].tolist(), levels.tolist()
        ([1, 0, 1], [0.0, 2.0])
    """
    most = min(_MOST_LEVELS, len(energies) // _STATES_PER_LEVEL)
    # Sorting all of them takes longer than a layer: look first at some, spread over the whole.
    step = max(1, len(energies) // _PROBE)
    if len(np.unique(energies[::step])) > most:
        return None
    levels = np.empty(0)
    for start in range(0, len(energies), _BLOCK):
        levels = np.union1d(levels, energies[start : start + _BLOCK])
        if len(levels) > most:
            return None
    codes = np.empty(len(energies), dtype=np.uint16)
    for start in range(0, len(energies), _BLOCK):
        codes[start : start + _BLOCK] = np.searchsorted(levels, energies[start : start + _BLOCK])
    return codes, levels
