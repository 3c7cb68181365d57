"""Final states of a circuit for every row of a table of angles, on the CPU.

Compiled loops over the processor's vector registers, eight rows of the table at a time (`statevector_sweep`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .program import Program
from .row_tasks import check_initial, check_table, plan_rows, row_phases

if TYPE_CHECKING:
    from .gate_encoding import EncodedProgram

__all__ = ["simulate"]


def simulate(
    program: Program,
    table: NDArray[np.float64],
    initial: NDArray[np.complex128] | None = None,
    *,
    threads: int | None = None,
) -> NDArray[np.complex128]:
    """Final states of every row, global phases included.

    The result is the same, bit for bit, for any number of threads.

    Args:
        program: without channels.
        table: angles in radians, shape (B, S); B may be 0.
        initial: the states it starts from, shape (2**N,) or (B, 2**N), if the program is prepared, else None.
        threads: most CPU threads; None or 0 for one per core. Small jobs run on the caller's thread.

    Returns:
        Complex128, shape (B, 2**N), wire 0 the most significant bit of the index.

    Raises:
        CircuitError: a table or initial states that do not fit the program, a channel, illegal threads.
        CircuitTooLargeError: the states do not fit into free memory.

    Example:
        >>> from .gates import Gate
        >>> program = Program(2, (Gate("ry", (0,), (), 0), Gate("x", (1,), (0,))), 1)
        >>> simulate(program, np.array([[0.0], [np.pi / 2]])).real.round(6).tolist()
        [[1.0, 0.0, 0.0, 0.0], [0.707107, 0.0, 0.0, 0.707107]]
    """
    from .half_angles import HalfAngles
    from .statevector_sweep import sweep_forward

    table = check_table(program, table)
    rows = check_initial(program, len(table), initial)
    tasks = plan_rows(program, len(table), threads, n_states=1, n_results=1)
    final = np.empty((len(table), 2**program.n_qubits), dtype=np.complex128)
    angles = HalfAngles(table)
    for task in tasks:

        def sweep(
            first: int, last: int, state: Any, buffer: Any, encoded: EncodedProgram = task.encoded
        ) -> None:
            sweep_forward(
                encoded.operations, encoded.places, encoded.constants, angles.cosines, angles.sines,
                angles.n_slots, rows, final, encoded.shift, first, last, state, buffer,
            )  # fmt: skip

        if task.split:
            from .split_states import split_forward

            split_forward(task.encoded, angles, rows, final, task.units, threads)
        else:
            task.run(sweep, threads)
    phases = row_phases(program, table)
    if phases is not None:
        final *= phases
    return final
