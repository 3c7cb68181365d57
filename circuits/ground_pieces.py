"""The ground state of commuting terms that fall apart into pieces of one or two qubits, and its gates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pennylane as qml

__all__ = ["Piece", "ground_pieces", "prepare_pieces"]

_GAP = 1e-9  # of the largest energy; a smaller one is rounding
_PAULIS = {
    "I": np.eye(2, dtype=complex),
    "X": np.array([[0, 1], [1, 0]], dtype=complex),
    "Y": np.array([[0, -1j], [1j, 0]], dtype=complex),
    "Z": np.array([[1, 0], [0, -1]], dtype=complex),
}


@dataclass(frozen=True)
class Piece:
    """The ground state of one or two qubits.

    Args:
        wires: the qubits.
        amplitudes: shape (2,) or (4,) as a tuple; wires[0] is the most significant bit.
    """

    wires: tuple[int, ...]
    amplitudes: tuple[complex, ...]


def ground_pieces(terms: Sequence[tuple[tuple[tuple[int, str], ...], float]]) -> tuple[Piece, ...]:
    """The pieces of a sum of commuting terms.

    Args:
        terms: pairs (word as pairs of qubit and letter, coefficient).

    Returns:
        One piece per set of qubits that terms connect; nothing if one of them has more than two qubits or
        no ground state of its own (a degenerate one).

    Example:
        >>> singlet = ground_pieces([(((0, p), (1, p)), 1.0) for p in "XYZ"])
        >>> np.abs(singlet[0].amplitudes).round(6).tolist()
        [0.0, 0.707107, 0.707107, 0.0]
    """
    sets: list[set[int]] = []
    for letters, _ in terms:
        joined = {wire for wire, _ in letters}
        apart = []
        for known in sets:
            if known & joined:
                joined |= known
            else:
                apart.append(known)
        sets = [*apart, joined]
    pieces = []
    for wires in sorted(sorted(found) for found in sets):
        if len(wires) > 2:
            return ()
        matrix = np.zeros((2 ** len(wires),) * 2, dtype=complex)
        for letters, coefficient in terms:
            word = dict(letters)
            if word.keys() <= set(wires):
                factors = [_PAULIS[word.get(wire, "I")] for wire in wires]
                matrix += coefficient * (factors[0] if len(factors) == 1 else np.kron(*factors))
        energies, states = np.linalg.eigh(matrix)
        if energies[1] - energies[0] < _GAP * float(np.abs(energies).max()):
            return ()
        state = states[:, 0]
        largest = state[np.argmax(np.abs(state) > 0.5 * np.abs(state).max())]
        state = state * (abs(largest) / largest)  # LAPACK's phase is not ours to keep
        pieces.append(Piece(tuple(wires), tuple(complex(number) for number in state.round(15))))
    return tuple(pieces)


def prepare_pieces(pieces: Sequence[Piece], wires: Sequence[int]) -> list[Any]:
    """Operations that prepare pieces from |0...0>.

    Args:
        pieces: the pieces.
        wires: wire of every qubit.

    Returns:
        Named gates for |0>, |1>, |+>, |-> and the singlet, else a ``QubitUnitary`` per piece.

    Example:
        >>> prepare_pieces([Piece((0,), (2**-0.5, -(2**-0.5)))], [0])
        [X(0), H(0)]
    """
    gates: list[Any] = []
    for piece in pieces:
        on = [wires[wire] for wire in piece.wires]
        state, root = np.array(piece.amplitudes), np.sqrt(0.5)
        known: list[tuple[list[float], list[Any]]] = [
            ([1, 0], []), ([0, 1], [qml.X]), ([root, root], [qml.Hadamard]),
            ([root, -root], [qml.X, qml.Hadamard]),
        ]  # fmt: skip
        named = next((found for like, found in known if len(on) == 1 and np.allclose(state, like)), None)
        if named is not None:
            gates += [gate(on[0]) for gate in named]
        elif len(on) == 2 and np.allclose(state, [0, root, -root, 0]):
            gates += [qml.X(on[0]), qml.X(on[1]), qml.Hadamard(on[0]), qml.CNOT(on)]
        else:
            gates.append(qml.QubitUnitary(_with_first_column(state), on))
    return gates


def _with_first_column(state: Any) -> Any:
    """A unitary matrix whose first column is a given state."""
    columns = np.eye(len(state), dtype=complex)
    columns[:, 0] = state
    if abs(state[0]) < 0.1:  # keep the columns independent
        columns[0, int(np.argmax(np.abs(state)))] = 1.0
    orthogonal, triangle = np.linalg.qr(columns)
    return orthogonal * (triangle[0, 0] / abs(triangle[0, 0]))
