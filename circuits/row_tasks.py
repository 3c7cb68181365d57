"""What the statevector simulator and its adjoint sweep share: checked arguments, and who computes which rows.

Eight rows at a time are simulated side by side, one per lane of a vector; where there are fewer, one at a
time. The division depends on the shape of the table only, so results do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .memory import require_memory
from .program import Program
from .row_threads import count_threads, run_in_parts

if TYPE_CHECKING:
    from .gate_encoding import EncodedProgram

__all__ = ["RowTask", "check_initial", "check_states", "check_table", "plan_rows", "row_phases"]

# Looking up the free memory takes longer than a small circuit; below this many bytes nobody looks.
_CHECKED_ABOVE = 2**27
# Up to this many rows that fill no vector are simulated one by one.
_FEW_ROWS = 4
# With more qubits, eight rows side by side are far from fitting into a cache.
_MOST_QUBITS_SIDE_BY_SIDE = 15
# From this many qubits on, threads share one row gate by gate: then a gate takes longer than waking them.
_SPLIT_FROM = 20


def check_table(program: Program, table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Refuse a table of angles that does not belong to a program.

    Args:
        program: tells the number of columns.
        table: real angles in radians, shape (B, S).

    Returns:
        The table as float64.

    Raises:
        CircuitError: no real numbers, wrong shape, or an angle that is not finite.

    Example:
        >>> check_table(Program(1, (), 2), np.array([[1, 2]]))
        array([[1., 2.]])
    """
    array = np.asarray(table)
    if array.dtype.kind not in "fiu":
        raise CircuitError(f"the table of angles has dtype {array.dtype}; it must hold real numbers")
    array = array.astype(np.float64, copy=False)
    program.check_table(array)
    return array


def check_initial(program: Program, n_rows: int, initial: Any) -> NDArray[np.complex128]:
    """The states a program starts from, as an array of rows.

    Args:
        program: tells whether it starts from given states.
        n_rows: rows of the table, B.
        initial: shape (2**N,), (B, 2**N), or None.

    Returns:
        Complex128, shape (1, 2**N), (B, 2**N), or (0, 2**N) without.

    Raises:
        CircuitError: states given or missing against the program, of the wrong shape, or no numbers.

    Example:
        >>> check_initial(Program(1, (), 0, prepared=True), 2, [0, 1])
        array([[0.+0.j, 1.+0.j]])
    """
    size = 2**program.n_qubits
    if initial is None:
        if program.prepared:
            raise CircuitError(
                f"the program starts from given states; hand over initial, shape ({size},) or "
                f"({n_rows}, {size})"
            )
        return np.empty((0, size), dtype=np.complex128)
    if not program.prepared:
        raise CircuitError("the program starts from |0...0>; initial can be given only if it is prepared")
    array = np.asarray(initial)
    if array.dtype.kind not in "cfiu" or array.shape not in ((size,), (n_rows, size)):
        raise CircuitError(
            f"initial has shape {array.shape} and dtype {array.dtype}; it must hold numbers in the shape "
            f"({size},) or ({n_rows}, {size})"
        )
    return np.ascontiguousarray(array.reshape(-1, size), dtype=np.complex128)


def check_states(program: Program, n_rows: int, states: Any, name: str) -> NDArray[np.complex128]:
    """Final states, or their cotangents, as a contiguous array.

    Args:
        program: tells the number of qubits.
        n_rows: rows of the table, B.
        states: complex128, shape (B, 2**N).
        name: of the argument, for the message.

    Returns:
        The same numbers.

    Raises:
        CircuitError: another shape or dtype.

    Example:
        >>> check_states(Program(1, (), 0), 1, np.array([[1j, 0]]), "states")
        array([[0.+1.j, 0.+0.j]])
    """
    shape = (n_rows, 2**program.n_qubits)
    array = np.asarray(states)
    if array.shape != shape or array.dtype != np.complex128:
        raise CircuitError(
            f"{name} have shape {array.shape} and dtype {array.dtype}; they must be complex128 of shape "
            f"{shape}"
        )
    return np.ascontiguousarray(array)


