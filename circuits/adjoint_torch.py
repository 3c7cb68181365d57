"""The adjoint sweep in torch, for states on a GPU; on the CPU it serves as a second opinion.

Gates act on all rows at once, as small matrices on reshaped tensors. Legend: B rows, N qubits, k targets of a
gate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .errors import CircuitError, DeviceUnavailableError
from .gates import Gate, gate_matrix
from .memory import free_gpu_memory, require_gpu_memory
from .program import Program

__all__ = ["sweep_in_torch", "sweep_on_gpu"]

# Ket, bra, and for each the copies with the bits in another order while a gate acts.
_BYTES_PER_AMPLITUDE = 96
_CUDA = torch.device("cuda")


def sweep_on_gpu(
    program: Program,
    table: NDArray[np.float64],
    states: NDArray[np.complex128],
    cotangents: NDArray[np.complex128],
    wanted: NDArray[np.bool_] | None = None,
    with_initial: bool = True,
) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """`sweep_in_torch` on CUDA, as many rows at a time as fit; arguments and results are in host memory.

    Args:
        program: without channels.
        table: shape (B, S).
        states: shape (B, 2**N).
        cotangents: shape (B, 2**N).
        wanted: shape (S,), or None.
        with_initial: whether the cotangents of the initial states come back.

    Returns:
        Shapes (B, S) and (B, 2**N), or (0, 2**N) without them.

    Raises:
        DeviceUnavailableError: torch has no CUDA here.
        CircuitError: a channel in the program.
        CircuitTooLargeError: not even one row fits into the GPU's memory.
    """
    if not torch.cuda.is_available():
        raise DeviceUnavailableError(
            'the sweep was asked for on a GPU, but torch has no CUDA here; use compute="cpu" or install a '
            "CUDA build of torch"
        )
    require_gpu_memory(program.n_qubits, _BYTES_PER_AMPLITUDE)
    free = free_gpu_memory()
    step = max(1, len(table) if free is None else free // (_BYTES_PER_AMPLITUDE << program.n_qubits))
    gradient = np.empty(table.shape)
    bras = np.empty((len(table) if with_initial else 0, states.shape[1]), dtype=np.complex128)
    for start in range(0, len(table), step):
        rows = slice(start, start + step)
        gradient[rows], bras[rows] = sweep_in_torch(
            program, table[rows], states[rows], cotangents[rows], _CUDA, wanted, with_initial
        )
    return gradient, bras


def sweep_in_torch(
    program: Program,
    table: NDArray[np.float64],
    states: NDArray[np.complex128],
    cotangents: NDArray[np.complex128],
    device: torch.device,
    wanted: NDArray[np.bool_] | None = None,
    with_initial: bool = True,
) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """Derivatives and cotangents of the initial states, as `adjoint.adjoint_gradient` describes them.

    Args:
        program: without channels.
        table: shape (B, S).
        states: shape (B, 2**N).
        cotangents: shape (B, 2**N).
        device: where the sweep runs.
        wanted: columns whose derivative is computed, shape (S,); None for all. The others get 0.
        with_initial: whether the cotangents of the initial states come back.

    Returns:
        Shapes (B, S) and (B, 2**N), or (0, 2**N) without them.

    Raises:
        CircuitError: a channel in the program.

    Example:
        >>> program = Program(1, (Gate("rx", (0,), (), 0),), 1)
        >>> ket = np.array([[np.sqrt(0.5), -1j * np.sqrt(0.5)]])  # at the angle pi / 2
        >>> table, bra = np.array([[np.pi / 2]]), 2 * ket * [1, -1]  # of <Z>
        >>> sweep_in_torch(program, table, ket, bra, torch.device("cpu"))[0].round(6)
        array([[-1.]])
    """
    chosen = np.ones(program.n_slots, dtype=np.bool_) if wanted is None else wanted
    # No gate works in place, so that on the CPU the arrays themselves will do.
    ket, bra = (_on_device(array, device) for array in (states, cotangents))
    gradient = torch.zeros(table.shape, dtype=torch.float64, device=device)
    if program.phases:
        slope = -(bra.conj() * ket).sum(dim=1).imag
        total = np.zeros(len(table))
        for slot, coefficient in program.phases:
            gradient[:, slot] += coefficient * slope * float(chosen[slot])
            total += coefficient * table[:, slot]
        back = _on_device(np.exp(-1j * total), device)[:, None]
        ket, bra = ket * back, bra * back
    needed = (bool(chosen[gate.slot : gate.slot + gate.n_angles].any()) for gate in program.gates)
    # Nothing in front of the first wanted angle has to be undone.
    reached = (place for place, yes in enumerate(needed) if yes)
    first = 0 if with_initial else next(reached, len(program.gates))
    for gate in reversed(program.gates[first:]):
        entries = _entries(gate, table)
        inverse = entries.conj() if entries.ndim == 2 else entries.conj().swapaxes(-1, -2)
        undo = _on_device(inverse, device)
        ket, own_ket = _apply(undo, ket, gate, program.n_qubits)
        own_bra = _front(bra, gate, program.n_qubits)[:, -1]
        if gate.n_angles and chosen[gate.slot : gate.slot + gate.n_angles].any():
            overlap = torch.matmul(own_bra.conj(), own_ket.transpose(1, 2))
            for number in range(gate.n_angles):
                if chosen[gate.slot + number]:
                    slopes = _on_device(_slope(gate, table, number), device)
                    gradient[:, gate.slot + number] += (slopes * overlap).sum(dim=(1, 2)).real
        bra, _ = _apply(undo, bra, gate, program.n_qubits)
    # States of many qubits are gigabytes: they stay there unless someone wants them.
    return gradient.cpu().numpy(), (bra if with_initial else bra[:0]).cpu().numpy()


def _on_device(array: NDArray[Any], device: torch.device) -> Any:
    array = np.ascontiguousarray(array)
    # Torch warns of arrays that may not be written to.
    return torch.from_numpy(array if array.flags.writeable else array.copy()).to(device)


def _front(states: Any, gate: Gate, n_qubits: int) -> Any:
    """Shape (B, 2**controls, 2**k, the other amplitudes)."""
    wires = gate.controls + gate.targets
    tensor = states.reshape((len(states), *(2,) * n_qubits))
    tensor = torch.movedim(tensor, [1 + wire for wire in wires], list(range(1, 1 + len(wires))))
    others = 2 ** (n_qubits - len(wires))
    return tensor.reshape(len(states), 2 ** len(gate.controls), 2 ** len(gate.targets), others)


def _apply(entries: Any, states: Any, gate: Gate, n_qubits: int) -> tuple[Any, Any]:
    """New states, and the part of them on which the gate acts, shape (B, 2**k, the other amplitudes)."""
    moved = _front(states, gate, n_qubits)
    own = moved[:, -1]
    own = entries[:, :, None] * own if entries.ndim == 2 else torch.matmul(entries, own)
    moved = torch.cat([moved[:, :-1], own[:, None]], dim=1) if gate.controls else own
    wires = gate.controls + gate.targets
    tensor = moved.reshape((len(states), *(2,) * n_qubits))
    back = torch.movedim(tensor, list(range(1, 1 + len(wires))), [1 + wire for wire in wires])
    return back.reshape(states.shape), own


def _entries(gate: Gate, table: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Matrices on the targets, shape (B or 1, 2**k, 2**k), or a diagonal, shape (1, 2**k)."""
    if gate.kind == "kraus":
        raise CircuitError(
            "a circuit with channels has no pure final state to differentiate; use parameter shift"
        )
    if gate.matrix is not None:
        return gate.matrix[None]
    return gate_matrix(gate.kind, _angles(gate, table))


def _angles(gate: Gate, table: NDArray[np.float64]) -> NDArray[np.float64]:
    return table[:, gate.slot : gate.slot + gate.n_angles] if gate.n_angles else np.zeros((1, 0))


def _slope(gate: Gate, table: NDArray[np.float64], number: int) -> NDArray[np.complex128]:
    """Derivative of the matrices by one angle.

    Entries are sums of exp(i k angle / 2) with k = -1, 1 (rotations) or k = 0, 2 (phases); for both the
    derivative follows from matrices at angles shifted by pi.
    """
    shift = np.zeros(gate.n_angles)
    shift[number] = np.pi
    angles = _angles(gate, table)
    ahead = gate_matrix(gate.kind, angles + shift)
    if gate.kind == "p" or (gate.kind == "u" and number > 0):
        # exp(i angle) turns its sign at angle + pi, the constant part does not.
        return 0.5j * (gate_matrix(gate.kind, angles) - ahead)
    return (ahead - gate_matrix(gate.kind, angles - shift)) / 4
