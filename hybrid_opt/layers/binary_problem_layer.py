"""Layers that take the coefficients of binary problems, one problem per row."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import torch

from ..circuits.errors import CircuitError
from ..circuits.qaoa_structure import QAOAStructure
from .circuit_layer import CircuitLayer
from .inputs import check_coefficients
from .model_coefficients import coefficients_of

__all__ = ["BinaryProblemLayer"]


class BinaryProblemLayer(CircuitLayer):
    """Base of layers whose inputs stand for problems; users make `QAOALayer`, not this.

    A problem is sum_i a_i x_i + sum_k b_k x_i(k) x_j(k), minimized over bits x.

    Attributes:
        circuit: numbers of qubits and layers, pairs, mixer.
        variables: names of the variables, 0 ... N - 1 unless a model has given others.
    """

    circuit: QAOAStructure
    variables: tuple[Hashable, ...]

    @property
    def n_qubits(self) -> int:
        """Number of variables, N."""
        return self.circuit.n_qubits

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The K pairs in the order of the quadratic coefficients, each with its smaller variable first."""
        return self.circuit.pairs

    def _checked(
        self, linear: torch.Tensor, quadratic: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return check_coefficients(linear, quadratic, self.n_qubits, len(self.pairs), type(self).__name__)

    def coefficients(self, model: Any, dtype: torch.dtype | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs of the layer that stand for a model; its offset is left out.

        Args:
            model: BINARY or SPIN, with the layer's ``variables`` in any order.
            dtype: of the result; None for torch's default.

        Returns:
            Linear coefficients, shape (N,), and quadratic ones, shape (K,).

        Raises:
            CircuitError: another kind of model, other variables, or a pair that the layer does not have.

        Example:
            >>> import dimod
            >>> from hybrid_opt.layers import QAOALayer
            >>> model = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0}, 0.0, "SPIN")
            >>> QAOALayer.from_model(model, seed=1).coefficients(model)
            (tensor([-2., -2.]), tensor([4.]))
        """
        linear, quadratic = coefficients_of(model, self.variables, self.pairs)
        dtype = dtype or torch.get_default_dtype()
        return torch.tensor(linear, dtype=dtype), torch.tensor(quadratic, dtype=dtype)

    def draw(
        self, linear: torch.Tensor | None = None, quadratic: torch.Tensor | None = None, *, decimals: int = 2
    ) -> str:
        """The circuit as text.

        Args:
            linear: of one instance, shape (N,); None for the gates without numbers.
            quadratic: of one instance, shape (K,).
            decimals: of the angles.

        Returns:
            Lines, one per wire.

        Raises:
            CircuitError: coefficients of a wrong shape or kind.

        Example:
            >>> from hybrid_opt.layers import QAOALayer
            >>> print(QAOALayer(2, depth=1, seed=1).draw())
            0: ──H──RZ─╭IsingZZ──RX─┤
            1: ──H──RZ─╰IsingZZ──RX─┤
        """
        row = None
        if linear is not None:
            both = self._checked(linear, quadratic)
            if both[0].ndim != 1:
                raise CircuitError(
                    f"linear coefficients have shape {tuple(linear.shape)}; a drawing shows one instance, "
                    f"shape ({self.n_qubits},)"
                )
            row = self._table(*both).detach().numpy()[0]
        return self.circuit.draw(row, decimals=decimals)

    def resources(self) -> dict[str, Any]:
        """What the circuit costs; see ``circuits.qaoa_structure``.

        Returns:
            qubits, depth (p), inputs, weights, one_qubit_gates, two_qubit_gates, two_qubit_depth.
        """
        return self.circuit.resources()

    def _pair_columns(self) -> tuple[torch.Tensor, torch.Tensor]:
        pairs = torch.tensor(self.pairs, dtype=torch.int64, device="cpu").reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _table(self, linear: torch.Tensor, quadratic: torch.Tensor) -> torch.Tensor:
        """Angles of checked problems, one row for each."""
        raise NotImplementedError
