"""Turns about X as products of real matrices, in torch.

In the basis chi(x) = i^|x| psi(x), |x| the number of ones, a turn about X is a turn about Y: a real matrix,
so that real and imaginary parts are two real vectors ("planes") that never mix except in the phases. The
turns of k qubits are one real 2^k x 2^k matrix R, and with the index cut into (rest, lowest k bits) the
product

    new[a, rest] = sum_b R[a, b] old[rest, b]

also moves these bits to the top; after all groups every bit is in its place again. In the same way the sums
Im <lambda|X_q|psi> of the k qubits are entries of one 2^k x 2^k product of lambda and psi.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

__all__ = ["GROUP_BITS", "powers_of", "rotation_groups", "start_uniform", "turn_lowest", "turn_moments"]

GROUP_BITS = 6
"""Qubits that are turned by one matrix: measured fastest on an H200."""
_START_BITS = 16


def powers_of(unit: complex, n_bits: int) -> NDArray[np.complex128]:
    """unit^|x| for all x.

    Args:
        unit: a number, here 1j or -1j.
        n_bits: bits of x.

    Returns:
        Shape (2**n_bits,).

    Example:
        >>> powers_of(2, 2).real.tolist()
        [1.0, 2.0, 2.0, 4.0]
    """
    result = np.ones(1, np.complex128)
    for _ in range(n_bits):
        result = np.concatenate([result, unit * result])
    return result


def start_uniform(planes: torch.Tensor) -> None:
    """Write the uniform superposition, in the basis chi.

    Args:
        planes: shape (2, 2**n).

    Example:
        >>> import torch
        >>> planes = torch.empty(2, 2)
        >>> start_uniform(planes)
        >>> planes.square().sum(dim=0).round(decimals=6).tolist()
        [0.5, 0.5]
    """
    import torch

    n_qubits = planes.shape[1].bit_length() - 1
    few = min(n_qubits, _START_BITS)
    low = powers_of(1j, few) * 0.5 ** (n_qubits / 2)
    blocks = [
        torch.as_tensor(part, dtype=planes.dtype, device=planes.device)
        for factor in (1, 1j, -1, -1j)
        for part in ((factor * low).real.copy(), (factor * low).imag.copy())
    ]
    for block in range(1 << (n_qubits - few)):
        some = slice(block << few, (block + 1) << few)
        quarter = 2 * (block.bit_count() % 4)
        planes[0, some], planes[1, some] = blocks[quarter], blocks[quarter + 1]


def rotation_groups(turns: NDArray[np.float64], like: torch.Tensor) -> Iterator[tuple[int, torch.Tensor]]:
    """Matrices of some qubits' turns at a time.

    Args:
        turns: angle of each qubit, shape (n,); qubit 0 is the most significant bit.
        like: gives type and device.

    Yields:
        Lowest bit and matrix of each group, lowest bits first.

    Example:
        >>> import torch
        >>> [(low, tuple(matrix.shape)) for low, matrix in rotation_groups(np.ones(7), torch.empty(0))]
        [(0, (8, 8)), (3, (16, 16))]
    """
    import torch

    n = len(turns)
    count = -(-n // GROUP_BITS)
    bounds = [n * number // count for number in range(count + 1)]
    for low, high in pairwise(bounds):
        matrix = np.ones((1, 1))
        for bit in range(high - 1, low - 1, -1):
            c, s = np.cos(turns[n - 1 - bit]), np.sin(turns[n - 1 - bit])
            matrix = np.kron(matrix, np.array([[c, -s], [s, c]]))
        yield low, torch.as_tensor(matrix, dtype=like.dtype, device=like.device)


def turn_lowest(
    planes: torch.Tensor, spare: torch.Tensor, matrix: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Turn the lowest bits and move them to the top.

    Args:
        planes: the state, shape (2, 2**n); free afterwards.
        spare: where the result goes, of the same shape.
        matrix: shape (2**k, 2**k).

    Returns:
        The new state, and the vector that is free now.

    Example:
        >>> import torch
        >>> state = torch.arange(8.0).reshape(2, 4)
        >>> turn_lowest(state, torch.empty(2, 4), torch.eye(2))[0].tolist()
        [[0.0, 2.0, 1.0, 3.0], [4.0, 6.0, 5.0, 7.0]]
    """
    import torch

    size = len(matrix)
    for old, new in zip(planes, spare):
        torch.mm(matrix, old.view(-1, size).t(), out=new.view(size, -1))
    return spare, planes


def turn_moments(bra: torch.Tensor, ket: torch.Tensor, size: int) -> NDArray[np.float64]:
    """Im <lambda|X_q|psi> of the qubits of the lowest bits.

    Args:
        bra: lambda, shape (2, 2**n).
        ket: psi, of the same shape.
        size: 2**k.

    Returns:
        Shape (k,), lowest bit first.

    Example:
        >>> import torch
        >>> turn_moments(torch.tensor([[0.0, 1.0], [0.0, 0.0]]), torch.tensor([[2.0, 0.0], [0.0, 0.0]]), 2)
        array([2.])
    """
    import torch

    total = np.zeros((size, size))
    for first, second in zip(bra, ket):
        rows = first.numel() // size
        pieces = min(64, rows)
        shape = (pieces, rows // pieces, size)
        products = torch.bmm(first.view(shape).transpose(1, 2), second.view(shape))
        total += products.double().sum(dim=0).cpu().numpy()
    places = np.arange(size)
    moments = []
    for bit in range(size.bit_length() - 1):
        ones = places[places >> bit & 1 == 1]
        moments.append(total[ones, ones ^ 1 << bit].sum() - total[ones ^ 1 << bit, ones].sum())
    return np.array(moments)
