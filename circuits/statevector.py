"""A batched statevector simulator for programs: all rows of a table, gate by gate, in compiled loops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .gate_encoding import encode
from .memory import require_memory
from .program import Program
from .row_threads import run_in_parts
from .row_kernels import run_rows

__all__ = ["check_initial", "simulate"]

# Below this many bytes nobody asks how much memory is free.
_SMALL = 2**26


def simulate(
    program: Program,
    table: NDArray[np.float64],
    initial: NDArray[np.complex128] | None = None,
    *,
    threads: int | None = None,
) -> NDArray[np.complex128]:
    """Final states of a program.

    Args:
        program: without channels.
        table: angles in radians, shape (B, S).
        initial: the state all rows start from, shape (2**N,), or one per row, shape (B, 2**N); given if and only
            if the program is ``prepared``.
        threads: most threads, which share the rows; None or 0 for all.

    Returns:
        Shape (B, 2**N), wire 0 the most significant bit; the same for any number of threads.

    Raises:
        CircuitError: a table or initial states that do not fit, or a channel in the program.
        CircuitTooLargeError: the states do not fit into free memory.

    Example:
        >>> import pennylane as qml
        >>> from .program import read_tape
        >>> bound = read_tape(qml.tape.QuantumScript([qml.RX(np.array([0.0, np.pi]), 0)]))
        >>> simulate(bound.program, bound.table).round(6).tolist()
        [[(1+0j), 0j], [0j, -1j]]
    """
    program.check_table(table)
    encoded = encode(program)
    n_rows = len(table)
    start = check_initial(program, initial, n_rows)
    if 16 * n_rows << program.n_qubits > _SMALL:
        require_memory(program.n_qubits, 16, n_rows)
    if start is None:
        states = np.zeros((n_rows, 2**program.n_qubits), dtype=np.complex128)
        states[:, 0] = 1
    else:
        states = np.empty((n_rows, 2**program.n_qubits), dtype=np.complex128)
        states[:] = start
    angles = np.ascontiguousarray(table, dtype=np.float64)

    def run(rows: slice) -> None:
        run_rows(states[rows], encoded.rows, encoded.constants, encoded.phases, angles[rows])

    run_in_parts(run, n_rows, len(encoded.rows) << program.n_qubits, threads)
    return states


def check_initial(
    program: Program, initial: NDArray[np.complex128] | None, n_rows: int
) -> NDArray[np.complex128] | None:
    """Initial states that belong to a program.

    Args:
        program: whose they are.
        initial: shape (2**N,) or (B, 2**N), or None.
        n_rows: B.

    Returns:
        The same as complex128.

    Raises:
        CircuitError: missing where the program starts from a given state, given where it does not, or of
            another shape.
    """
    if not program.prepared:
        if initial is not None:
            raise CircuitError("initial states were given, but the program starts from |0...0>")
        return None
    if initial is None:
        raise CircuitError("the program starts from a given state; hand it over as initial")
    states = np.asarray(initial, dtype=np.complex128)
    size = 2**program.n_qubits
    if states.shape not in ((size,), (n_rows, size)):
        raise CircuitError(
            f"initial has shape {states.shape}; it must be ({size},) for all rows or ({n_rows}, {size})"
        )
    return states
