"""Random circuits with every kind of gate, and what PennyLane makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dimod
import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.gates import ANGLES, Gate
from hybrid_opt.circuits.ising import energy_vector
from hybrid_opt.circuits.objectives import EXPECTATION
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


class _SmallQAOA:
    """A QAOA engine of a few lines, for tests of what uses engines: dense and exact; counts its calls."""

    def __init__(self, model: dimod.BinaryQuadraticModel) -> None:
        self.energies = energy_vector(model)
        self.n_qubits = len(model.variables)
        self.calls = self.gradient_calls = self.shots = 0

    def _mix(self, state: np.ndarray, beta: float) -> np.ndarray:
        for wire in range(self.n_qubits):
            pair = state.reshape(2**wire, 2, -1)
            state = (np.cos(beta) * pair - 1j * np.sin(beta) * pair[:, ::-1]).reshape(-1)
        return state

    def _sum_x(self, state: np.ndarray) -> np.ndarray:
        flipped = [state.reshape(2**wire, 2, -1)[:, ::-1].reshape(-1) for wire in range(self.n_qubits)]
        return np.sum(flipped, axis=0)

    def state(self, gammas: Any, betas: Any) -> np.ndarray:
        state = np.full(len(self.energies), 2 ** (-self.n_qubits / 2), dtype=complex)
        for gamma, beta in zip(gammas, betas):
            state = self._mix(np.exp(-1j * gamma * self.energies) * state, beta)
        return state

    def value(self, gammas: Any, betas: Any, objective: Any = EXPECTATION) -> float:
        self.calls += 1
        return objective(self.energies, np.abs(self.state(gammas, betas)) ** 2)[0]

    def sample(self, gammas: Any, betas: Any, shots: int, seed: int | None = None) -> np.ndarray:
        self.shots += shots
        chances = np.abs(self.state(gammas, betas)) ** 2
        drawn = np.random.default_rng(seed).choice(len(chances), size=shots, p=chances / chances.sum())
        return (drawn[:, None] >> np.arange(self.n_qubits - 1, -1, -1) & 1).astype(np.uint8)


class _SmallGradientQAOA(_SmallQAOA):
    """The same with exact gradients, by an adjoint sweep."""

    def value_and_grad(self, gammas: Any, betas: Any, objective: Any = EXPECTATION) -> tuple[Any, Any, Any]:
        self.gradient_calls += 1
        state = self.state(gammas, betas)
        value, weights = objective(self.energies, np.abs(state) ** 2)
        bra = weights * state
        by_gamma, by_beta = np.zeros(len(gammas)), np.zeros(len(betas))
        for layer in range(len(gammas) - 1, -1, -1):
            by_beta[layer] = 2 * np.imag(np.vdot(bra, self._sum_x(state)))
            state, bra = self._mix(state, -betas[layer]), self._mix(bra, -betas[layer])
            by_gamma[layer] = 2 * np.imag(np.vdot(bra, self.energies * state))
            undo = np.exp(1j * gammas[layer] * self.energies)
            state, bra = undo * state, undo * bra
        return value, by_gamma, by_beta


@pytest.fixture
def small_qaoa() -> Callable[..., _SmallQAOA]:
    """Makes a dense QAOA engine of a dimod model; with ``gradients=False`` it has no value_and_grad."""

    def make(model: dimod.BinaryQuadraticModel, gradients: bool = True) -> _SmallQAOA:
        return (_SmallGradientQAOA if gradients else _SmallQAOA)(model)

    return make
