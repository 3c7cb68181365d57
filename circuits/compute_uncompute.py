"""Fidelities of pairs of samples by measurement: prepare one, undo the other, count the all-zeros outcome.

V. Havlicek et al., "Supervised learning with quantum-enhanced feature spaces", arXiv 1804.11326: the
probability that U(y)^dagger U(x)|0...0> is found in |0...0> is |<phi(y)|phi(x)>|**2. The two halves are one
program whose table has the columns of x beside those of y, so any number of pairs is one run.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .gates import Gate
from .memory import free_memory
from .program import Program
from .readout_errors import confuse, read_confusions

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["measured_fidelities", "uncompute_program"]

_INVERSE_KINDS = {"s": "sdg", "sdg": "s", "t": "tdg", "tdg": "t", "sx": "sxdg", "sxdg": "sx"}
# rot(a, t, b) = rz(b) ry(t) rz(a) is undone by rot(-b, -t, -a), u(t, a, b) by u(-t, -b, -a)
_INVERSE_ORDER = {"rot": (2, 1, 0), "u": (0, 2, 1)}

# Tables are run in pieces of at most this many angles (a few hundred MB inside Aer's binding).
_CHUNK_ANGLES = 4_000_000


@lru_cache(maxsize=64)
def uncompute_program(program: Program) -> tuple[Program, NDArray[np.intp]]:
    """The program U(y)^dagger U(x), global phases left out.

    Args:
        program: U, on |0...0> and without channels.

    Returns:
        The joint program with S + S' columns and, for each of the last S' columns, the column of y's table
        whose negative stands there: ``np.hstack([table_x, -table_y[:, columns]])`` is the joint table.

    Raises:
        CircuitError: a program with a channel or a prepared state.

    Example:
        >>> joint, columns = uncompute_program(Program(1, (Gate("rot", (0,), (), 0),), 3))
        >>> [gate.slot for gate in joint.gates], columns.tolist()
        ([0, 3], [2, 1, 0])
    """
    if program.noisy:
        raise CircuitError("a circuit with channels cannot be undone; give the noise as noise_model instead")
    if program.prepared:
        raise CircuitError(
            "a prepared state (amplitude encoding) has no gates that could be undone; use another encoding, "
            "or exact values"
        )
    columns: list[int] = []
    undone: list[Gate] = []
    for gate in reversed(program.gates):
        slot = -1
        if gate.n_angles:
            slot = program.n_slots + len(columns)
            order = _INVERSE_ORDER.get(gate.kind, range(gate.n_angles))
            columns += [gate.slot + offset for offset in order]
        matrix = gate.matrix
        if matrix is not None:
            matrix = np.ascontiguousarray(matrix.conj().T)
        kind = _INVERSE_KINDS.get(gate.kind, gate.kind)
        undone.append(Gate(kind, gate.targets, gate.controls, slot, matrix))
    joint = Program(program.n_qubits, (*program.gates, *undone), program.n_slots + len(columns))
    return joint, np.array(columns, dtype=np.intp)


def measured_fidelities(
    program: Program,
    table_x: NDArray[np.float64],
    table_y: NDArray[np.float64],
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
    simulator: Any,
    *,
    shots: int | None,
    seed: Callable[[], int],
) -> NDArray[np.float64]:
    """Share of the all-zeros outcome for pairs of rows.

    Args:
        program: U.
        table_x: angles of the samples that are prepared, shape (n, S).
        table_y: angles of the samples that are undone, shape (m, S).
        pairs: numbers of the rows of either table, both of shape (P,).
        simulator: see ``simulators``; its noise counts.
        shots: measurements per pair; None for the exact probability under the simulator's noise.
        seed: gives the seed of each run.

    Returns:
        Shape (P,).

    Raises:
        CircuitError: a program that cannot be undone.
        CircuitTooLargeError: a state does not fit into free memory.
    """
    joint, columns = uncompute_program(program)
    first, second = pairs
    rows = max(1, _CHUNK_ANGLES // max(1, joint.n_slots))
    if shots is None:
        rows = min(rows, _densities_at_once(program.n_qubits))
    shares = np.empty(len(first))
    for start in range(0, len(first), rows):
        part = slice(start, start + rows)
        table = np.hstack([table_x[first[part]], -table_y[second[part]][:, columns]])
        if shots is None:
            shares[part] = _all_zeros(simulator, joint, table)
        else:
            counts = simulator.counts(joint, table, range(program.n_qubits), shots, seed())
            # Outcomes are ascending: 0, if it was drawn at all, comes first.
            shares[part] = [
                multiplicities[0] / shots if outcomes[0] == 0 else 0.0 for outcomes, multiplicities in counts
            ]
    return shares


def _all_zeros(simulator: Any, program: Program, table: NDArray[np.float64]) -> NDArray[np.float64]:
    densities = simulator.densities(program, table)
    confusions = read_confusions(simulator.noise_model)
    if not confusions:
        return np.asarray(densities[:, 0, 0].real)
    probabilities = np.einsum("bii->bi", densities).real
    return confuse(probabilities, range(program.n_qubits), confusions)[:, 0]


def _densities_at_once(n_qubits: int) -> int:
    free = free_memory()
    budget = 2**28 if free is None else min(2**28, free // 8)
    return max(1, budget // (16 << 2 * n_qubits))