def row_phases(program: Program, table: NDArray[np.float64]) -> NDArray[np.complex128] | None:
    """The factors that a program's global phases give to the states.

    Args:
        program: tells the phases.
        table: angles, shape (B, S).

    Returns:
        Shape (B, 1); None where the program has no phases.

    Example:
        >>> row_phases(Program(1, (), 1, ((0, 2.0),)), np.array([[np.pi / 2]])).round(6)
        array([[-1.+0.j]])
    """
    if not program.phases:
        return None
    total = np.zeros(len(table))
    for slot, coefficient in program.phases:
        total += coefficient * table[:, slot]
    phases: NDArray[np.complex128] = np.exp(1j * total)[:, None]
    return phases


@dataclass(eq=False, slots=True)
class RowTask:
    """Units of rows that a compiled sweep runs over: eight rows each, or one.

    Args:
        encoded: the program for such units.
        first_unit: the first one.
        n_units: their number.
        state_size: numbers of a unit's working states.
        cost: of a unit, in gate applications on vectors of eight numbers.
        split: whether a unit, which is one row then, is to be shared by all threads (`split_states`).
    """

    encoded: EncodedProgram
    first_unit: int
    n_units: int
    state_size: int
    cost: int
    split: bool

    @property
    def units(self) -> range:
        """The units' numbers."""
        return range(self.first_unit, self.first_unit + self.n_units)

    def run(
        self, sweep: Callable[[int, int, NDArray[np.float64], NDArray[np.float64]], None], threads: int | None
    ) -> None:
        """Run a sweep on all units, and wait for it.

        Args:
            sweep: gets the first and one past the last unit of a part, an array for the working states of one
                unit, and a buffer.
            threads: most threads; None or 0 for all.
        """

        def work(units: slice) -> None:
            state, buffer = np.empty(self.state_size), np.empty(self.encoded.buffer_size)
            sweep(self.first_unit + units.start, self.first_unit + units.stop, state, buffer)

        run_in_parts(work, self.n_units, self.cost, threads)


def plan_rows(
    program: Program, n_rows: int, threads: int | None, *, n_states: int, n_results: int
) -> list[RowTask]:
    """Divide the rows of a table into those simulated side by side and those simulated one by one.

    Args:
        program: without channels.
        n_rows: rows of the table, B.
        threads: most threads; None or 0 for all.
        n_states: states that a row works on: 1, or 2 for a ket and a bra.
        n_results: states per row that are going to be allocated for the results.

    Returns:
        At most two tasks.

    Raises:
        CircuitError: illegal number of threads, or a program that cannot be simulated.
        CircuitTooLargeError: the states do not fit into free memory.
    """
    from .gate_encoding import encode_program

    side_by_side = encode_program(program)
    full, rest = divmod(n_rows, 8)
    one_by_one = None
    if rest or program.n_qubits > _MOST_QUBITS_SIDE_BY_SIDE:
        one_by_one = encode_program(program, by_rows=True)
    if one_by_one is not None and program.n_qubits > _MOST_QUBITS_SIDE_BY_SIDE:
        full, rest = 0, n_rows
    elif one_by_one is None or rest > _FEW_ROWS:
        full, rest = full + (rest > 0), 0
    tasks = []
    results = amplitudes = n_results * n_rows << program.n_qubits
    for encoded, first, n_units in ((side_by_side, 0, full), (one_by_one, n_rows - rest, rest)):
        if encoded is None or not n_units:
            continue
        size = n_states * 16 << program.n_qubits >> encoded.shift
        # A gate passes over all of it; the adjoint sweep looks at it once more for the gradient.
        cost = (len(encoded.operations) + 2) * (size // 16) * n_states
        amplitudes += n_units * size // 2
        split = encoded.shift > 0 and program.n_qubits >= _SPLIT_FROM
        tasks.append(RowTask(encoded, first, n_units, size, cost, split))
    if 16 * amplitudes > _CHECKED_ABOVE:
        n_threads = count_threads(threads)
        working = max(
            (1 if task.split else min(task.n_units, n_threads)) * task.state_size // 2 for task in tasks
        )
        require_memory(program.n_qubits, 16, -(-(results + working) >> program.n_qubits))
    return tasks
