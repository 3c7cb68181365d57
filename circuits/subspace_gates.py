"""The gates of QAOA in a subspace: preparation, cost, mixers.

Pairs of an XY mixer are IsingXY(-2 beta), since PennyLane's IsingXY(phi) = exp(i phi (XX + YY) / 4). The
exact step of a group is one QubitUnitary, exp(-i beta sum (XX + YY) / 2) on all strings of its bits, whatever
their weight. Grover's step is: preparation undone, the phase exp(-i beta) on |0...0>, preparation.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pennylane as qml
from numpy.typing import NDArray

from .diagonal_terms import ZTerms
from .dicke_states import prepare_dicke_state
from .errors import CircuitTooLargeError
from .level_graphs import gate_order
from .subspace_groups import GroupWires
from .subspace_mixers import MatrixAxis, MixerChoice
from .weight_walks import weight_patterns

__all__ = ["cost_gates", "group_unitary", "layer_gates", "mixer_gates", "start_gates"]

# A unitary of so many qubits has 2**20 entries.
_MOST_UNITARY = 10


def start_gates(groups: Sequence[GroupWires], wires: Sequence[Hashable]) -> list[Any]:
    """Prepare the uniform superposition of the subspace.

    Args:
        groups: the groups.
        wires: labels of all wires; position i is wire i.

    Returns:
        Operations.

    Example:
        >>> [gate.name for gate in start_gates([GroupWires((0, 1), 1)], ["a", "b", "c"])]
        ['PauliX', 'CNOT', 'CRY', 'CNOT', 'Hadamard']
    """
    operations = []
    for group in groups:
        operations += prepare_dicke_state([wires[i] for i in group.wires], group.weight)
    return operations + [qml.Hadamard(wires[i]) for i in _free(groups, len(wires))]


def _free(groups: Sequence[GroupWires], n_qubits: int) -> list[int]:
    grouped = {wire for group in groups for wire in group.wires}
    return [wire for wire in range(n_qubits) if wire not in grouped]


def cost_gates(operator: ZTerms, wires: Sequence[Hashable], gamma: float) -> list[Any]:
    """exp(-i gamma C) without the phase of C's constant.

    Args:
        operator: C.
        wires: labels of all wires.
        gamma: cost angle.

    Returns:
        RZ, IsingZZ and MultiRZ.

    Example:
        >>> cost_gates(ZTerms(("a", "b"), {(0,): 1.0, (0, 1): 0.5}, 0.0), [0, 1], 0.25)
        [RZ(0.5, wires=[0]), IsingZZ(0.25, wires=[0, 1])]
    """
    operations = []
    for term, coefficient in sorted(operator.terms.items(), key=lambda item: (len(item[0]), item[0])):
        angle = 2 * gamma * coefficient
        places = [wires[i] for i in term]
        if len(term) == 1:
            operations.append(qml.RZ(angle, places[0]))
        else:
            operations.append(qml.IsingZZ(angle, places) if len(term) == 2 else qml.MultiRZ(angle, places))
    return operations


def group_unitary(size: int, topology: str, beta: float) -> NDArray[np.complex128]:
    """exp(-i beta sum (XX + YY) / 2) over the pairs of a group, on all its bit strings.

    Args:
        size: number of bits m, at most 10.
        topology: "complete" or "ring".
        beta: angle.

    Returns:
        Shape (2**m, 2**m), first bit most significant.

    Raises:
        CircuitTooLargeError: more bits.

    Example:
        >>> abs(group_unitary(2, "complete", np.pi / 2)).round(12)[1].tolist()
        [0.0, 0.0, 1.0, 0.0]
    """
    if size > _MOST_UNITARY:
        raise CircuitTooLargeError(
            f"the exact mixer of a group of {size} bits is a matrix of 2**{size} rows; a circuit can have it "
            f'for at most {_MOST_UNITARY} bits. Use the mixer "xy-trotter" or "grover", or the engine alone'
        )
    matrix = np.eye(2**size, dtype=np.complex128)
    places = 1 << np.arange(size - 1, -1, -1)
    for weight in range(1, size):
        block, _ = MatrixAxis(GroupWires(tuple(range(size)), weight), topology, True).matrices(beta)
        rows = weight_patterns(size, weight) @ places
        matrix[np.ix_(rows, rows)] = block
    return matrix


def mixer_gates(
    groups: Sequence[GroupWires], choice: MixerChoice, wires: Sequence[Hashable], beta: float
) -> list[Any]:
    """One step of the mixer.

    Args:
        groups: the groups.
        choice: the mixer.
        wires: labels of all wires.
        beta: angle.

    Returns:
        Operations.

    Raises:
        CircuitTooLargeError: an exact step of a group of more than 10 bits.

    Example:
        >>> choice = MixerChoice(False, (False,), ("ring",), "xy-trotter (ring)")
        >>> mixer_gates([GroupWires((0, 1), 1)], choice, [0, 1, 2], 0.5)
        [IsingXY(-1.0, wires=[0, 1]), RX(1.0, wires=[2])]
    """
    if choice.grover:
        start = start_gates(groups, wires)
        phase: Any = qml.PhaseShift(-beta, wires[-1])
        if len(wires) > 1:
            phase = qml.ctrl(phase, control=list(wires[:-1]), control_values=[0] * (len(wires) - 1))
        flip = qml.PauliX(wires[-1])
        return [*(qml.adjoint(gate) for gate in reversed(start)), flip, phase, flip, *start]
    operations: list[Any] = []
    for group, exact, topology in zip(groups, choice.exact, choice.topologies):
        labels = [wires[i] for i in group.wires]
        if group.levels == 1:
            continue
        if exact:
            operations.append(qml.QubitUnitary(group_unitary(len(labels), topology, beta), labels))
        else:
            pairs = gate_order(len(labels), topology)
            operations += [qml.IsingXY(-2 * beta, [labels[a], labels[b]]) for a, b in pairs]
    return operations + [qml.RX(2 * beta, wires[i]) for i in _free(groups, len(wires))]


def layer_gates(
    operator: ZTerms,
    groups: Sequence[GroupWires],
    choice: MixerChoice,
    wires: Sequence[Hashable],
    gammas: NDArray[np.float64],
    betas: NDArray[np.float64],
) -> list[Any]:
    """The whole circuit.

    Args:
        operator: the cost.
        groups: the groups.
        choice: the mixer.
        wires: labels of all wires.
        gammas: cost angles, shape (p,).
        betas: mixer angles, shape (p,).

    Returns:
        Operations: the preparation, then cost and mixer of every layer.

    Raises:
        CircuitTooLargeError: an exact step of a group of more than 10 bits.

    Example:
        >>> cost = ZTerms(("a",), {(0,): 1.0}, 0.0)
        >>> layer_gates(cost, [], MixerChoice(False, (), (), ""), [0], np.array([0.5]), np.array([0.25]))
        [H(0), RZ(1.0, wires=[0]), RX(0.5, wires=[0])]
    """
    operations = start_gates(groups, wires)
    for gamma, beta in zip(gammas.tolist(), betas.tolist()):
        operations += cost_gates(operator, wires, gamma)
        operations += mixer_gates(groups, choice, wires, beta)
    return operations
