"""Shots and noise: in training, in a QNode, and in a kernel matrix that is corrected afterwards.

Noise models are plain ``qiskit_aer.noise.NoiseModel`` objects; ``circuits.noise`` has presets.
"""

import os
import time

import numpy as np
import pennylane as qml
import torch

from hybrid_opt.circuits import FidelityKernel, noise
from hybrid_opt.circuits.ansatz import BasicEntangler
from hybrid_opt.layers import QNNLayer

EPOCHS = 2 if "HYBRID_OPT_EXAMPLE_FAST" in os.environ else 15  # the tests run a reduced size
torch.set_num_threads(1)

# After every gate the state of its qubits is lost with 0.5 % (one qubit) or 3 % (two); 2 % of the bits are misread.
MODEL = noise.depolarizing_noise(0.005, 0.03, readout=0.02)

# 1. Training. Do the signs of two numbers agree?
torch.manual_seed(0)
points = 2 * torch.rand(628, 2) - 1
agree = (points.prod(dim=1) > 0).float()
train, test = slice(0, 128), slice(128, None)


def circuit_network(ansatz: object = BasicEntangler("Y"), **settings: object) -> torch.nn.Sequential:
    """Two qubits, three layers, the encoding before each; the factors on inputs and outputs stand in the open."""
    layer = QNNLayer(2, 3, ansatz=ansatz, reupload=True, seed=1, **settings)
    return torch.nn.Sequential(Scale(2.0), layer, torch.nn.Linear(2, 1))


class Scale(torch.nn.Module):
    """Features in [-1, 1] become angles in [-factor, factor]."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Multiply."""
        return self.factor * inputs


def tanh_network() -> torch.nn.Sequential:
    """The classical control, with 33 parameters against 9."""
    return torch.nn.Sequential(Scale(2.0), torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))


ROWS = {
    "exact": (lambda: circuit_network(), EPOCHS),
    "200 shots": (lambda: circuit_network(shots=200), EPOCHS),
    "200 shots, noise": (lambda: circuit_network(shots=200, noise_model=MODEL), EPOCHS),
    "200 shots, noise, SPSA": (
        lambda: circuit_network(shots=200, noise_model=MODEL, gradient="spsa"), EPOCHS
    ),
    "exact, no entanglement": (lambda: circuit_network(ansatz="separable"), EPOCHS),
    "tanh network": (tanh_network, EPOCHS),
    "tanh, 10 x the epochs": (tanh_network, 10 * EPOCHS),
}  # fmt: skip
print(f"{'training':<24}{'gradient':<17}{'last loss':>10}{'test':>8}{'test, noise':>13}{'seconds':>9}")
for name, (make, epochs) in ROWS.items():
    torch.manual_seed(1)
    model = make()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.2)
    start = time.perf_counter()
    for _ in range(epochs):
        for batch in torch.randperm(128).split(32):
            optimizer.zero_grad()
            logits = model(points[train][batch])[:, 0]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, agree[train][batch])
            loss.backward()
            optimizer.step()
    seconds = time.perf_counter() - start
    circuit = isinstance(model[1], QNNLayer)
    accuracy = []
    for mode in (False, True):  # eval(): exact and noise-free; train(): with the layer's shots and noise
        model.train(mode)
        with torch.no_grad():
            right = (model(points[test])[:, 0] > 0) == (agree[test] > 0)
        accuracy.append(right.double().mean().item())
    gradient = model[1].gradient if circuit else "backpropagation"
    sampled = f"{accuracy[1]:.3f}" if circuit and model[1].shots else "-"
    print(f"{name:<24}{gradient:<17}{loss.item():>10.3f}{accuracy[0]:>8.3f}{sampled:>13}{seconds:>9.2f}")

# 2. A QNode. The device takes the noise, the QNode the shots.
exact = qml.device("hybrid.aer", wires=3)
noisy = qml.device("hybrid.aer", wires=3, noise_model=MODEL, seed=1)


def circuit(angle: torch.Tensor) -> object:
    qml.RY(angle, wires=0)
    for wire in range(2):
        qml.CNOT([wire, wire + 1])
    return qml.expval(qml.Z(2))


nodes = {
    "exact": qml.QNode(circuit, exact),
    "1,000 shots": qml.set_shots(qml.QNode(circuit, qml.device("hybrid.aer", wires=3, seed=1)), 1000),
    "noise, density matrix": qml.QNode(circuit, noisy),
    "noise, 1,000 shots": qml.set_shots(qml.QNode(circuit, noisy), 1000),
}
print(f"\n{'QNode':<24}{'<Z2>':>9}{'derivative':>13}")
for name, node in nodes.items():
    angle = torch.tensor(0.6, dtype=torch.float64, requires_grad=True)
    value = node(angle)
    value.backward()
    print(f"{name:<24}{value.item():>9.4f}{angle.grad.item():>13.4f}")

# 3. A kernel matrix. The measured diagonal, which should be 1, tells how much was lost.
samples = np.random.default_rng(0).uniform(-1, 1, (16, 3))
reference = FidelityKernel(3, encoding="iqp")(samples)
pairs = np.triu_indices(16, 1)
print(f"\n{'kernel matrix':<34}{'mean error':>11}{'lowest eigenvalue':>19}")
for name, settings in {
    "1,000 shots": {"shots": 1000},
    "noise, 1,000 shots": {"shots": 1000, "noise_model": MODEL},
    "corrected (depolarizing)": {"shots": 1000, "noise_model": MODEL, "correction": "depolarizing"},
    "corrected, then nearest PSD": {
        "shots": 1000, "noise_model": MODEL, "correction": ("depolarizing", "nearest")
    },
}.items():  # fmt: skip
    gram = FidelityKernel(3, encoding="iqp", seed=1, **settings)(samples)
    error = np.abs(gram - reference)[pairs].mean()
    print(f"{name:<34}{error:>11.4f}{np.linalg.eigvalsh(gram)[0]:>19.4f}")
