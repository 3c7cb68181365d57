"""The table of angles as an affine function: inputs @ A + weights @ B + constant.

Nearly every angle is one input or one weight times a number. The two matrices are kept as lists of their few
nonzero entries; small maps are applied as dense products, which need the fewest operations, large ones by
their entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from .errors import CircuitError

__all__ = ["SlotMap"]

Entry = tuple[int, int, float]

# Number of matrix entries up to which a dense product beats picking: measured for 32 rows on one core
_DENSE = 20_000


class SlotMap:
    """Angles of a program from inputs and weights.

    Args:
        n_inputs: inputs of one sample, n.
        n_weights: number of weights, P.
        input_entries: triples (input, slot, coefficient).
        weight_entries: triples (weight, slot, coefficient).
        constant: what is added, shape (S,).

    Attributes:
        n_inputs: n.
        n_weights: P.
        n_slots: number of columns of the table, S.
        constant: read only, shape (S,).

    Example:
        >>> slots = SlotMap(1, 2, [(0, 0, 2.0)], [(1, 1, 1.0)], np.array([0.0, 0.5]))
        >>> slots.table(np.array([[0.1], [0.2]]), np.array([3.0, 4.0])).tolist()
        [[0.2, 4.5], [0.4, 4.5]]
    """

    def __init__(
        self,
        n_inputs: int,
        n_weights: int,
        input_entries: Sequence[Entry],
        weight_entries: Sequence[Entry],
        constant: NDArray[np.float64],
    ) -> None:
        self.n_inputs = n_inputs
        self.n_weights = n_weights
        self.n_slots = len(constant)
        self.input_entries = tuple(input_entries)
        self.weight_entries = tuple(weight_entries)
        self.constant = np.array(constant, dtype=np.float64)
        self.constant.flags.writeable = False
        self._tensors: dict[Any, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {
            "n_inputs": self.n_inputs,
            "n_weights": self.n_weights,
            "n_slots": self.n_slots,
            "input_entries": self.input_entries,
            "weight_entries": self.weight_entries,
            "constant": self.constant,
            "_tensors": {},
        }

    def __repr__(self) -> str:
        return f"SlotMap(n_inputs={self.n_inputs}, n_weights={self.n_weights}, n_slots={self.n_slots})"

    def with_constant(self, constant: NDArray[np.float64]) -> SlotMap:
        """The same map with another constant, shape (S,)."""
        return SlotMap(self.n_inputs, self.n_weights, self.input_entries, self.weight_entries, constant)

    @cached_property
    def input_slots(self) -> NDArray[np.bool_]:
        """Which slots depend on inputs, shape (S,)."""
        return _touched(self.input_entries, self.n_slots)

    @cached_property
    def weight_slots(self) -> NDArray[np.bool_]:
        """Which slots depend on weights, shape (S,)."""
        return _touched(self.weight_entries, self.n_slots)

    @cached_property
    def _input_matrix(self) -> Any:
        return _matrix(self.input_entries, (self.n_inputs, self.n_slots))

    @cached_property
    def _weight_matrix(self) -> Any:
        return _matrix(self.weight_entries, (self.n_weights, self.n_slots))

    def table(self, inputs: Any, weights: Any) -> Any:
        """Angles of every execution.

        Args:
            inputs: NumPy array or torch tensor of real numbers, shape (B, n).
            weights: the same kind, shape (P,), or (B, P) for weights of each execution.

        Returns:
            Float64, shape (B, S), NumPy or torch as given; torch tables are differentiable in both arguments.
            One row of inputs with B rows of weights (and the other way around) counts for all of them.

        Raises:
            CircuitError: a wrong shape.
        """
        if inputs.ndim != 2 or inputs.shape[1] != self.n_inputs:
            raise CircuitError(f"inputs have shape {tuple(inputs.shape)}; it must be (B, {self.n_inputs})")
        if weights.ndim not in (1, 2) or weights.shape[-1] != self.n_weights:
            raise CircuitError(
                f"weights have shape {tuple(weights.shape)}; it must be ({self.n_weights},) or "
                f"(B, {self.n_weights})"
            )
        rows = inputs.shape[0]
        if weights.ndim == 2 and weights.shape[0] != rows and 1 not in (rows, weights.shape[0]):
            raise CircuitError(f"{rows} rows of inputs do not go with {weights.shape[0]} rows of weights")
        if isinstance(inputs, np.ndarray) and isinstance(weights, np.ndarray):
            table = inputs @ self._input_matrix + (weights @ self._weight_matrix + self.constant)
            return np.asarray(table, dtype=np.float64)
        if isinstance(inputs, np.ndarray) or isinstance(weights, np.ndarray):
            raise CircuitError("one of inputs and weights is a NumPy array, the other is not; give one kind")
        return self._torch_table(inputs.double(), weights.double())

    def _torch_table(self, inputs: Any, weights: Any) -> Any:
        import torch

        tensors = self._tensors.get(weights.device)
        if tensors is None:
            # Tensors made under inference_mode() could not take part in a later training step.
            with torch.inference_mode(False):
                tensors = self._tensors[weights.device] = self._on_device(weights.device)
        constant, by_input, by_weight, columns_of_weights = tensors
        if isinstance(by_weight, torch.Tensor):
            if weights.ndim == 1:
                row = torch.addmv(constant, columns_of_weights, weights)
            else:
                row = torch.addmm(constant, weights, by_weight)
        else:
            source, column, coefficient = by_weight
            terms = weights.index_select(-1, source) * coefficient
            start = constant if weights.ndim == 1 else constant.expand(weights.shape[0], -1)
            row = start.index_add(-1, column, terms)
        if isinstance(by_input, torch.Tensor):
            if row.ndim == 2 and row.shape[0] != inputs.shape[0]:
                return row + inputs @ by_input
            return torch.addmm(row, inputs, by_input)
        source, column, coefficient = by_input
        terms = inputs.index_select(1, source) * coefficient
        rows = max(inputs.shape[0], row.shape[0]) if row.ndim == 2 else inputs.shape[0]
        return row.expand(rows, -1).index_add(1, column, terms.expand(rows, -1))

    def _on_device(self, device: Any) -> Any:
        import torch

        def moved(entries: Sequence[Entry], size: int) -> Any:
            if size * self.n_slots <= _DENSE:
                return torch.from_numpy(_matrix(entries, (size, self.n_slots), dense=True)).to(device)
            source, column, coefficient = _split(entries)
            return tuple(torch.from_numpy(part).to(device) for part in (source, column, coefficient))

        by_weight = moved(self.weight_entries, self.n_weights)
        transposed = by_weight.T.contiguous() if isinstance(by_weight, torch.Tensor) else None
        constant = torch.from_numpy(self.constant.copy()).to(device)
        return constant, moved(self.input_entries, self.n_inputs), by_weight, transposed


def _split(
    entries: Sequence[Entry],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    source = np.array([entry[0] for entry in entries], dtype=np.int64)
    column = np.array([entry[1] for entry in entries], dtype=np.int64)
    return source, column, np.array([entry[2] for entry in entries], dtype=np.float64)


def _touched(entries: Sequence[Entry], size: int) -> NDArray[np.bool_]:
    touched = np.zeros(size, dtype=np.bool_)
    touched[_split(entries)[1]] = True
    return touched


def _matrix(entries: Sequence[Entry], shape: tuple[int, int], dense: bool | None = None) -> Any:
    source, column, coefficient = _split(entries)
    matrix = csr_array((coefficient, (source, column)), shape=shape)
    small = shape[0] * shape[1] <= _DENSE if dense is None else dense
    return matrix.toarray() if small else matrix
