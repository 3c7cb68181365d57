"""From coefficients of binary problems to the angles of QAOA circuits, in torch.

Shapes: B instances, N variables, K pairs, p layers. A problem is sum_i a_i x_i + sum_k b_k x_i(k) x_j(k),
minimized over bits x; with x = (1 - Z) / 2 (see ``circuits.ising``) it is
sum_i h_i Z_i + sum_k J_k Z_i(k) Z_j(k) and a constant.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ..circuits.angle_tables import angles_for_minimization, sherrington_kirkpatrick_angles

__all__ = ["angle_table", "ising_coefficients", "starting_angles", "typical_change"]

# Below this share of the largest coefficient a spread is rounding error, and the objective constant.
_NO_SPREAD = 1e-9


def starting_angles(depth: int, n_qubits: int, mixer: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Angles to start from, in units of 1 / `typical_change` (gammas) and radians (betas).

    For the mixer "x" these are the angles of ``circuits.angle_tables``. For "xy" they are a heuristic: 0.8
    times the gammas and 3 / N times the betas of the same table, near the best of a grid on random linear,
    redundancy and Sherrington-Kirkpatrick problems with N = 8 and 10 and p = 3. The gap of the mixer's
    spectrum, N instead of 2, alone would suggest 2 / N.

    Args:
        depth: number of layers p.
        n_qubits: N.
        mixer: "x" or "xy".

    Returns:
        (gammas, betas), each of shape (p,).

    Raises:
        CircuitError: the depth is no positive integer.

    Example:
        >>> gammas, betas = starting_angles(1, 6, "xy")
        >>> gammas.round(4).tolist(), betas.round(4).tolist()
        ([0.4], [-0.1964])
    """
    gammas, betas = angles_for_minimization(*sherrington_kirkpatrick_angles(depth))
    if mixer == "xy":
        return 0.8 * gammas, betas * 3 / n_qubits
    return gammas, betas


def ising_coefficients(
    linear: torch.Tensor, quadratic: torch.Tensor, first: torch.Tensor, second: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Coefficients of Z and ZZ from those of bits and their products.

    Args:
        linear: a, shape (B, N).
        quadratic: b, shape (B, K).
        first: one variable of each pair, integers of shape (K,).
        second: the other one.

    Returns:
        h, shape (B, N), and J, shape (B, K).

    Example:
        >>> pair = torch.tensor([0]), torch.tensor([1])
        >>> ising_coefficients(torch.tensor([[2.0, 0.0]]), torch.tensor([[4.0]]), *pair)
        (tensor([[-2., -1.]]), tensor([[1.]]))
    """
    quarter = quadratic / 4
    fields = (-linear / 2).index_add(1, first, quarter, alpha=-1).index_add(1, second, quarter, alpha=-1)
    return fields, quarter


def typical_change(
    fields: torch.Tensor,
    couplings: torch.Tensor,
    first: torch.Tensor,
    second: torch.Tensor,
    weight: int | None = None,
) -> torch.Tensor:
    """Of every instance, the sigma by which its gammas are divided.

    Without a weight it is that of ``circuits.angle_tables``: sigma**2 = (sum h**2 + 2 sum J**2) / N. Among
    bit strings of one weight, where a qubit has the mean m = <Z> = 1 - 2 weight / N, only deviations from it
    count: fields become h_i + m sum_j J_ij less their average, and J**2 is multiplied with the variance
    1 - m**2.

    Args:
        fields: h, shape (B, N).
        couplings: J, shape (B, K).
        first: one variable of each pair, integers of shape (K,).
        second: the other one.
        weight: number of ones, or None for any.

    Returns:
        Shape (B, 1), differentiable; 1 where the objective is constant, up to rounding.

    Example:
        >>> pair = torch.tensor([0]), torch.tensor([1])
        >>> typical_change(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0]]), *pair)
        tensor([[3.]])
    """
    share = 1.0
    n_qubits = fields.shape[1]
    if weight is not None:
        mean = 1 - 2 * weight / n_qubits
        share = 1 - mean**2
        fields = fields.index_add(1, first, couplings, alpha=mean).index_add(1, second, couplings, alpha=mean)
        fields = fields - fields.mean(dim=1, keepdim=True)
    squares = (fields**2).sum(dim=1, keepdim=True) + 2 * share * (couplings**2).sum(dim=1, keepdim=True)
    squares = squares / n_qubits
    # The root of 0 has no derivative, not even behind a torch.where that drops it.
    constant = squares.detach() <= _NO_SPREAD**2
    return torch.where(constant, torch.ones_like(squares), squares).sqrt()


def angle_table(
    linear: torch.Tensor,
    quadratic: torch.Tensor,
    gammas: torch.Tensor,
    betas: torch.Tensor,
    pairs: tuple[torch.Tensor, torch.Tensor],
    *,
    mixer: str,
    weight: int | None,
    rescale: bool,
) -> torch.Tensor:
    """Angles of every instance, for ``circuits.qaoa_program``.

    Args:
        linear: a, float64 of shape (B, N).
        quadratic: b, float64 of shape (B, K).
        gammas: shape (p,).
        betas: shape (p,).
        pairs: first and second variable of each pair, integers of shape (K,).
        mixer: "x" or "xy".
        weight: number of ones that the mixer keeps, or None.
        rescale: whether gammas are divided by `typical_change`.

    Returns:
        Shape (B, p (N + K + 1)), differentiable in all four.

    Example:
        >>> none = torch.zeros(0, dtype=torch.int64)
        >>> angle_table(
        ...     torch.tensor([[-4.0]]), torch.zeros(1, 0), torch.tensor([0.5]), torch.tensor([-0.25]),
        ...     (none, none), mixer="x", weight=None, rescale=True,
        ... )
        tensor([[ 1.0000, -0.5000]])
    """
    if rescale:
        # Only ratios count; with the largest of 1, squares neither overflow nor vanish. What is divided out
        # again cannot matter to the derivative, so it need not be differentiated.
        together = torch.cat([linear, quadratic], dim=1).detach().abs()
        largest = together.amax(dim=1, keepdim=True) if together.numel() else together.new_ones(1, 1)
        largest = torch.where(largest > 0, largest, torch.ones_like(largest))
        linear, quadratic = linear / largest, quadratic / largest
    fields, couplings = ising_coefficients(linear, quadratic, *pairs)
    costs = torch.cat([fields, couplings], dim=1)
    if rescale:
        costs = costs / typical_change(fields, couplings, *pairs, weight)
    of_costs = 2 * gammas[None, :, None] * costs[:, None, :]
    of_mixer = (2 * betas if mixer == "x" else betas)[None, :, None].expand(len(costs), -1, -1)
    return torch.cat([of_costs, of_mixer], dim=2).flatten(1)
