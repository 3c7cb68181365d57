"""Compiled loops that evaluate a polynomial in bits at every state, one block of states at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import compile_kernel

__all__ = ["energy_codes", "energy_range", "energy_values"]


def _block_energies(masks: Any, numbers: Any, block_bits: int, block: int, energies: Any) -> None:
    """Energies of the states whose high bits are ``block``: coefficients, then sums over subsets."""
    size = 1 << block_bits
    for place in range(size):
        energies[place] = 0.0
    for k in range(masks.size):
        if (masks[k] >> block_bits) & ~block == 0:
            energies[masks[k] & (size - 1)] += numbers[k]
    bit = 1
    while bit < size:
        for start in range(0, size, 2 * bit):
            for place in range(start, start + bit):
                energies[place + bit] += energies[place]
        bit *= 2


block_energies = compile_kernel(_block_energies)


def _energy_range(masks: Any, numbers: Any, block_bits: int, first: int, last: int, bounds: Any) -> None:
    """Least and greatest energy of the blocks ``first`` to ``last`` - 1."""
    energies = np.empty(1 << block_bits)
    low, high = np.inf, -np.inf
    for block in range(first, last):
        block_energies(masks, numbers, block_bits, block, energies)
        for energy in energies:
            low, high = min(low, energy), max(high, energy)
    bounds[0], bounds[1] = low, high


def _energy_codes(
    masks: Any, numbers: Any, block_bits: int, first: int, last: int, low: int, codes: Any
) -> None:
    """Energies minus ``low`` of the blocks ``first`` to ``last`` - 1, which are whole numbers."""
    energies = np.empty(1 << block_bits)
    for block in range(first, last):
        block_energies(masks, numbers, block_bits, block, energies)
        begin = block << block_bits
        for place in range(energies.size):
            codes[begin + place] = np.int32(energies[place] - low)


def _energy_values(masks: Any, numbers: Any, block_bits: int, first: int, last: int, costs: Any) -> None:
    """Energies of the blocks ``first`` to ``last`` - 1."""
    energies = np.empty(1 << block_bits)
    for block in range(first, last):
        block_energies(masks, numbers, block_bits, block, energies)
        begin = block << block_bits
        for place in range(energies.size):
            costs[begin + place] = energies[place]


energy_range = compile_kernel(_energy_range)
energy_codes = compile_kernel(_energy_codes)
energy_values = compile_kernel(_energy_values)
