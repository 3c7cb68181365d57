"""Angles of the layers in the form in which the passes of the diagonal engine take them.

A turn about X by beta is reduced to at most pi/4: exp(-i beta X) = exp(-i beta' X) (-i X)^m with
beta = beta' + m pi/2. The power of -i joins the phases. The X flips a bit: instead of moving amplitudes, the
engine notes that they are stored flipped, and reads costs at flipped places; turns about X do not mind.
"""

from __future__ import annotations

from math import cos, floor, pi, tan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compiled import compile_kernel
from .diagonal_layout import StateLayout

__all__ = ["LayerAngles"]


def _prepare(
    gammas: Any,
    betas: Any,
    n_bits: int,
    padding: int,
    mirrored: bool,
    tangents: Any,
    factors: Any,
    flips: Any,
) -> None:
    layers, n_qubits = betas.shape
    flipped = 0
    for layer in range(layers):
        scale = 1.0
        quarters = 0
        flips[layer] = flipped
        for bit in range(n_bits + 2):
            tangents[layer, bit] = 0.0
        for wire in range(n_qubits):
            beta = betas[layer, wire]
            turns = floor(beta / (pi / 2) + 0.5)
            rest = beta - turns * (pi / 2)
            bit = n_bits if mirrored and wire == 0 else n_qubits - 1 - wire + padding
            tangents[layer, bit] = tan(rest)
            scale *= cos(rest)
            whole = int(turns) % 4
            quarters += whole
            if whole % 2:
                flipped ^= (1 << n_bits) - 1 if mirrored and wire == 0 else 1 << bit
        power = quarters % 4
        factors[layer, 0] = gammas[layer]
        factors[layer, 1] = scale if power == 0 else (-scale if power == 2 else 0.0)
        factors[layer, 2] = -scale if power == 1 else (scale if power == 3 else 0.0)
    flips[layers] = flipped


prepare = compile_kernel(_prepare)


class LayerAngles:
    """Tangents, factors of the phases, and flips of every layer.

    Args:
        layout: how the state is stored.
        gammas: shape (p,).
        betas: shape (p, n).

    Attributes:
        tangents: shape (p, n_bits + 2): of every stored bit, of the mirror, and one that is not used.
        factors: shape (p, 3): gamma, real and imaginary part of what the turns of the layer leave out.
        flips: shape (p + 1,): bits of the index that are stored flipped when a layer's phases come; the last
            one those of the final state.

    Example:
        >>> LayerAngles(StateLayout.of(6, 8, symmetric=False), np.ones(1), np.full((1, 6), 2.0)).flips
        array([ 0, 63])
    """

    def __init__(self, layout: StateLayout, gammas: NDArray[np.float64], betas: NDArray[np.float64]) -> None:
        layers = len(gammas)
        self.tangents = np.empty((layers, layout.n_bits + 2))
        self.factors = np.empty((layers, 3))
        self.flips = np.empty(layers + 1, np.int64)
        prepare(
            gammas, betas, layout.n_bits, layout.padding, layout.mirrored,
            self.tangents, self.factors, self.flips,
        )  # fmt: skip
