"""Random circuits with every kind of gate, and what PennyLane makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.gates import ANGLES, Gate
from hybrid_opt.circuits.program import Program

_OPERATORS = {
    "x": qml.X,
    "y": qml.Y,
    "z": qml.Z,
    "h": qml.Hadamard,
    "s": qml.S,
    "sdg": lambda wires: qml.adjoint(qml.S(wires)),
    "t": qml.T,
    "tdg": lambda wires: qml.adjoint(qml.T(wires)),
    "sx": qml.SX,
    "sxdg": lambda wires: qml.adjoint(qml.SX(wires)),
    "rx": qml.RX,
    "ry": qml.RY,
    "rz": qml.RZ,
    "p": qml.PhaseShift,
    "rot": qml.Rot,
    "u": qml.U3,
    "swap": qml.SWAP,
    "rxx": qml.IsingXX,
    "ryy": qml.IsingYY,
    "rzz": qml.IsingZZ,
    "unitary": qml.QubitUnitary,
    "diagonal": qml.DiagonalQubitUnitary,
}
PAIRS = ("swap", "rxx", "ryy", "rzz")
WITHOUT_CONTROLS = ("rxx", "ryy", "rzz", "unitary", "diagonal")


def _random_gate(kind: str, n_qubits: int, slot: int, rng: np.random.Generator) -> Gate:
    wires = [int(wire) for wire in rng.permutation(n_qubits)]
    n_targets = 2 if kind in PAIRS else 1
    matrix = None
    if kind in ("unitary", "diagonal"):
        n_targets = int(rng.integers(1, min(3, n_qubits) + 1))
        size = 2**n_targets
        matrix = np.exp(1j * rng.normal(size=size))
        if kind == "unitary":
            square = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
            matrix = np.linalg.qr(square)[0]
    n_controls = 0 if kind in WITHOUT_CONTROLS else min(int(rng.integers(3)), n_qubits - n_targets)
    targets, controls = wires[:n_targets], wires[n_targets : n_targets + n_controls]
    return Gate(kind, tuple(targets), tuple(controls), slot if ANGLES[kind] else -1, matrix)


@pytest.fixture(scope="session")
def random_program() -> Callable[..., Program]:
    """Makes a program of gates of all kinds, in random order, with two global phases."""

    def make(n_qubits: int, n_gates: int, seed: int, *, prepared: bool = False) -> Program:
        rng = np.random.default_rng(seed)
        kinds = [kind for kind in _OPERATORS if kind not in PAIRS or n_qubits > 1]
        order = np.concatenate([rng.permutation(len(kinds)) for _ in range(n_gates // len(kinds) + 1)])
        gates: list[Gate] = []
        slot = 0
        for number in order[:n_gates]:
            gates.append(_random_gate(kinds[number], n_qubits, slot, rng))
            slot += gates[-1].n_angles
        return Program(n_qubits, tuple(gates), slot + 2, ((slot, -1.0), (slot + 1, 0.5)), prepared)

    return make


@pytest.fixture(scope="session")
def run_pennylane() -> Callable[..., Any]:
    """Runs one row of a program on default.qubit; angles may be a torch tensor, and then so is the state."""

    def run(program: Program, angles: Any, initial: Any = None) -> Any:
        @qml.qnode(qml.device("default.qubit", wires=program.n_qubits))
        def state() -> Any:
            if initial is not None:
                qml.StatePrep(initial, wires=range(program.n_qubits))
            for gate in program.gates:
                if gate.matrix is not None:
                    _OPERATORS[gate.kind](gate.matrix, wires=gate.targets)
                    continue
                own = [angles[gate.slot + number] for number in range(gate.n_angles)]
                if gate.controls:
                    with qml.QueuingManager.stop_recording():
                        operator = _OPERATORS[gate.kind](*own, wires=gate.targets)
                    qml.ctrl(operator, gate.controls)
                else:
                    _OPERATORS[gate.kind](*own, wires=gate.targets)
            for slot, coefficient in program.phases:
                qml.GlobalPhase(-coefficient * angles[slot])
            return qml.state()

        return state()

    return run
