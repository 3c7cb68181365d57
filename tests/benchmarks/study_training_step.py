"""Time of training steps through Aer as ratios to PennyLane's simulators, and where the time goes.

One process, medians of interleaved runs. A step is a forward and a backward pass with gradients of weights
and inputs. The compared results agree to 1e-10 or the study stops. The row of pennylane-qiskit comes from an
environment of its own: `compare_pennylane_qiskit.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pennylane as qml
import torch
from record import Record
from timing import once, paired

from hybrid_opt.circuits import FidelityKernel
from hybrid_opt.circuits.adjoint import adjoint_gradient
from hybrid_opt.circuits.readout import PauliReadout
from hybrid_opt.circuits.simulators import open_simulator
from hybrid_opt.circuits.variational import VariationalCircuit
from hybrid_opt.layers import QNNLayer

SEED = 7
BATCH = 32
TEMPLATES = {
    "strongly_entangling": qml.StronglyEntanglingLayers,
    "basic_entangler": qml.BasicEntanglerLayers,
}


def qnode_layer(device: Any, ansatz: str, qubits: int, layers: int, diff_method: str) -> Any:
    """The circuit as PennyLane users write it: a QNode in a TorchLayer."""

    @qml.qnode(device, interface="torch", diff_method=diff_method)
    def circuit(inputs: Any, weights: Any) -> Any:
        qml.AngleEmbedding(inputs, wires=range(qubits))
        TEMPLATES[ansatz](weights, wires=range(qubits))
        return [qml.expval(qml.Z(wire)) for wire in range(qubits)]

    shape = TEMPLATES[ansatz].shape(n_layers=layers, n_wires=qubits)
    return qml.qnn.TorchLayer(circuit, {"weights": shape}).double()


def step(layer: Any, inputs: Any) -> Callable[[], Any]:
    """Forward and backward with gradients of weights and inputs, which it returns."""

    def run() -> Any:
        layer.zero_grad()
        inputs.grad = None
        values = layer(inputs)
        values.square().sum().backward()
        return values.detach(), layer.weights.grad, inputs.grad

    return run


def training_step(ansatz: str, qubits: int, layers: int, runs: int) -> dict[str, float]:
    """One step of every contender."""
    torch.manual_seed(SEED)
    inputs = torch.rand(BATCH, qubits, dtype=torch.float64, requires_grad=True)

    def device(name: str) -> Any:
        return qml.device(name, wires=qubits)

    contenders = {
        "QNNLayer, Aer": QNNLayer(qubits, layers, ansatz=ansatz, compute="cpu").double(),
        "QNNLayer, native": QNNLayer(qubits, layers, ansatz=ansatz, simulator="native").double(),
        "TorchLayer, hybrid.aer": qnode_layer(device("hybrid.aer"), ansatz, qubits, layers, "adjoint"),
        "TorchLayer, default.qubit backprop": qnode_layer(
            device("default.qubit"), ansatz, qubits, layers, "backprop"
        ),
        "TorchLayer, lightning adjoint": qnode_layer(
            device("lightning.qubit"), ansatz, qubits, layers, "adjoint"
        ),
    }
    weights = torch.rand(contenders["QNNLayer, Aer"].weights.shape, dtype=torch.float64)
    for layer in contenders.values():
        with torch.no_grad():
            layer.weights.copy_(weights)
    steps = {name: step(layer, inputs) for name, layer in contenders.items()}
    results = {name: run() for name, run in steps.items()}
    reference = [part.clone() for part in results["TorchLayer, default.qubit backprop"]]
    difference = {}
    for name, run in steps.items():
        difference[name] = max(float((part - other).abs().max()) for part, other in zip(run(), reference))
    # lightning's own forward pass is exact to 3e-8 only
    if max(value for name, value in difference.items() if "lightning" not in name) > 1e-10:
        raise RuntimeError(f"the contenders disagree: {difference}")
    times = paired(runs, **steps)
    base, lightning = times["TorchLayer, default.qubit backprop"], times["TorchLayer, lightning adjoint"]
    ratios = {f"{name} / default.qubit": value / base for name, value in times.items()}
    ratios |= {f"{name} / lightning": value / lightning for name, value in times.items()}
    return times | ratios | {f"difference of {name}": value for name, value in difference.items()}


def where_time_goes(qubits: int, batch: int, runs: int) -> dict[str, float]:
    """Parts of a step of a strongly entangling circuit of two layers, seconds."""
    circuit = VariationalCircuit(qubits, 2)
    rng = np.random.default_rng(SEED)
    table = circuit.table(rng.uniform(-1, 1, (batch, qubits)), circuit.initial_weights("uniform", seed=SEED))
    program, readout = circuit.program, PauliReadout([qml.Z(wire) for wire in range(qubits)], qubits)
    aer, native = open_simulator("aer", compute="cpu"), open_simulator("native")
    states = native.states(program, table)
    weights = rng.normal(size=(batch, qubits))
    cotangents = readout.cotangents(states, weights)
    layers = {
        name: step(
            QNNLayer(qubits, 2, simulator=name, compute="cpu").double(),
            torch.rand(batch, qubits, dtype=torch.float64, requires_grad=True),
        )
        for name in ("aer", "native")
    }
    times = paired(
        runs,
        **{
            "Aer run": lambda: aer.states(program, table, phases=False),
            "native run": lambda: native.states(program, table),
            "expectation values": lambda: readout.values(states),
            "cotangents": lambda: readout.cotangents(states, weights),
            "adjoint sweep": lambda: adjoint_gradient(program, table, states, cotangents),
            "whole step, Aer": layers["aer"],
            "whole step, native": layers["native"],
        },
    )
    parts = sum(times[name] for name in ("Aer run", "expectation values", "cotangents", "adjoint sweep"))
    return times | {
        "torch and the rest": times["whole step, Aer"] - parts,
        "native / Aer": times["whole step, native"] / times["whole step, Aer"],
    }


def shot_step(runs: int) -> dict[str, float]:
    """Parameter shift with 1,000 shots: 4 qubits, two strongly entangling layers, batch 32."""
    inputs = torch.rand(BATCH, 4, dtype=torch.float64, requires_grad=True)
    frozen = inputs.detach().clone()
    layer = QNNLayer(4, 2, shots=1000, compute="cpu", seed=SEED).double()

    def weights_only() -> None:
        layer.zero_grad()
        layer(frozen).square().sum().backward()

    times = paired(runs, **{"weights and inputs": step(layer, inputs), "weights only": weights_only})
    circuits = {
        "circuits, weights and inputs": 32 * (1 + 2 * 28),
        "circuits, weights only": 32 * (1 + 2 * 24),
    }
    return times | circuits


def gram(samples: int, qubits: int) -> dict[str, float]:
    """A fidelity Gram matrix of the IQP map, against PennyLane's, which runs one circuit per pair."""
    data = np.random.default_rng(SEED).uniform(-1, 1, (samples, qubits))

    @qml.qnode(qml.device("default.qubit", wires=qubits))
    def overlap(first: Any, second: Any) -> Any:
        qml.IQPEmbedding(first, wires=range(qubits))
        qml.adjoint(qml.IQPEmbedding)(second, wires=range(qubits))
        return qml.probs(wires=range(qubits))

    def ours() -> Any:
        # A fresh kernel: nothing is left in its cache.
        return FidelityKernel(qubits, encoding="iqp", compute="cpu")(data)

    def theirs() -> Any:
        return qml.kernels.square_kernel_matrix(
            data, lambda first, second: overlap(first, second)[0], assume_normalized_kernel=True
        )

    difference = float(np.abs(ours() - theirs()).max())
    if difference > 1e-10:
        raise RuntimeError(f"the Gram matrices differ by {difference}")
    fast, slow = paired(7, seconds=ours)["seconds"], once(theirs)
    times = {"FidelityKernel": fast, "square_kernel_matrix": slow, "ratio": fast / slow}
    return times | {"difference": difference}


