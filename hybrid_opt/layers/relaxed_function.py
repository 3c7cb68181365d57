"""Relaxed ground states as differentiable torch functions of the coefficients; see ``relaxation``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..circuits.torch_states import refuse_batched_derivatives
from .circuit_function import only_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .relaxation import Ground, Relaxation

__all__ = ["ground_energies", "ground_values"]


def ground_energies(rows: torch.Tensor, energy_of: NDArray[np.float64], ground: Ground) -> torch.Tensor:
    """Lowest energies; their derivatives are the terms' expectation values.

    Args:
        rows: coefficients, shape (B, T), the first T entries of ``energy_of``.
        energy_of: how energies are made of values, shape (B, O).
        ground: the states.

    Returns:
        Shape (B,), differentiable once in ``rows``.
    """
    energies: torch.Tensor = _Energies.apply(rows, energy_of, ground)  # type: ignore[no-untyped-call]
    return energies


def ground_values(
    rows: torch.Tensor,
    relaxation: Relaxation,
    energy_of: NDArray[np.float64],
    ground: Ground,
    outputs: slice,
) -> torch.Tensor:
    """Expectation values in the lowest states, differentiated by the implicit function theorem.

    Args:
        rows: coefficients, shape (B, T), the first T entries of ``energy_of``.
        relaxation: that found the states.
        energy_of: how energies are made of values, shape (B, O).
        ground: the states.
        outputs: which of the O values are wanted.

    Returns:
        Shape (B, number of outputs), differentiable once in ``rows``.
    """
    arguments = (rows, relaxation, energy_of, ground, outputs)
    values: torch.Tensor = _Values.apply(*arguments)  # type: ignore[no-untyped-call]
    return values


def _to_torch(ctx: Any, gradient: NDArray[np.float64], cotangents: torch.Tensor) -> torch.Tensor:
    (rows,) = ctx.saved_tensors
    result = torch.from_numpy(np.ascontiguousarray(gradient[:, : rows.shape[1]]))
    return only_once(result, rows, cotangents) if torch.is_grad_enabled() else result


class _Energies(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, energy_of: NDArray[np.float64], ground: Ground) -> torch.Tensor:
        ctx.ground = ground
        ctx.save_for_backward(rows)
        return torch.from_numpy((energy_of * ground.values).sum(axis=1))

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> Any:
        refuse_batched_derivatives(cotangents[0])
        gradient = cotangents[0].detach().numpy()[:, None] * ctx.ground.values
        return _to_torch(ctx, gradient, cotangents[0]), None, None


class _Values(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        rows: torch.Tensor,
        relaxation: Relaxation,
        energy_of: NDArray[np.float64],
        ground: Ground,
        outputs: slice,
    ) -> torch.Tensor:
        ctx.relaxation, ctx.energy_of, ctx.ground, ctx.outputs = relaxation, energy_of, ground, outputs
        ctx.save_for_backward(rows)
        return torch.from_numpy(ground.values[:, outputs].copy())

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> Any:
        refuse_batched_derivatives(cotangents[0])
        of_values = np.zeros_like(ctx.ground.values)
        of_values[:, ctx.outputs] = cotangents[0].detach().numpy()
        gradient = ctx.relaxation.pull(ctx.ground.weights, ctx.energy_of, of_values)
        return _to_torch(ctx, gradient, cotangents[0]), None, None, None, None
