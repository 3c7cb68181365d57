"""Reading what is to be minimized: any Hermitian PennyLane operator or dimod model as a sum of Pauli words.

Wire labels become the qubits 0 ... N - 1: integers that are exactly these numbers keep them, other labels are
numbered in the operator's own order, variables of a model in the order of ``model.variables``. Qubit 0 is the
most significant bit of an index.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import dimod
import numpy as np
import pennylane as qml
from numpy.typing import NDArray

from .arguments import is_torch
from .errors import CircuitError
from .ising import ising_from_bqm
from .measurement_groups import PauliWord
from .memory import require_memory

__all__ = ["PauliHamiltonian", "read_hamiltonian"]

_TOLERANCE = 1e-10
_DECOMPOSED_QUBITS = 8  # a matrix on n qubits has up to 4**n words


@dataclass(frozen=True, eq=False)
class PauliHamiltonian:
    """sum_k coefficients[k] words[k] + constant on the qubits 0 ... N - 1.

    Attributes:
        wires: label of every qubit.
        letters: for every word "X", "Y" or "Z" by qubit; none is empty, none occurs twice. T of them.
        coefficients: shape (T,), real.
        constant: coefficient of the identity.
    """

    wires: tuple[Hashable, ...]
    letters: tuple[dict[int, str], ...]
    coefficients: NDArray[np.float64]
    constant: float

    @property
    def n_qubits(self) -> int:
        """Number of qubits, N."""
        return len(self.wires)

    @cached_property
    def words(self) -> tuple[PauliWord, ...]:
        """The words as bit masks."""
        return tuple(PauliWord(letters, self.n_qubits) for letters in self.letters)

    @property
    def diagonal(self) -> bool:
        """Whether it holds no letter but Z."""
        return all(letter == "Z" for letters in self.letters for letter in letters.values())

    @cached_property
    def operator(self) -> Any:
        """The same as a PennyLane operator on the wires 0 ... N - 1."""
        products = [qml.Identity(0), *(_product(letters) for letters in self.letters)]
        return qml.Hamiltonian([self.constant, *self.coefficients.tolist()], products)

    @property
    def n_flips(self) -> int:
        """Number of different sets of qubits that words flip: entries per row of the matrix."""
        return len({word.x for word in self.words} | {0})

    def matrix(self) -> Any:
        """The operator as a sparse matrix.

        Returns:
            ``scipy.sparse.csr_array``, shape (2**N, 2**N), real where all entries are.

        Raises:
            CircuitTooLargeError: it does not fit into free memory.

        Example:
            >>> read_hamiltonian(qml.Z(0) @ qml.X(1)).matrix().toarray().tolist()
            [[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, -1.0], [0.0, 0.0, -1.0, 0.0]]
        """
        from scipy.sparse import csr_array

        require_memory(self.n_qubits, 40 * self.n_flips)
        indices = np.arange(2**self.n_qubits)
        by_flip: dict[int, NDArray[np.complex128]] = {0: np.full(len(indices), self.constant, dtype=complex)}
        for word, coefficient in zip(self.words, self.coefficients):
            column = by_flip.setdefault(word.x, np.zeros(len(indices), dtype=complex))
            column += coefficient * word.phase * word.signs(indices ^ word.x)
        columns = np.stack([indices ^ flip for flip in by_flip], axis=1).astype(np.int64)
        entries: NDArray[Any] = np.stack(list(by_flip.values()), axis=1)
        if not entries.imag.any():
            entries = entries.real
        starts = np.arange(len(indices) + 1) * len(by_flip)
        size = len(indices)
        matrix = csr_array((entries.ravel(), columns.ravel(), starts), shape=(size, size))
        matrix.eliminate_zeros()
        return matrix

    def digest(self) -> str:
        """A short text that differs between operators that differ, for checkpoints."""
        words = [sorted(letters.items()) for letters in self.letters]
        text = repr((self.n_qubits, words, self.coefficients.tolist(), self.constant))
        return blake2b(text.encode(), digest_size=12).hexdigest()


def read_hamiltonian(hamiltonian: Any, wires: Iterable[Hashable] | None = None) -> PauliHamiltonian:
    """Read an operator or a model.

    Args:
        hamiltonian: a PennyLane operator (a sum or product of Pauli operators; Hermitian, Projector,
            SparseHamiltonian and other matrices on up to 8 wires), a ``PauliSentence``, a BINARY or SPIN
            ``dimod.BinaryQuadraticModel``, or a `PauliHamiltonian`, which is handed back on its own wires.
        wires: labels of the qubits in order; None for the operator's own. They may name more than it acts on.

    Returns:
        The operator, its constant kept.

    Raises:
        CircuitError: something else, an operator that is not Hermitian (a complex coefficient), a
            coefficient that is NaN or infinite, no wires, or wires that do not hold the operator's.
        CircuitTooLargeError: a matrix on more than 8 wires.

    Example:
        >>> read = read_hamiltonian(0.5 * qml.Z("b") @ qml.X("a") + 2.0 * qml.I("b"))
        >>> read.wires, read.letters, read.coefficients.tolist(), read.constant
        (('b', 'a'), ({0: 'Z', 1: 'X'},), [0.5], 2.0)
        >>> model = dimod.BinaryQuadraticModel({"u": 2.0}, {}, 1.0, "BINARY")
        >>> read_hamiltonian(model).coefficients.tolist(), read_hamiltonian(model).constant
        ([-1.0], 2.0)
    """
    if isinstance(hamiltonian, PauliHamiltonian):
        return hamiltonian if wires is None else _moved(hamiltonian, _labels(hamiltonian.wires, wires))
    if isinstance(hamiltonian, (dimod.BinaryQuadraticModel, dimod.ConstrainedQuadraticModel)):
        if wires is not None:
            raise CircuitError("wires cannot be chosen for a dimod model; variable i is qubit i")
        return _from_model(hamiltonian)
    sentence = _sentence(hamiltonian)
    labels = _labels(hamiltonian.wires, wires)
    places = {label: number for number, label in enumerate(labels)}
    constant, terms = 0.0, {}
    for word, coefficient in sentence.items():
        value = _real(coefficient, word)
        letters = {places[wire]: letter for wire, letter in word.items()}
        if not letters:
            constant = value
        elif value:
            terms[frozenset(letters.items())] = (dict(sorted(letters.items())), value)
    coefficients = np.array([value for _, value in terms.values()])
    return PauliHamiltonian(labels, tuple(letters for letters, _ in terms.values()), coefficients, constant)


def _moved(read: PauliHamiltonian, labels: tuple[Hashable, ...]) -> PauliHamiltonian:
    places = [labels.index(label) for label in read.wires]
    letters = [{places[wire]: letter for wire, letter in word.items()} for word in read.letters]
    ordered = tuple(dict(sorted(word.items())) for word in letters)
    return PauliHamiltonian(labels, ordered, read.coefficients, read.constant)


def _from_model(model: Any) -> PauliHamiltonian:
    ising = ising_from_bqm(model)
    fields = [({wire: "Z"}, value) for wire, value in enumerate(ising.fields.tolist()) if value]
    pairs = [
        ({a: "Z", b: "Z"}, value) for (a, b), value in zip(ising.pairs.tolist(), ising.couplings.tolist())
    ]
    terms = fields + pairs
    return PauliHamiltonian(
        ising.variables,
        tuple(letters for letters, _ in terms),
        np.array([value for _, value in terms]),
        ising.constant,
    )


def _sentence(hamiltonian: Any) -> Mapping[Any, Any]:
    sentence: Mapping[Any, Any]
    if isinstance(hamiltonian, qml.pauli.PauliSentence):
        sentence = hamiltonian
        return sentence
    if not isinstance(hamiltonian, qml.operation.Operator):
        hint = ""
        if isinstance(hamiltonian, (qml.fermi.FermiWord, qml.fermi.FermiSentence)):
            hint = "; turn fermionic operators into qubits with qml.jordan_wigner first"
        raise CircuitError(
            f"the Hamiltonian is a {type(hamiltonian).__name__}; it must be a PennyLane operator such as "
            f"qml.Z(0) @ qml.Z(1), or a dimod.BinaryQuadraticModel{hint}"
        )
    if hamiltonian.pauli_rep is not None:
        sentence = hamiltonian.pauli_rep
        return sentence
    return _decomposed(hamiltonian)


def _decomposed(operator: Any) -> Mapping[Any, Any]:
    """The Pauli words of an operator that is known by its matrix."""
    if not (operator.has_matrix or operator.has_sparse_matrix):
        raise CircuitError(f"{operator.name} is neither a sum of Pauli words nor a matrix")
    size = len(operator.wires)
    if size > _DECOMPOSED_QUBITS:
        from .errors import CircuitTooLargeError

        raise CircuitTooLargeError(
            f"{operator.name} is a matrix on {size} wires; up to {_DECOMPOSED_QUBITS} are taken apart into "
            "Pauli words. Give the operator as a sum of products of qml.X, qml.Y and qml.Z"
        )
    matrix = operator.matrix() if operator.has_matrix else operator.sparse_matrix().toarray()
    matrix = np.asarray(matrix, dtype=complex)
    if not np.isfinite(matrix).all():
        raise CircuitError(f"the matrix of {operator.name} holds a NaN or infinite entry")
    if not np.allclose(matrix, matrix.conj().T, atol=_TOLERANCE):
        raise CircuitError(f"the matrix of {operator.name} is not Hermitian; energies must be real numbers")
    decomposed: Mapping[Any, Any] = qml.pauli_decompose(matrix, wire_order=operator.wires, pauli=True)
    return decomposed


def _labels(acted_on: Iterable[Hashable], wires: Iterable[Hashable] | None) -> tuple[Hashable, ...]:
    own = list(acted_on)
    if wires is None:
        if not own:
            raise CircuitError("the Hamiltonian acts on no wire; name the qubits with wires=...")
        numbers = set(own) == set(range(len(own)))
        return tuple(range(len(own))) if numbers else tuple(own)
    if not isinstance(wires, Iterable):
        raise CircuitError(f"wires are {wires!r}; they must be a list of labels, such as {own}")
    given = list(wires)
    missing = [wire for wire in own if wire not in given]
    if missing or len(set(given)) != len(given) or not given:
        raise CircuitError(
            f"wires are {given}; they must be different and hold every wire of the Hamiltonian"
            + (f", {missing} are missing" if missing else "")
        )
    return tuple(given)


def _real(coefficient: Any, word: Any) -> float:
    number = complex(coefficient.detach() if is_torch(coefficient) else coefficient)
    name = str(word) if len(word) else "the identity"
    if not np.isfinite(number):
        raise CircuitError(f"the coefficient of {name} is {number}; it must be a finite number")
    if abs(number.imag) > _TOLERANCE * max(1.0, abs(number)):
        raise CircuitError(
            f"the coefficient of {name} is {number}: the operator is not Hermitian, but energies must be real"
        )
    return number.real


def _product(letters: Mapping[int, str]) -> Any:
    gates = {"X": qml.X, "Y": qml.Y, "Z": qml.Z}
    factors = [gates[letter](wire) for wire, letter in letters.items()]
    return factors[0] if len(factors) == 1 else qml.prod(*factors)
