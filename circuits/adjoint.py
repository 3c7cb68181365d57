"""Exact gradients by an adjoint sweep: gates are taken back one by one from the final state and its cotangent.

T. Jones, J. Gacon, "Efficient calculation of gradients in classical simulations of variational quantum
algorithms", arXiv 2009.02823, with the cotangent of all outputs together in place of one observable, so that
the cost, about three times that of the forward run, depends neither on the number of angles nor on that of
outputs. Two vectors per running row are held besides the given ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .gate_encoding import encode
from .program import Program
from .row_threads import run_in_parts
from .row_kernels import sweep_rows

__all__ = ["adjoint_gradient"]


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
    """Derivative of a function of final states with respect to the angles that led to them.

    Args:
        program: without channels.
        table: angles in radians, shape (B, S).
        states: final states of these angles, shape (B, 2**N). A wrong global phase does no harm if the
            cotangents carry it too, as those of expectation values do.
        cotangents: c with dL = Re(sum conj(c) dpsi), shape (B, 2**N).
        wanted: columns that matter, shape (S,), bool; the others are left 0.
        with_initial: also return the cotangents of the states the rows started from.
        threads: most threads, which share the rows; None or 0 for all.
        compute: "cpu", or "gpu" for the sweep in torch on CUDA.

    Returns:
        dL/dangle, shape (B, S), or the pair (that, cotangents of the initial states, shape (B, 2**N)).

    Raises:
        CircuitError: arrays that do not fit, or a channel in the program.
        DeviceUnavailableError: compute="gpu" where torch has no CUDA.

    Example:
        >>> import pennylane as qml
        >>> from .program import read_tape
        >>> from .statevector import simulate
        >>> bound = read_tape(qml.tape.QuantumScript([qml.RX(0.5, 0)]))
        >>> states = simulate(bound.program, bound.table)
        >>> cotangents = 2 * states * np.array([1, -1])  # of <Z>
        >>> adjoint_gradient(bound.program, bound.table, states, cotangents).round(6).tolist()
        [[-0.479426]]
    """
    _check(program, table, states, cotangents, wanted)
    if compute == "gpu":
        from .adjoint_torch import sweep_on_gpu

        gradient, bras = sweep_on_gpu(program, table, states, cotangents)
    elif compute == "cpu":
        gradient, bras = _sweep(program, table, states, cotangents, threads)
    else:
        raise CircuitError(f'compute is {compute!r}; it must be "cpu" or "gpu"')
    if wanted is not None:
        gradient[:, ~wanted] = 0.0
    return (gradient, bras) if with_initial else gradient


def _sweep(
    program: Program,
    table: NDArray[np.float64],
    states: NDArray[np.complex128],
    cotangents: NDArray[np.complex128],
    threads: int | None,
) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    encoded = encode(program)
    angles = np.ascontiguousarray(table, dtype=np.float64)
    kets = np.ascontiguousarray(states, dtype=np.complex128)
    bras = np.array(cotangents, dtype=np.complex128, order="C")
    gradient = np.zeros(table.shape)

    def sweep(rows: slice) -> None:
        sweep_rows(
            kets[rows], bras[rows], encoded.rows, encoded.constants, encoded.phases, angles[rows], gradient[rows]
        )

    run_in_parts(sweep, len(table), 3 * len(encoded.rows) << program.n_qubits, threads)
    return gradient, bras


def _check(
    program: Program,
    table: NDArray[np.float64],
    states: NDArray[np.complex128],
    cotangents: NDArray[np.complex128],
    wanted: NDArray[np.bool_] | None,
) -> None:
    program.check_table(table)
    shape = (len(table), 2**program.n_qubits)
    for name, array in (("states", states), ("cotangents", cotangents)):
        if np.shape(array) != shape:
            raise CircuitError(f"{name} has shape {np.shape(array)}; it must be {shape}")
    if wanted is not None and (np.shape(wanted) != (program.n_slots,) or wanted.dtype != np.bool_):
        raise CircuitError(f"wanted must be bool of shape ({program.n_slots},), one entry per column")
