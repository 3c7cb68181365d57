"""One training step with 1,000 shots on `qiskit.aer` of pennylane-qiskit, in an environment of its own.

pennylane-qiskit 0.45 cannot be installed beside Aer 0.18, so it is no dependency and this is no study that
`make study` runs. In a fresh environment:

    pip install torch==2.13.0 pennylane-qiskit==0.45.0
    python tests/benchmarks/compare_pennylane_qiskit.py docs/studies/pennylane_qiskit.json

The circuit is that of `study_training_step.py`: 4 qubits, angle embedding, two strongly entangling layers,
batch 32, <Z> on every wire. Gradients of the weights only: with trainable inputs PennyLane's parameter shift
raises NotImplementedError.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, process_time

import pennylane as qml
import torch

QUBITS, LAYERS, BATCH, SHOTS = 4, 2, 32, 1000
PACKAGES = ("pennylane", "pennylane-qiskit", "qiskit", "qiskit-aer", "torch")


def main(path: str) -> None:
    """Measure one step, after a small one that warms everything up."""
    device = qml.device("qiskit.aer", wires=QUBITS)

    @qml.set_shots(SHOTS)
    @qml.qnode(device, interface="torch", diff_method="parameter-shift")
    def circuit(inputs, weights):
        qml.AngleEmbedding(inputs, wires=range(QUBITS))
        qml.StronglyEntanglingLayers(weights, wires=range(QUBITS))
        return [qml.expval(qml.Z(wire)) for wire in range(QUBITS)]

    torch.manual_seed(0)
    layer = qml.qnn.TorchLayer(circuit, {"weights": (LAYERS, QUBITS, 3)}).double()
    inputs = torch.rand(BATCH, QUBITS, dtype=torch.float64)
    layer(inputs[:1]).sum().backward()
    wall, cpu = perf_counter(), process_time()
    values = layer(inputs)
    forward = perf_counter() - wall
    values.square().sum().backward()
    record = {
        "batch": BATCH,
        "shots": SHOTS,
        "forward seconds": forward,
        "step seconds": perf_counter() - wall,
        "step processor seconds": process_time() - cpu,
        "cores": os.cpu_count(),
        "load average": os.getloadavg()[0],
        "versions": {name: version(name) for name in PACKAGES},
    }
    Path(path).write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
