"""Distances between queries and keys, and their gradients, by compiled loops on the CPU.

Shapes: N heads (of all batch rows), R query rows, C key columns, D head width.

The functions have the signatures of the plain torch pair that serves every device, and do not check
arguments: they are called from attention, which has checked them. Tensors are float32 or float64 on the CPU,
of any strides. Beyond what they return they need some scratch per thread, a few hundred kilobytes for usual
sizes.

Metrics, with x = query - key: "l1" sum |x_d|; "lp" (sum |x_d|**p)**(1/p), p >= 1; "chebyshev" max |x_d|.
Powers of p = 1.5, 2, 3 and 4 need no logarithm and are the fast ones. No power overflows or vanishes:
coordinates are divided by the largest where that could happen. Not-a-number and infinity pass through.

Subgradients: sign(0) = 0; 0 at distance 0; coordinates that tie for the largest share equally.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .kernel_threads import run_on_threads

__all__ = [
    "distance_tile",
    "distance_tile_backward",
    "distance_tile_p_gradient",
    "flat_array",
    "head_exponents",
]

Exponent = float | Sequence[float] | Tensor | None


def head_exponents(metric: str, p: Exponent, n_heads: int) -> NDArray[np.float64]:
    """The exponent of each head, with those of L1 and Chebyshev.

    Args:
        metric: "l1", "lp" or "chebyshev".
        p: for "lp" the exponent, or N of them.
        n_heads: N.

    Returns:
        (N,); infinity for Chebyshev.

    Example:
        >>> head_exponents("lp", 1.5, 2)
        array([1.5, 1.5])
    """
    if metric == "l1":
        return np.ones(n_heads)
    if metric == "chebyshev":
        return np.full(n_heads, math.inf)
    values = p.detach().double().numpy() if isinstance(p, Tensor) else np.asarray(p, dtype=np.float64)
    # A copy: numba compiles once more for an array that cannot be written to.
    return np.array(np.broadcast_to(values, (n_heads,)))


def flat_array(tensor: Tensor) -> NDArray[Any]:
    """The numbers of a tensor in one row without gaps: a view if that is how they stand, else a copy.

    Args:
        tensor: on the CPU.

    Returns:
        One dimension.

    Example:
        >>> flat_array(torch.ones(2, 2))
        array([1., 1., 1., 1.], dtype=float32)
    """
    array: NDArray[Any] = tensor.detach().contiguous().view(-1).numpy()
    return array


def distance_tile(query: Tensor, key: Tensor, metric: str, p: Exponent = None) -> Tensor:
    """Distances between all queries and all keys of each head.

    Args:
        query: shape (N, R, D).
        key: shape (N, C, D).
        metric: "l1", "lp" or "chebyshev".
        p: for "lp" the exponent, or N of them.

    Returns:
        Shape (N, R, C), contiguous.

    Example:
        >>> query, key = torch.tensor([[[0.0, 0.0]]]), torch.tensor([[[3.0, -4.0]]])
        >>> [distance_tile(query, key, name, 2.0).item() for name in ("l1", "lp", "chebyshev")]
        [7.0, 5.0, 4.0]
    """
    from .distance_kernels import block_distances, distances_of_groups

    n_heads, n_rows, depth = query.shape
    shape = (n_heads, n_rows, key.shape[1], depth)
    if min(shape) == 0:
        return query.new_zeros(shape[:3])
    distances = query.new_empty(shape[:3])
    arrays = flat_array(query), flat_array(key), head_exponents(metric, p, n_heads)
    output = flat_array(distances)
    address = block_distances.address(output.dtype)

    def work(first: int, last: int) -> None:
        distances_of_groups(address, *arrays, shape, first, last, output)

    run_on_threads(work, n_heads * -(-n_rows // 4), math.prod(shape))
    return distances


def distance_tile_backward(
    grad: Tensor,
    distances: Tensor,
    query: Tensor,
    key: Tensor,
    metric: str,
    p: Exponent,
    grad_query: Tensor,
    grad_key: Tensor,
) -> None:
    """Add the gradients that come through distances to those of queries and keys.

    Args:
        grad: gradient of the loss with respect to the distances, shape (N, R, C).
        distances: what `distance_tile` returned, shape (N, R, C).
        query: shape (N, R, D).
        key: shape (N, C, D).
        metric: "l1", "lp" or "chebyshev".
        p: for "lp" the exponent, or N of them.
        grad_query: shape (N, R, D), added to.
        grad_key: shape (N, C, D), added to.

    Example:
        >>> query, key = torch.tensor([[[0.0, 0.0]]]), torch.tensor([[[3.0, -4.0]]])
        >>> grad_query, grad_key = torch.zeros_like(query), torch.zeros_like(key)
        >>> one, distances = torch.ones(1, 1, 1), distance_tile(query, key, "chebyshev")
        >>> distance_tile_backward(one, distances, query, key, "chebyshev", None, grad_query, grad_key)
        >>> grad_query, grad_key
        (tensor([[[0., 1.]]]), tensor([[[ 0., -1.]]]))
    """
    n_heads, n_rows, depth = query.shape
    shape = (n_heads, n_rows, key.shape[1], depth)
    if min(shape) == 0:
        return
    arrays = flat_array(grad), flat_array(distances), flat_array(query), flat_array(key)
    targets = grad_query.contiguous(), grad_key.contiguous()
    outputs = [flat_array(target) for target in targets]
    if metric == "chebyshev":
        from .chebyshev_kernels import block_chebyshev, chebyshev_gradients

        chebyshev = block_chebyshev.address(arrays[0].dtype)

        def work(first: int, last: int) -> None:
            chebyshev_gradients(chebyshev, *arrays, shape, first, last, *outputs)

        units = n_heads
    else:
        from .gradient_kernels import block_gradients, gradients_of_chunks

        exponents = head_exponents(metric, p, n_heads)
        address = block_gradients.address(arrays[0].dtype)

        def work(first: int, last: int) -> None:
            gradients_of_chunks(address, *arrays, exponents, shape, first, last, *outputs)

        units = n_heads * -(-depth * query.element_size() // 64)
    run_on_threads(work, units, 2 * math.prod(shape))
    for given, target in zip((grad_query, grad_key), targets):
        if target is not given:
            given.copy_(target)


def distance_tile_p_gradient(
    grad: Tensor, distances: Tensor, query: Tensor, key: Tensor, p: Exponent
) -> Tensor:
    """Gradient of the loss with respect to the exponent of each head, through "lp" distances.

    Args:
        grad: gradient of the loss with respect to the distances, shape (N, R, C).
        distances: what `distance_tile` returned, shape (N, R, C).
        query: shape (N, R, D).
        key: shape (N, C, D).
        p: the exponent, or N of them.

    Returns:
        Shape (N,); for a shared exponent the gradient is their sum.

    Example:
        >>> query, key = torch.zeros(1, 1, 2), torch.ones(1, 1, 2)
        >>> distances = distance_tile(query, key, "lp", 1.0)  # 2**(1/p), derivative -2**(1/p) log(2) / p**2
        >>> round(distance_tile_p_gradient(torch.ones(1, 1, 1), distances, query, key, 1.0).item(), 5)
        -1.38629
    """
    from .exponent_kernels import exponent_gradients

    n_heads, n_rows, depth = query.shape
    shape = (n_heads, n_rows, key.shape[1], depth)
    if min(shape) == 0:
        return query.new_zeros(n_heads)
    arrays = (
        flat_array(grad),
        flat_array(distances),
        flat_array(query),
        flat_array(key),
        head_exponents("lp", p, n_heads),
    )
    groups = -(-n_rows // 4)
    sums = np.empty(n_heads * groups)

    def work(first: int, last: int) -> None:
        exponent_gradients(*arrays, shape, first, last, sums)

    run_on_threads(work, n_heads * groups, 4 * math.prod(shape))
    return torch.from_numpy(sums.reshape(n_heads, groups).sum(1)).to(query.dtype)
