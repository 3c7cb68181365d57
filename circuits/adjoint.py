"""Exact gradients of anything computed from the final states of a circuit, for every row of a table at once.

The cotangent of the final state is carried back through the circuit while the gates are undone on the state:
T. Jones, J. Gacon, "Efficient calculation of gradients in classical simulations of variational quantum
algorithms", arXiv 2009.02823. The cost is that of about three simulations, whatever the number of angles, and
no intermediate state is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .program import Program
from .row_tasks import check_states, check_table, plan_rows, row_phases

if TYPE_CHECKING:
    from .gate_encoding import EncodedProgram

__all__ = ["adjoint_gradient"]

# Amplitudes of all rows from which the sweep on a GPU is faster, states being in host memory. Measured on an
# H200 beside 16 cores: as fast at 2**18, 1.7 times as fast at 2**20, but 60 ms against 0.1 ms at 2**8.
_WORTH_GPU = 2**19


def adjoint_gradient(
    program: Program,
    table: NDArray[np.float64],
    states: NDArray[np.complex128],
    cotangents: NDArray[np.complex128],
    *,
    wanted: NDArray[np.bool_] | None = None,
    with_initial: bool = False,
    threads: int | None = None,
    compute: str = "cpu",
) -> Any:
    """Gradient by the angles, and by the initial states if asked for.

    The cotangent c of a state psi is defined by dL = Re(sum conj(c) dpsi), as in torch; for
    L = sum_o g_o <O_o> it is c = 2 sum_o g_o O_o psi.

    Args:
        program: without channels.
        table: angles in radians, shape (B, S); B may be 0.
        states: final states of the program for this table, complex128, shape (B, 2**N). Where a row has a
            wrong global phase, cotangents that turn with the state give the right gradient all the same.
        cotangents: of these states, complex128, shape (B, 2**N).
        wanted: columns whose gradient is wanted, shape (S,); None for all. The others get 0, and the sweep
            ends at the first gate with a wanted angle.
        with_initial: whether the cotangents of the initial states are wanted too.
        threads: most CPU threads; None or 0 for one per core. Small jobs run on the caller's thread.
        compute: "cpu", "gpu" for the same sweep by torch on CUDA, or "auto": on CUDA where torch has it and
            the states are large enough to gain from it.

    Returns:
        Float64, shape (B, S), the same bit for bit for any number of threads; with ``with_initial`` the pair
        of it and the initial cotangents, shape (B, 2**N).

    Raises:
        CircuitError: arrays that do not fit the program, a channel, illegal threads or compute.
        CircuitTooLargeError: the states do not fit into free memory.
        DeviceUnavailableError: "gpu" without CUDA.

    Example:
        >>> from .gates import Gate
        >>> from .statevector import simulate
        >>> program = Program(1, (Gate("ry", (0,), (), 0),), 1)
        >>> table = np.array([[0.3]])
        >>> states = simulate(program, table)
        >>> float(adjoint_gradient(program, table, states, 2 * states * [1, -1])[0, 0])  # d<Z> = -sin 0.3
        -0.29552020666133...
    """
    table = check_table(program, table)
    n_rows = len(table)
    states = check_states(program, n_rows, states, "states")
    cotangents = check_states(program, n_rows, cotangents, "cotangents")
    if wanted is not None:
        wanted = np.asarray(wanted)
        if wanted.shape != (program.n_slots,) or wanted.dtype != np.bool_:
            raise CircuitError(
                f"wanted has shape {wanted.shape} and dtype {wanted.dtype}; it must be bool of shape "
                f"({program.n_slots},)"
            )
    if compute not in ("auto", "cpu", "gpu"):
        raise CircuitError(f'compute is {compute!r}; it must be "auto", "cpu" or "gpu"')
    if compute == "gpu" or (compute == "auto" and _gains_from_cuda(states)):
        from .adjoint_torch import sweep_on_gpu

        gradient, initial = sweep_on_gpu(program, table, states, cotangents, wanted, with_initial)
    else:
        gradient, initial = _sweep(program, table, states, cotangents, wanted, with_initial, threads)
    if wanted is not None:
        gradient[:, ~wanted] = 0.0
    return (gradient, initial) if with_initial else gradient


def _gains_from_cuda(states: NDArray[np.complex128]) -> bool:
    if states.size < _WORTH_GPU:
        return False
    import torch

    return torch.cuda.is_available()


def _sweep(
    program: Program,
    table: NDArray[np.float64],
    states: NDArray[np.complex128],
    cotangents: NDArray[np.complex128],
    wanted: NDArray[np.bool_] | None,
    with_initial: bool,
    threads: int | None,
) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    from .adjoint_sweep import sweep_backward
    from .half_angles import HalfAngles

    tasks = plan_rows(program, len(table), threads, n_states=2, n_results=int(with_initial))
    initial = np.empty((len(table) if with_initial else 0, 2**program.n_qubits), dtype=np.complex128)
    angles = HalfAngles(table)
    slopes = np.zeros(angles.cosines.shape)
    for task in tasks:
        # Nothing in front of the first wanted angle has to be undone.
        needed, stop = task.encoded.needed(wanted)
        stop = 0 if with_initial else stop

        def sweep(
            first: int,
            last: int,
            state: Any,
            buffer: Any,
            encoded: EncodedProgram = task.encoded,
            needed: NDArray[np.bool_] = needed,
            stop: int = stop,
        ) -> None:
            sweep_backward(
                encoded.operations, needed, stop, encoded.places, encoded.constants, angles.cosines,
                angles.sines, angles.n_slots, states, cotangents, slopes, initial, encoded.shift, first, last,
                state, buffer,
            )  # fmt: skip

        if task.split:
            from .split_states import split_backward

            split_backward(
                task.encoded, needed, stop, angles, states, cotangents, slopes, initial, task.units, threads
            )
        else:
            task.run(sweep, threads)
    gradient = angles.to_rows(slopes)
    for slot, coefficient in program.phases:
        gradient[:, slot] -= coefficient * np.einsum("bi,bi->b", cotangents.conj(), states).imag
    phases = row_phases(program, table)
    if with_initial and phases is not None:
        initial *= phases.conj()
    return gradient, initial
