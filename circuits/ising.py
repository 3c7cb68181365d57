"""The one place where bits become spins: a dimod model as Z operators, and its energy at every bit string.

With Z|0> = +|0> a bit is x = (1 - Z) / 2. A dimod spin is s = 2x - 1 = -Z, so a SPIN model only changes the
sign of its linear terms, and the BINARY and the SPIN form of one model give the same operator.

Variable i of ``model.variables`` is wire i; in an integer index wire 0 is the most significant bit.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import dimod
import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .memory import require_memory

__all__ = ["Ising", "energy_vector", "ising_from_bqm"]


@dataclass(frozen=True, eq=False)
class Ising:
    """The operator sum_i h_i Z_i + sum_k J_k Z_a(k) Z_b(k) + constant; its eigenvalues are the energies.

    Attributes:
        variables: the model's variables; variable i is wire i. N of them.
        fields: h, shape (N,).
        pairs: wires (a, b) of each coupling with a < b, shape (K, 2), sorted, none twice.
        couplings: J of each pair, shape (K,), none zero.
        constant: coefficient of the identity.
    """

    variables: tuple[Hashable, ...]
    fields: NDArray[np.float64]
    pairs: NDArray[np.int64]
    couplings: NDArray[np.float64]
    constant: float

    @property
    def n_qubits(self) -> int:
        """Number of wires, N."""
        return len(self.variables)

    @property
    def coefficients(self) -> NDArray[np.float64]:
        """Of all terms that act: fields other than zero by wire, then couplings."""
        return np.concatenate([self.fields[self.fields != 0], self.couplings])

    @property
    def terms(self) -> tuple[tuple[Hashable, ...], ...]:
        """The variables in each of these terms."""
        singles = [(self.variables[wire],) for wire in np.flatnonzero(self.fields)]
        return (*singles, *((self.variables[a], self.variables[b]) for a, b in self.pairs.tolist()))


@dataclass(frozen=True, eq=False)
class _Binary:
    """The same model in bits: sum_i a_i x_i + sum_k b_k x_a(k) x_b(k) + offset."""

    variables: tuple[Hashable, ...]
    linear: NDArray[np.float64]
    pairs: NDArray[np.int64]
    quadratic: NDArray[np.float64]
    offset: float


def _read_binary(model: Any) -> _Binary:
    if not isinstance(model, dimod.BinaryQuadraticModel):
        raise CircuitError(
            f"the model is a {type(model).__name__}; a dimod.BinaryQuadraticModel is needed. Turn a "
            "constrained model into one with hybrid_opt.to_qubo(model).bqm"
        )
    if model.num_variables == 0:
        raise CircuitError("the model has no variables; a circuit needs at least one qubit")
    binary = model if model.vartype is dimod.BINARY else model.change_vartype(dimod.BINARY, inplace=False)
    variables = tuple(model.variables)
    vectors = binary.to_numpy_vectors(variable_order=list(variables))
    linear = np.asarray(vectors.linear_biases, dtype=np.float64)
    first = np.asarray(vectors.quadratic.row_indices, dtype=np.int64)
    second = np.asarray(vectors.quadratic.col_indices, dtype=np.int64)
    quadratic = np.asarray(vectors.quadratic.biases, dtype=np.float64)
    offset = float(vectors.offset)

    if not np.isfinite(linear).all():
        bad = variables[int(np.flatnonzero(~np.isfinite(linear))[0])]
        raise CircuitError(f"variable {bad!r} has a linear coefficient that is NaN or infinite")
    if not np.isfinite(quadratic).all():
        k = int(np.flatnonzero(~np.isfinite(quadratic))[0])
        names = (variables[int(first[k])], variables[int(second[k])])
        raise CircuitError(f"the pair {names!r} has a coefficient that is NaN or infinite")
    if not np.isfinite(offset):
        raise CircuitError(f"the model's offset is {offset}; it must be a finite number")

    pairs = np.stack([np.minimum(first, second), np.maximum(first, second)], axis=1)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    order = order[quadratic[order] != 0]
    return _Binary(variables, linear, pairs[order], quadratic[order], offset)


def ising_from_bqm(model: dimod.BinaryQuadraticModel) -> Ising:
    """Write a dimod model with Z operators, x = (1 - Z) / 2.

    Args:
        model: a BINARY or SPIN model with at least one variable.

    Returns:
        The operator whose eigenvalue at a bit string is the model's energy there, offset included.

    Raises:
        CircuitError: no BinaryQuadraticModel, no variables, or a coefficient that is not finite.

    Example:
        >>> model = dimod.BinaryQuadraticModel({"a": 2.0}, {("a", "b"): 4.0}, 1.0, "BINARY")
        >>> operator = ising_from_bqm(model)
        >>> operator.fields.tolist(), operator.couplings.tolist(), operator.constant
        ([-2.0, -1.0], [1.0], 3.0)
    """
    binary = _read_binary(model)
    quarter = binary.quadratic / 4
    fields = -binary.linear / 2
    np.subtract.at(fields, binary.pairs[:, 0], quarter)
    np.subtract.at(fields, binary.pairs[:, 1], quarter)
    constant = binary.offset + float(binary.linear.sum()) / 2 + float(quarter.sum())
    return Ising(binary.variables, fields, binary.pairs, quarter, constant)


def energy_vector(model: dimod.BinaryQuadraticModel) -> NDArray[np.float64]:
    """Energy of a model at every bit string, by doubling: about four additions per entry in all.

    Args:
        model: a BINARY or SPIN model with N variables.

    Returns:
        Shape (2**N,); entry sum_i x_i 2**(N-1-i) is the energy, offset included, of bits x (for a SPIN model
        of spins 2x - 1).

    Raises:
        CircuitError: as `ising_from_bqm`.
        CircuitTooLargeError: the vector does not fit into free memory.

    Example:
        >>> energy_vector(dimod.BinaryQuadraticModel({"a": 2.0, "b": 0.5}, {("a", "b"): 4.0}, 1.0, "BINARY"))
        array([1. , 1.5, 3. , 7.5])
    """
    binary = _read_binary(model)
    n = len(binary.variables)
    require_memory(n, 24)
    rows = np.zeros((n, n))
    rows[binary.pairs[:, 1], binary.pairs[:, 0]] = binary.quadratic
    energies = np.array([binary.offset])
    for k in range(n):
        change = np.array([binary.linear[k]])
        for weight in rows[k, :k]:
            change = (change[:, None] + np.array([0.0, weight])).ravel()
        energies = np.stack([energies, energies + change], axis=1).ravel()
    return energies
