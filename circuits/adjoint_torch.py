"""The adjoint sweep in torch, for states on a GPU; on the CPU it serves as a second opinion.

Gates act on all rows at once, as small matrices on reshaped tensors. Legend: B rows, N qubits, k wires of a gate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .errors import CircuitError, DeviceUnavailableError
from .gates import Gate, gate_matrix
from .program import Program

__all__ = ["sweep_in_torch", "sweep_on_gpu"]


def sweep_on_gpu(
    program: Program,
    table: NDArray[np.float64],
    states: NDArray[np.complex128],
    cotangents: NDArray[np.complex128],
) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """`sweep_in_torch` on CUDA; arguments and results are in host memory.

    Raises:
        DeviceUnavailableError: torch has no CUDA here.
    """
    if not torch.cuda.is_available():
        raise DeviceUnavailableError(
            'the sweep was asked for on a GPU, but torch has no CUDA here; use compute="cpu" or install a '
            "CUDA build of torch"
        )
    return sweep_in_torch(program, table, states, cotangents, torch.device("cuda"))


def sweep_in_torch(
    program: Program,
    table: NDArray[np.float64],
    states: NDArray[np.complex128],
    cotangents: NDArray[np.complex128],
    device: torch.device,
) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """Derivatives and cotangents of the initial states, as `adjoint.adjoint_gradient` describes them.

    Args:
        program: without channels.
        table: shape (B, S).
        states: shape (B, 2**N).
        cotangents: shape (B, 2**N).
        device: where the sweep runs.

    Returns:
        Shapes (B, S) and (B, 2**N).

    Raises:
        CircuitError: a channel in the program.
    """
    ket = torch.from_numpy(np.array(states, dtype=np.complex128)).to(device)
    bra = torch.from_numpy(np.array(cotangents, dtype=np.complex128)).to(device)
    gradient = np.zeros(table.shape)
    if program.phases:
        slope = -(bra.conj() * ket).sum(dim=1).imag.cpu().numpy()
        total = np.zeros(len(table))
        for slot, coefficient in program.phases:
            gradient[:, slot] += coefficient * slope
            total += coefficient * table[:, slot]
        back = torch.from_numpy(np.exp(-1j * total)).to(device)[:, None]
        ket, bra = ket * back, bra * back
    for gate in reversed(program.gates):
        wires = gate.controls + gate.targets
        inverse = _on_device(_matrix(gate, table).conj().swapaxes(-1, -2), device)
        ket = _apply(inverse, ket, wires, program.n_qubits)
        if gate.n_angles:
            overlap = _overlap(bra, ket, wires, program.n_qubits)
            for number in range(gate.n_angles):
                slopes = _on_device(_slope(gate, table, number), device)
                slot = gate.slot + number
                gradient[:, slot] += (slopes * overlap).sum(dim=(1, 2)).real.cpu().numpy()
        bra = _apply(inverse, bra, wires, program.n_qubits)
    return gradient, bra.cpu().numpy()


def _on_device(matrix: NDArray[np.complex128], device: torch.device) -> Any:
    return torch.from_numpy(np.ascontiguousarray(matrix)).to(device)


def _front(states: Any, wires: tuple[int, ...], n_qubits: int) -> Any:
    """Shape (B, 2**k, 2**(N - k)), the given wires first."""
    tensor = states.reshape((len(states), *(2,) * n_qubits))
    tensor = torch.movedim(tensor, [1 + wire for wire in wires], list(range(1, 1 + len(wires))))
    return tensor.reshape(len(states), 2 ** len(wires), -1)


def _apply(matrix: Any, states: Any, wires: tuple[int, ...], n_qubits: int) -> Any:
    moved = torch.matmul(matrix, _front(states, wires, n_qubits)).reshape((len(states), *(2,) * n_qubits))
    back = torch.movedim(moved, list(range(1, 1 + len(wires))), [1 + wire for wire in wires])
    return back.reshape(len(states), -1)


def _overlap(bra: Any, ket: Any, wires: tuple[int, ...], n_qubits: int) -> Any:
    """sum over the other wires of conj(bra)[a] ket[b], shape (B, 2**k, 2**k)."""
    left, right = _front(bra, wires, n_qubits).conj(), _front(ket, wires, n_qubits)
    return torch.matmul(left, right.transpose(1, 2))


def _matrix(gate: Gate, table: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Matrices on controls and targets, shape (B or 1, 2**k, 2**k)."""
    if gate.kind == "kraus":
        raise CircuitError("a channel leaves no pure state; run the circuit on Aer with a density matrix")
    if gate.kind == "unitary" and gate.matrix is not None:
        return gate.matrix[None]
    if gate.kind == "diagonal" and gate.matrix is not None:
        return np.diag(gate.matrix)[None]
    angles = table[:, gate.slot : gate.slot + gate.n_angles] if gate.n_angles else np.zeros((1, 0))
    return _controlled(gate_matrix(gate.kind, angles), len(gate.controls), 1.0)


def _controlled(matrix: NDArray[np.complex128], controls: int, identity: float) -> NDArray[np.complex128]:
    size = matrix.shape[-1]
    whole = np.zeros((len(matrix), size << controls, size << controls), dtype=np.complex128)
    whole[:] = identity * np.eye(size << controls)
    whole[:, -size:, -size:] = matrix
    return whole


def _slope(gate: Gate, table: NDArray[np.float64], number: int) -> NDArray[np.complex128]:
    """Derivative of the matrix by one angle.

    Entries are sums of exp(i k angle / 2) with k = -1, 1 (rotations) or k = 0, 2 (phases); for both the
    derivative follows from the matrices at angle + pi and angle - pi.
    """
    angles = np.array(table[:, gate.slot : gate.slot + gate.n_angles])
    angles[:, number] += np.pi
    ahead = gate_matrix(gate.kind, angles)
    angles[:, number] -= 2 * np.pi
    behind = gate_matrix(gate.kind, angles)
    phase_like = gate.kind == "p" or (gate.kind == "u" and number > 0)
    if not phase_like:
        return _controlled((ahead - behind) / 4, len(gate.controls), 0.0)
    angles[:, number] += np.pi
    # exp(i angle) turns its sign at angle + pi, the constant part does not.
    return _controlled(0.5j * (gate_matrix(gate.kind, angles) - ahead), len(gate.controls), 0.0)
