"""Chebyshev encoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np

from .arguments import is_torch, whole_number
from .encoding_base import PerQubitEncoding, checked_rows, refuse, rotation_gate
from .errors import CircuitError

__all__ = ["Chebyshev"]


@dataclass(frozen=True)
class Chebyshev(PerQubitEncoding):
    """Rotations by 2 k arccos(x), whose expectation values are Chebyshev polynomials of the feature.

    O. Kyriienko, A. E. Paine, V. E. Elfving, "Solving nonlinear differential equations with differentiable
    quantum circuits", arXiv 2011.10395, section on quantum feature maps: amplitudes T_k(x), so that <Z> is
    T_2k(x). The tower gives wire i the degree (i + 1) k.

    The derivative of arccos is infinite at -1 and 1. Values are exact there, but the derivative is taken with
    max(1 - x**2, edge) in place of 1 - x**2, hence finite: gradients with respect to inputs are exact where
    1 - x**2 >= edge and too small beyond (0 for <Z> at exactly -1 and 1). Scale features into (-1, 1) if
    these gradients matter.

    Args:
        degree: k, at least 1.
        tower: whether the degree grows with the wire.
        rotation: "X" or "Y".
        edge: smallest 1 - x**2 in the derivative, above 0 and below 1.

    Raises:
        CircuitError: a setting out of its range.

    Example:
        >>> [float(gate.data[0]) for gate in Chebyshev(tower=True).operations(np.array([0.5, 0.5]), [0, 1])]
        [1.0, 2.0]
    """

    name: ClassVar[str] = "chebyshev"
    degree: int = 1
    tower: bool = False
    rotation: str = "Y"
    edge: float = 1e-12

    def __post_init__(self) -> None:
        whole_number(f"degree of {self.name} encoding", self.degree, 1)
        rotation_gate(self.name, self.rotation, "XY")
        if not isinstance(self.edge, (int, float)) or not 0 < self.edge < 1:
            raise CircuitError(f"edge of chebyshev encoding is {self.edge!r}; it must lie between 0 and 1")

    def angles(self, features: Any) -> Any:
        """Arccos of the features; the gates multiply by 2 k."""
        return _torch_arccos()(features, self.edge) if is_torch(features) else np.arccos(features)

    def angle_names(self, n_qubits: int) -> list[str]:
        """The arccos of the features' names."""
        return [f"arccos(x{i})" for i in range(n_qubits)]

    def operations(self, angles: Any, wires: Sequence[int]) -> list[Any]:
        """One rotation per wire."""
        gate = rotation_gate(self.name, self.rotation, "XY")
        degrees = [self.degree * (i + 1 if self.tower else 1) for i in range(len(wires))]
        return [gate(2 * degrees[i] * angles[..., i], wire) for i, wire in enumerate(wires)]

    def check(self, features: Any, n_qubits: int) -> None:
        """Refuse a wrong number of features and values outside [-1, 1]."""
        rows = checked_rows(self.name, features, n_qubits)
        if rows is not None:
            refuse(
                self.name,
                rows,
                np.abs(rows) > 1,
                "is {value}; chebyshev encoding takes values in [-1, 1]: scale the features",
            )


@cache
def _torch_arccos() -> Any:
    """Arccos with a finite derivative; made on first use, because torch is imported where it is needed."""
    import torch

    class FiniteArccos(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, features: Any, edge: float) -> Any:
            ctx.save_for_backward(features)
            ctx.edge = edge
            return torch.arccos(features)

        @staticmethod
        def backward(ctx: Any, *cotangents: Any) -> Any:
            (features,) = ctx.saved_tensors
            root = torch.sqrt(torch.clamp(1 - features * features, min=ctx.edge))
            return -cotangents[0] / root, None

    return FiniteArccos.apply
