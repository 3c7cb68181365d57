"""The Hamiltonian variational ansatz: layers of exp(-i weight H_g) over groups g of commuting terms.

D. Wecker, M. B. Hastings, M. Troyer, "Progress towards practical quantum variational algorithms", arXiv
1507.08969; R. Wiersema et al., "Exploring entanglement and optimization within the Hamiltonian Variational
Ansatz", arXiv 2008.02941. It starts in the ground state of one group, and its first weights are those of a
short annealing from that group to the whole Hamiltonian, so nothing is random.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pennylane as qml
from numpy.typing import NDArray

from .errors import CircuitError
from .ground_pieces import Piece, ground_pieces, prepare_pieces
from .vqe_hamiltonian import PauliHamiltonian

__all__ = ["HamiltonianVariational", "commuting_groups"]

Letters = tuple[tuple[int, str], ...]
Term = tuple[Letters, float]

# Of the annealing that the first weights follow. Measured on Ising and Heisenberg chains of 8 and 10 qubits:
# steps of 0.2 to 0.3 start 1 to 2 below the energy of the group's ground state, steps above 0.5 far above it.
_STEP = 0.25


def _anticommute(one: Letters, other: Letters) -> bool:
    mine = dict(one)
    return sum(mine.get(wire, letter) != letter for wire, letter in other) % 2 == 1


def commuting_groups(hamiltonian: PauliHamiltonian) -> tuple[tuple[Term, ...], ...]:
    """The terms in groups whose members commute, so that the exponential of a group is a product of gates.

    Terms on the same qubits come one after the other, each into the first group it commutes with: the bonds
    of a Heisenberg chain fall into even and odd ones, an Ising model with a field into ZZ and X.

    Args:
        hamiltonian: the terms.

    Returns:
        Groups of pairs (word as pairs of qubit and letter, coefficient).

    Example:
        >>> from hybrid_opt.circuits.vqe_hamiltonian import read_hamiltonian
        >>> ising = read_hamiltonian(qml.Z(0) @ qml.Z(1) + qml.X(0) + qml.X(1))
        >>> [[word for word, _ in group] for group in commuting_groups(ising)]
        [[((0, 'X'),), ((1, 'X'),)], [((0, 'Z'), (1, 'Z'))]]
    """
    terms = [
        (tuple(sorted(letters.items())), float(value))
        for letters, value in zip(hamiltonian.letters, hamiltonian.coefficients)
    ]
    terms.sort(key=lambda term: [wire for wire, _ in term[0]])
    groups: list[list[Term]] = []
    for term in terms:
        for group in groups:
            if not any(_anticommute(term[0], other) for other, _ in group):
                group.append(term)
                break
        else:
            groups.append([term])
    return tuple(tuple(group) for group in groups)


@dataclass(frozen=True)
class HamiltonianVariational:
    """One weight per layer and group of commuting terms; weights (layers, groups).

    A weight w stands for exp(-i w H_g / s_g), s_g being the largest coefficient of the group.

    Args:
        groups: as `commuting_groups` makes them; the last one is that of the starting state.
        pieces: the starting state as ground states of one or two qubits; empty where it is prepared apart.

    Example:
        >>> from hybrid_opt.circuits.vqe_hamiltonian import read_hamiltonian
        >>> ising = read_hamiltonian(-1.0 * qml.Z(0) @ qml.Z(1) - qml.X(0) - qml.X(1))
        >>> ansatz = HamiltonianVariational.of(ising)
        >>> [gate.name for gate in ansatz.layer(np.ones(2), [0, 1], 0)]
        ['Hadamard', 'Hadamard', 'IsingZZ', 'RX', 'RX']
    """

    name: ClassVar[str] = "hamiltonian_variational"
    groups: tuple[tuple[Term, ...], ...]
    pieces: tuple[Piece, ...] = ()

    @classmethod
    def of(cls, hamiltonian: PauliHamiltonian, *, prepared: bool = False) -> HamiltonianVariational:
        """The ansatz of a Hamiltonian.

        Args:
            hamiltonian: what is to be minimized.
            prepared: whether another state is prepared in front of the layers.

        Returns:
            The ansatz.

        Raises:
            CircuitError: all terms commute, so the layers would change nothing; or, without a prepared
                state, no group splits into pieces of one or two qubits with a ground state of their own.
        """
        groups = commuting_groups(hamiltonian)
        if len(groups) < 2:
            raise CircuitError(
                "all terms of the Hamiltonian commute, so layers made of them leave its energy as it is; use "
                'ansatz="hardware_efficient", or CircuitQAOA for a model of bits'
            )
        if prepared:
            return cls(groups)
        found = [ground_pieces(group) for group in groups]
        covered = [sum(len(piece.wires) for piece in pieces) for pieces in found]
        best = int(np.argmax(covered))
        if not covered[best]:
            raise CircuitError(
                "no group of commuting terms has a ground state that is a product of pieces of one or two "
                "qubits, from which hamiltonian_variational could start; give initial_state, a bit for "
                "every qubit"
            )
        ordered = (*groups[:best], *groups[best + 1 :], groups[best])
        return cls(ordered, found[best])

    def weight_shape(self, n_layers: int, n_qubits: int) -> tuple[int, ...]:
        """One weight per group and layer."""
        return n_layers, len(self.groups)

    def layer(self, weights: Any, wires: Sequence[int], number: int) -> list[Any]:
        """The groups in order, behind the starting state in the first layer."""
        gates = prepare_pieces(self.pieces, wires) if number == 0 else []
        for place, group in enumerate(self.groups):
            scale = _scale(group)
            for letters, coefficient in group:
                angle = weights[..., place] * (2 * coefficient / scale)
                gates.append(_rotation(dict(letters), angle, wires))
        return gates

    def identity_weights(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Zeros, the only weights that undo every layer by themselves."""
        return np.zeros_like(weights)

    def start_weights(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """A short annealing from the group of the starting state: the others are turned up layer by layer.

        Args:
            shape: of the weights, (layers, groups).
            rng: not needed.

        Returns:
            The weights.
        """
        ramp = (np.arange(shape[0]) + 0.5) / shape[0]
        scales = np.array([_scale(group) for group in self.groups])
        weights = np.repeat(ramp[:, None], shape[1], axis=1)
        weights[:, -1] = 1.0
        return np.asarray(_STEP * weights * scales / scales.max())


def _scale(group: Sequence[Term]) -> float:
    return max(abs(coefficient) for _, coefficient in group)


def _rotation(letters: Mapping[int, str], angle: Any, wires: Sequence[int]) -> Any:
    """exp(-i angle word / 2) with a gate of its own where there is one."""
    on = [wires[place] for place in letters]
    word = "".join(letters.values())
    single = {"X": qml.RX, "Y": qml.RY, "Z": qml.RZ}
    double = {"XX": qml.IsingXX, "YY": qml.IsingYY, "ZZ": qml.IsingZZ}
    if word in single:
        return single[word](angle, on[0])
    if word in double:
        return double[word](angle, on)
    return qml.PauliRot(angle, word, on)