def main(path: str) -> None:
    """Run what is missing."""
    torch.set_num_threads(1)
    record = Record(Path(path), seed=SEED)
    tasks: dict[str, Callable[[], Any]] = {}
    for qubits, ansatz, layers in (
        (4, "strongly_entangling", 2),
        (4, "basic_entangler", 3),
        (8, "strongly_entangling", 2),
        (8, "basic_entangler", 3),
    ):
        tasks[f"step, {qubits} qubits, {ansatz} x{layers}"] = (
            lambda ansatz=ansatz, qubits=qubits, layers=layers: training_step(ansatz, qubits, layers, 15)
        )
    for qubits, batch, runs in (
        *((4, batch, 9) for batch in (1, 32, 256, 1024)),
        *((8, batch, 9) for batch in (1, 32, 256, 1024)),
        *((12, batch, runs) for batch, runs in ((1, 9), (32, 5), (256, 1), (1024, 1))),
        *((16, batch, runs) for batch, runs in ((1, 5), (32, 1), (256, 1))),
    ):
        tasks[f"parts, {qubits} qubits, batch {batch}"] = lambda qubits=qubits, batch=batch, runs=runs: (
            where_time_goes(qubits, batch, runs)
        )
    tasks["parameter shift, 1,000 shots"] = lambda: shot_step(5)
    tasks["gram, 200 samples, 6 qubits"] = lambda: gram(200, 6)
    for name, task in tasks.items():
        if not record.has(name):
            record.add(name, task())
            sys.stderr.write(f"{name}\n")


if __name__ == "__main__":
    main(sys.argv[1])
