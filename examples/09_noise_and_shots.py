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

# Each gate loses the state of its qubits with 0.5 % (one qubit) or 3 % (two); 2 % of the bits are misread.
NOISE = noise.depolarizing_noise(0.005, 0.03, readout=0.02)

# 1. Training. Do the signs of two numbers agree? No sum of functions of one number each can tell: the task
# is chosen to need either entanglement or a hidden layer.
torch.manual_seed(0)
points = 2 * torch.rand(628, 2) - 1
agree = (points.prod(dim=1) > 0).float()
angles = 2 * points
train, test = slice(0, 128), slice(128, None)


def with_circuit(ansatz: object = BasicEntangler("Y"), **settings: object) -> torch.nn.Sequential:
    """Two qubits, three layers, the encoding before each, and a linear read-out: 9 parameters."""
    layer = QNNLayer(2, 3, ansatz=ansatz, reupload=True, threads=1, seed=1, **settings)
    return torch.nn.Sequential(layer, torch.nn.Linear(2, 1))


def with_tanh() -> torch.nn.Sequential:
    """The classical control: 33 parameters."""
    return torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))


rows = {
    "exact": (with_circuit, {}, EPOCHS),
    "200 shots": (with_circuit, {"shots": 200}, EPOCHS),
    "200 shots, noise": (with_circuit, {"shots": 200, "noise_model": NOISE}, EPOCHS),
    "200 shots, noise, SPSA": (
        with_circuit, {"shots": 200, "noise_model": NOISE, "gradient": "spsa"}, EPOCHS
    ),
    "exact, no entanglement": (with_circuit, {"ansatz": "separable"}, EPOCHS),
    "tanh network": (with_tanh, {}, EPOCHS),
    "tanh, 10 x the epochs": (with_tanh, {}, 10 * EPOCHS),
}  # fmt: skip
print(f"{'training':<24}{'gradient':<17}{'last loss':>10}{'test':>8}{'test, noise':>13}{'seconds':>9}")
for name, (make, settings, epochs) in rows.items():
    torch.manual_seed(1)
    model = make(**settings)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.2)
    start = time.perf_counter()
    for _ in range(epochs):
        for batch in torch.randperm(128).split(32):
            optimizer.zero_grad()
            logits = model(angles[train][batch])[:, 0]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, agree[train][batch])
            loss.backward()
            optimizer.step()
    seconds = time.perf_counter() - start
    accuracy = []
    for mode in (False, True):  # eval(): exact and noise-free; train(): with the layer's shots and noise
        with torch.no_grad():
            right = (model.train(mode)(angles[test])[:, 0] > 0) == (agree[test] > 0)
        accuracy.append(right.double().mean().item())
    gradient = getattr(model[0], "gradient", "backpropagation")
    noisy = f"{accuracy[1]:.3f}" if "shots" in settings else "-"
    print(f"{name:<24}{gradient:<17}{loss.item():>10.3f}{accuracy[0]:>8.3f}{noisy:>13}{seconds:>9.2f}")
print("500 test points, one seed: differences below about 0.03 say nothing. The task is a product of two")
print("features, which suits the circuit; on digits (06_qnn_digits.py) the same comparison is lost.")


# 2. A QNode. The device takes the noise, qml.set_shots the shots.
def chain(angle: torch.Tensor) -> object:
    """A rotation handed on by two CNOTs."""
    qml.RY(angle, wires=0)
    qml.CNOT([0, 1])
    qml.CNOT([1, 2])
    return qml.expval(qml.Z(2))


print(f"\n{'QNode':<24}{'<Z2>':>9}{'derivative':>13}")
for name, model in (("exact", None), ("noise", NOISE)):
    node = qml.QNode(chain, qml.device("hybrid.aer", wires=3, noise_model=model, seed=1))
    for suffix, circuit in (("", node), (", 4,000 shots", qml.set_shots(node, shots=4000))):
        angle = torch.tensor(0.6, dtype=torch.float64, requires_grad=True)
        value = circuit(angle)
        value.backward()
        print(f"{name + suffix:<24}{value.item():>9.4f}{angle.grad.item():>13.4f}")
print("misread bits are part of the values without shots too")

# 3. A kernel matrix. The diagonal should be 1; what is measured there tells how much was lost.
samples = np.random.default_rng(0).uniform(-1, 1, (16, 3))
reference = FidelityKernel(3, encoding="iqp")(samples)
off = np.triu_indices(16, 1)
print(f"\n{'kernel matrix':<34}{'mean error':>11}{'lowest eigenvalue':>19}")
for name, settings in {
    "1,000 shots": {},
    "1,000 shots, noise": {"noise_model": NOISE},
    "corrected (depolarizing)": {"noise_model": NOISE, "correction": "depolarizing"},
    "corrected, then nearest PSD": {"noise_model": NOISE, "correction": ("depolarizing", "nearest")},
}.items():
    gram = FidelityKernel(3, encoding="iqp", shots=1000, seed=1, **settings)(samples)
    error = np.abs(gram - reference)[off].mean()
    print(f"{name:<34}{error:>11.4f}{np.linalg.eigvalsh(gram)[0]:>19.4f}")
print("shots alone cost about 0.01; the correction brings the error with noise down to nearly that")
