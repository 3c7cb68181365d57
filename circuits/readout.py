"""What is read from a state: expectation values, and the derivative of any combination of them.

`PauliReadout` is the fast way for expectation values of sums of Pauli words; ``state_readout`` takes every
other measurement that has a value for a state.

The cotangent of a state is the vector c with dL = Re(sum conj(c) dpsi): for L = sum_o g_o <psi|O_o|psi> it is
c = 2 sum_o g_o O_o psi.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .measurement_groups import MeasurementGroup, PauliWord, group_words

__all__ = ["PauliReadout", "Readout", "UnknownObservableError"]

# Above this many entries the eigenvalues of diagonal observables are applied one by one, not as a matrix.
_MATRIX_ENTRIES = 2**22


class UnknownObservableError(CircuitError):
    """An observable is no sum of Pauli words, or acts on wires that the circuit does not have."""


class Readout(Protocol):
    """Turns states into values and weights of values into cotangents of states."""

    @property
    def n_outputs(self) -> int:
        """Number of values per state, O."""

    def values(self, states: NDArray[np.complex128]) -> NDArray[np.float64]:
        """Shape (B, 2**N) to (B, O)."""

    def cotangents(
        self, states: NDArray[np.complex128], weights: NDArray[np.float64]
    ) -> NDArray[np.complex128]:
        """Shapes (B, 2**N) and (B, O) to (B, 2**N)."""


class PauliReadout:
    """Expectation values of sums of Pauli words.

    Args:
        observables: PennyLane operators with a Pauli representation and real coefficients.
        n_qubits: wires 0 ... n_qubits - 1 exist.

    Attributes:
        n_outputs: number of observables, O.

    Raises:
        UnknownObservableError: another operator, or a wire that does not exist.

    Example:
        >>> import pennylane as qml
        >>> readout = PauliReadout([qml.Z(0), 0.5 * qml.X(0) @ qml.X(1)], 2)
        >>> bell = np.array([[1, 0, 0, 1]]) / np.sqrt(2)
        >>> readout.values(bell).round(6).tolist()
        [[0.0, 0.5]]
    """

    def __init__(self, observables: Sequence[Any], n_qubits: int) -> None:
        self.n_qubits = n_qubits
        self.n_outputs = len(observables)
        if not self.n_outputs:
            raise UnknownObservableError("no observable was given; name at least one, such as qml.Z(0)")
        words: dict[frozenset[tuple[int, str]], int] = {}
        entries: list[tuple[int, int, float]] = []
        for output, observable in enumerate(observables):
            for letters, coefficient in _pauli_terms(observable, n_qubits).items():
                entries.append((words.setdefault(letters, len(words)), output, coefficient))
        self._words = [PauliWord(dict(letters), n_qubits) for letters in words]
        # values = expectations of the words @ coefficients
        self._coefficients = np.zeros((len(words), self.n_outputs))
        for word, output, coefficient in entries:
            self._coefficients[word, output] = coefficient
        self._diagonal = all(not word.x for word in self._words)
        self._indices: NDArray[np.int64] | None = None
        self._matrix: NDArray[np.float64] | None = None

    def _all_indices(self) -> NDArray[np.int64]:
        if self._indices is None:
            self._indices = np.arange(2**self.n_qubits)
        return self._indices

    def _eigenvalues(self) -> NDArray[np.float64] | None:
        """Shape (2**N, O) if all observables are diagonal and it is small, else None."""
        if not self._diagonal or 2**self.n_qubits * self.n_outputs > _MATRIX_ENTRIES:
            return None
        if self._matrix is None:
            signs = np.empty((2**self.n_qubits, len(self._words)))
            for number, word in enumerate(self._words):
                signs[:, number] = word.signs(self._all_indices())
            self._matrix = signs @ self._coefficients
        return self._matrix

    def values(self, states: NDArray[np.complex128]) -> NDArray[np.float64]:
        """Expectation values.

        Args:
            states: shape (B, 2**N).

        Returns:
            Shape (B, O).
        """
        matrix = self._eigenvalues()
        if matrix is not None:
            return np.asarray(_squared(states) @ matrix)
        indices = self._all_indices()
        probabilities = _squared(states) if any(not word.x for word in self._words) else None
        expectations = np.empty((len(states), len(self._words)))
        for number, word in enumerate(self._words):
            if word.x or probabilities is None:
                applied = word.applied(states, indices)
                expectations[:, number] = np.einsum("bi,bi->b", states.conj(), applied).real
            else:
                expectations[:, number] = probabilities @ word.signs(indices)
        return expectations @ self._coefficients

    def cotangents(
        self, states: NDArray[np.complex128], weights: NDArray[np.float64]
    ) -> NDArray[np.complex128]:
        """Derivative of the weighted sum of the values with respect to the states.

        Args:
            states: shape (B, 2**N).
            weights: shape (B, O).

        Returns:
            2 sum_o weights[b, o] O_o psi_b, shape (B, 2**N).
        """
        matrix = self._eigenvalues()
        if matrix is not None:
            return states * (2 * weights @ matrix.T)
        indices = self._all_indices()
        of_words = 2 * weights @ self._coefficients.T
        total = np.zeros_like(states)
        for number, word in enumerate(self._words):
            total += of_words[:, number, None] * word.applied(states, indices)
        return total

    def density_values(self, densities: NDArray[np.complex128]) -> NDArray[np.float64]:
        """Expectation values in mixed states.

        Args:
            densities: shape (B, 2**N, 2**N).

        Returns:
            trace(O_o rho_b), shape (B, O).
        """
        indices = self._all_indices()
        expectations = np.empty((len(densities), len(self._words)))
        for number, word in enumerate(self._words):
            # trace(P rho) = sum_i P[i ^ x, i] rho[i, i ^ x]
            entries = densities[:, indices, indices ^ word.x]
            expectations[:, number] = (entries @ (word.phase * word.signs(indices))).real
        return expectations @ self._coefficients

    def measurement_groups(self) -> list[MeasurementGroup]:
        """Groups of words that one set of samples answers; `from_groups` takes their estimates."""
        return group_words(self._words)

    def from_groups(self, expectations: Sequence[NDArray[np.float64]], rows: int) -> NDArray[np.float64]:
        """Values from what the groups of `measurement_groups` estimated.

        Args:
            expectations: one array (B, words of the group) per group.
            rows: B.

        Returns:
            Shape (B, O).
        """
        table = np.ones((rows, len(self._words)))  # the identity's expectation is 1
        for group, estimated in zip(self.measurement_groups(), expectations):
            table[:, group.members] = estimated
        return table @ self._coefficients


def _squared(states: NDArray[np.complex128]) -> NDArray[np.float64]:
    return np.asarray(states.real**2 + states.imag**2)


def _pauli_terms(observable: Any, n_qubits: int) -> dict[frozenset[tuple[int, str]], float]:
    sentence = getattr(observable, "pauli_rep", None)
    if sentence is None:
        raise UnknownObservableError(
            f"{observable!r} is no sum of Pauli words; give PennyLane operators made of qml.X, qml.Y, qml.Z, "
            "their products and real sums"
        )
    terms: dict[frozenset[tuple[int, str]], float] = {}
    for word, coefficient in sentence.items():
        number = complex(coefficient)
        if abs(number.imag) > 1e-12 * max(1.0, abs(number)) or not np.isfinite(number.real):
            raise UnknownObservableError(f"{observable!r} has the coefficient {number}; it must be real")
        for wire in word:
            if not (isinstance(wire, (int, np.integer)) and 0 <= wire < n_qubits):
                raise UnknownObservableError(
                    f"{observable!r} acts on wire {wire!r}; the circuit has the wires 0 to {n_qubits - 1}"
                )
        terms[frozenset((int(wire), letter) for wire, letter in word.items())] = number.real
    return terms
