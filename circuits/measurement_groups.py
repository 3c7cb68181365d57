"""Pauli words as bit masks, and groups of them that one set of samples answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .gates import Gate
from .program import Program
from .simulators import Counts

__all__ = ["MeasurementGroup", "PauliWord", "group_words"]


class PauliWord:
    """A product of Pauli matrices: P|index> = i**n_y (-1)**parity(index & z) |index ^ x>.

    Args:
        letters: "X", "Y" or "Z" per wire; empty for the identity.
        n_qubits: wires 0 ... n_qubits - 1 exist; wire 0 is the most significant bit of an index.

    Attributes:
        x: mask of the wires it flips.
        z: mask of the wires whose bit gives a sign.
        phase: i to the number of Y.

    Example:
        >>> word = PauliWord({0: "Y", 1: "Z"}, 2)
        >>> word.x, word.z, word.phase
        (2, 3, 1j)
    """

    def __init__(self, letters: dict[int, str], n_qubits: int) -> None:
        bits = {wire: 1 << (n_qubits - 1 - wire) for wire in letters}
        self.letters = letters
        self.x = sum(bits[wire] for wire, letter in letters.items() if letter in "XY")
        self.z = sum(bits[wire] for wire, letter in letters.items() if letter in "YZ")
        self.phase = 1j ** sum(letter == "Y" for letter in letters.values())

    def signs(self, indices: NDArray[np.int64]) -> NDArray[np.float64]:
        """(-1)**parity(index & z) for every index."""
        return np.asarray(1.0 - 2.0 * (np.bitwise_count(indices & self.z) & 1))

    def applied(self, states: NDArray[np.complex128], indices: NDArray[np.int64]) -> NDArray[np.complex128]:
        """P psi for every row of states, shape (B, 2**N)."""
        if not self.x:
            return states * self.signs(indices)
        source = indices ^ self.x
        return self.phase * self.signs(source) * states[:, source]


class MeasurementGroup:
    """Pauli words that agree on every wire they share.

    Args:
        basis: letter per wire.
        words: the words.
        members: their numbers in the readout.
    """

    def __init__(self, basis: dict[int, str], words: list[PauliWord], members: list[int]) -> None:
        self.wires = sorted(basis)
        self.members = members
        self._basis = basis
        self._words = words

    def rotated(self, program: Program) -> Program:
        """The program with gates appended that turn the group's words into products of Z.

        Args:
            program: any program; columns of its table stay what they are.

        Returns:
            The same object if all words are products of Z already.
        """
        gates: list[Gate] = []
        for wire in self.wires:
            if self._basis[wire] == "Y":
                gates.append(Gate("sdg", (wire,)))
            if self._basis[wire] in "XY":
                gates.append(Gate("h", (wire,)))
        if not gates:
            return program
        return Program(
            program.n_qubits, (*program.gates, *gates), program.n_slots, program.phases, program.prepared
        )

    def expectations(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean of every word from probabilities.

        Args:
            probabilities: of the outcomes of the rotated program on ``self.wires``, shape (B, 2**W).

        Returns:
            Shape (B, words).
        """
        outcomes = np.arange(probabilities.shape[1])
        signs = [1.0 - 2.0 * (np.bitwise_count(outcomes & mask) & 1) for mask in self._masks()]
        return np.asarray(probabilities @ np.stack(signs, axis=1))

    def _masks(self) -> list[int]:
        """For every word the bits of an outcome that it reads."""
        position = {wire: len(self.wires) - 1 - number for number, wire in enumerate(self.wires)}
        return [sum(1 << position[wire] for wire in word.letters) for word in self._words]

    def estimate(self, counts: Counts) -> NDArray[np.float64]:
        """Mean of every word over the samples.

        Args:
            counts: of the rotated program, measured on ``self.wires``.

        Returns:
            Shape (B, words).
        """
        masks = self._masks()
        estimated = np.empty((len(counts), len(masks)))
        for row, (outcomes, multiplicities) in enumerate(counts):
            shares = multiplicities / multiplicities.sum()
            for number, mask in enumerate(masks):
                estimated[row, number] = shares @ (1.0 - 2.0 * (np.bitwise_count(outcomes & mask) & 1))
        return estimated


def group_words(words: Sequence[PauliWord]) -> list[MeasurementGroup]:
    """Words that one set of samples answers, by qubit-wise commutation, in the order of first use.

    Args:
        words: any words.

    Returns:
        Groups; together they hold every word once, the identity left out.

    Example:
        >>> groups = group_words([PauliWord({0: "Z"}, 2), PauliWord({1: "X"}, 2), PauliWord({0: "X"}, 2)])
        >>> [group.members for group in groups]
        [[0, 1], [2]]
    """
    groups: list[tuple[dict[int, str], list[int]]] = []
    for number, word in enumerate(words):
        if not word.letters:
            continue
        for basis, members in groups:
            if all(basis.get(wire, letter) == letter for wire, letter in word.letters.items()):
                basis.update(word.letters)
                members.append(number)
                break
        else:
            groups.append((dict(word.letters), [number]))
    return [MeasurementGroup(basis, [words[n] for n in members], members) for basis, members in groups]
