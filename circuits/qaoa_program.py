"""QAOA circuits as programs, for many instances at once: the structure here, coefficients in the table.

One program serves every instance with the same pairs. Its table has one row per instance and, for each of
the p layers in turn, N columns of RZ angles (2 gamma h_i), K columns of IsingZZ angles (2 gamma J_k) and one
column for the mixer, whose gates all have the same angle.

Mixers. "x": |+> start, RX(2 beta) on every qubit, the column holds 2 beta. "xy": start in the Dicke state of
a Hamming weight, exp(-i beta (XX + YY + ZZ) / 2) on every pair of qubits one after the other, the column
holds beta. Within one weight the sum of all ZZ is a constant, so this stands for the sum of (XX + YY) / 2
over all pairs, the adjacency matrix of the Johnson graph. With ZZ every single gate is a partial exchange of
two qubits, which leaves the Dicke state as it is; gates of (XX + YY) / 2 in this order change it in general,
so that a constant objective would prefer some bits to others. On mixers that keep the weight see S. Hadfield
et al., "From the quantum approximate optimization algorithm to a quantum alternating operator ansatz", arXiv
1709.03489.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .edge_coloring import color_edges
from .errors import CircuitError
from .gates import Gate
from .memory import require_memory
from .program import Program

__all__ = ["MIXERS", "dicke_state", "mixer_pairs", "qaoa_operations", "qaoa_program"]

MIXERS = ("x", "xy")


@lru_cache(maxsize=64)
def qaoa_program(n_qubits: int, pairs: tuple[tuple[int, int], ...], depth: int, mixer: str = "x") -> Program:
    """The structure of QAOA circuits with given pairs; the same object for the same arguments.

    Args:
        n_qubits: number of qubits N.
        pairs: qubits of the K quadratic terms.
        depth: number of layers p.
        mixer: "x" or "xy"; the program of "xy" starts from a given state, see `dicke_state`.

    Returns:
        A program with p (N + K + 1) columns.

    Raises:
        CircuitError: an unknown mixer.

    Example:
        >>> program = qaoa_program(2, ((0, 1),), 1)
        >>> [(gate.kind, gate.slot) for gate in program.gates[2:]]
        [('rz', 0), ('rz', 1), ('rzz', 2), ('rx', 3), ('rx', 3)]
    """
    if mixer not in MIXERS:
        raise CircuitError(f"mixer is {mixer!r}; it must be one of {', '.join(map(repr, MIXERS))}")
    # Diagonal gates commute. Aer fuses neighbors on few qubits into one gate, hence blocks of three qubits.
    order = sorted(range(len(pairs)), key=lambda k: (pairs[k][0] // 3, pairs[k][1] // 3, pairs[k]))
    fixed_weight = mixer == "xy"
    gates = [] if fixed_weight else [Gate("h", (wire,)) for wire in range(n_qubits)]
    slot = 0
    for _ in range(depth):
        gates += [Gate("rz", (wire,), (), slot + wire) for wire in range(n_qubits)]
        gates += [Gate("rzz", pairs[k], (), slot + n_qubits + k) for k in order]
        slot += n_qubits + len(pairs)
        if fixed_weight:
            for pair in mixer_pairs(n_qubits):
                gates += [Gate(kind, pair, (), slot) for kind in ("rxx", "ryy", "rzz")]
        else:
            gates += [Gate("rx", (wire,), (), slot) for wire in range(n_qubits)]
        slot += 1
    return Program(n_qubits, tuple(gates), slot, prepared=fixed_weight)


@lru_cache(maxsize=64)
def mixer_pairs(n_qubits: int) -> tuple[tuple[int, int], ...]:
    """Every pair of qubits, in the order in which the mixer "xy" visits them.

    Args:
        n_qubits: number of qubits N.

    Returns:
        N (N - 1) / 2 pairs, disjoint ones together (greedy edge coloring), so that few steps hold them all.

    Example:
        >>> mixer_pairs(4)
        ((0, 1), (2, 3), (0, 2), (1, 3), (0, 3), (1, 2))
    """
    pairs = list(combinations(range(n_qubits), 2))
    colors = color_edges(np.array(pairs, dtype=np.int64).reshape(-1, 2), n_qubits)
    return tuple(pairs[k] for k in np.argsort(colors, kind="stable").tolist())


@lru_cache(maxsize=8)
def dicke_state(n_qubits: int, weight: int) -> NDArray[np.complex128]:
    """Equal amplitudes on all bit strings with a given number of ones.

    R. H. Dicke, "Coherence in Spontaneous Radiation Processes", Physical Review 93, 99 (1954).

    Args:
        n_qubits: number of qubits N.
        weight: number of ones, from 0 to N.

    Returns:
        Read only, shape (2**N,).

    Raises:
        CircuitError: an impossible weight.
        CircuitTooLargeError: the state does not fit into free memory.

    Example:
        >>> dicke_state(2, 1).real.round(4).tolist()
        [0.0, 0.7071, 0.7071, 0.0]
    """
    if not 0 <= weight <= n_qubits:
        raise CircuitError(f"weight is {weight}; with {n_qubits} qubits it must be from 0 to {n_qubits}")
    require_memory(n_qubits, 48)
    allowed = np.bitwise_count(np.arange(2**n_qubits)) == weight
    state: NDArray[np.complex128] = allowed / np.sqrt(np.count_nonzero(allowed)) + 0j
    state.flags.writeable = False
    return state


def qaoa_operations(program: Program, row: NDArray[np.float64] | None = None, weight: int = 0) -> list[Any]:
    """One row of a QAOA program as PennyLane operations, to be drawn or run elsewhere.

    Args:
        program: from `qaoa_program`.
        row: angles in radians, shape (S,); None for zeros.
        weight: number of ones of the start, where the program's mixer keeps it.

    Returns:
        Operations on the wires 0 ... N - 1.

    Raises:
        CircuitError: an impossible weight.

    Example:
        >>> qaoa_operations(qaoa_program(1, (), 1), np.array([0.5, 0.25]))
        [H(0), RZ(0.5, wires=[0]), RX(0.25, wires=[0])]
    """
    import pennylane as qml

    angles = np.zeros(program.n_slots) if row is None else row
    classes = {"rz": qml.RZ, "rx": qml.RX, "rxx": qml.IsingXX, "ryy": qml.IsingYY, "rzz": qml.IsingZZ}
    operations: list[Any] = []
    if program.prepared:
        operations.append(qml.StatePrep(dicke_state(program.n_qubits, weight), range(program.n_qubits)))
    for gate in program.gates:
        if gate.kind == "h":
            operations.append(qml.Hadamard(gate.targets[0]))
        else:
            operations.append(classes[gate.kind](float(angles[gate.slot]), wires=gate.targets))
    return operations
