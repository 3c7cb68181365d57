"""A circuit inside a torch classifier of digits, beside the same network without a circuit.

Four networks differ in one layer only: an entangling circuit, the same circuit without its entangling gates,
a linear layer, and nothing. Each is trained from three seeds. Needs scikit-learn (the extra "ml").
"""

import os
import time

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from hybrid_opt.layers import QNNLayer

ANGLES = 6
EPOCHS = 1 if "HYBRID_OPT_EXAMPLE_FAST" in os.environ else 10  # the tests run a reduced size
SEEDS = range(3)
torch.set_num_threads(1)

pixels, labels = load_digits(return_X_y=True)
split = train_test_split(pixels / 16, labels, test_size=0.25, random_state=0, stratify=labels)
x_train, x_test = (torch.tensor(part, dtype=torch.float32) for part in split[:2])
y_train, y_test = (torch.tensor(part) for part in split[2:])


def circuit(ansatz: str, seed: int) -> QNNLayer:
    """Six angles in, six expectation values out; the factors on the angles are parameters you can see."""
    return QNNLayer(ANGLES, 2, ansatz=ansatz, input_scaling="trainable", seed=seed)


# One torch module each, from six numbers to six numbers.
MIDDLES = {
    "entangling circuit": lambda seed: circuit("strongly_entangling", seed),
    "separable circuit": lambda seed: circuit("separable", seed),
    "linear + tanh": lambda seed: torch.nn.Sequential(torch.nn.Linear(ANGLES, ANGLES), torch.nn.Tanh()),
    "nothing": lambda seed: torch.nn.Identity(),
}


def network(name: str, seed: int) -> torch.nn.Sequential:
    """64 pixels -> 6 angles -> the layer in question -> 10 logits; equal seeds, equal outer layers."""
    torch.manual_seed(seed)
    front, head = torch.nn.Linear(64, ANGLES), torch.nn.Linear(ANGLES, 10)
    return torch.nn.Sequential(front, torch.nn.Tanh(), MIDDLES[name](seed), head)


def train(model: torch.nn.Sequential, seed: int) -> None:
    """Adam on mini-batches of 64, the same batches for every network of one seed."""
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x_train)).split(64):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x_train[batch]), y_train[batch]).backward()
            optimizer.step()


# What the circuit is, and where it runs.
shown = circuit("strongly_entangling", seed=0)
cost = shown.resources()
print(f"{cost['qubits']} qubits, {cost['gates']}, depth {cost['depth']}, {shown.label}\n")

print(f"{'middle layer':<20}{'parameters':>11}{'test accuracy':>17}{'seconds':>9}")
accuracy: dict[str, float] = {}
for name in MIDDLES:
    scores = []
    start = time.perf_counter()
    for seed in SEEDS:
        model = network(name, seed)
        train(model, seed)
        model.eval()
        with torch.no_grad():
            scores.append((model(x_test).argmax(dim=1) == y_test).double().mean())
    seconds = (time.perf_counter() - start) / len(scores)
    spread = torch.stack(scores).std().item()
    accuracy[name] = torch.stack(scores).mean().item()
    parameters = sum(parameter.numel() for parameter in model[2].parameters())
    print(f"{name:<20}{parameters:>11}{accuracy[name]:>10.3f} ± {spread:.3f}{seconds:>9.2f}")

# Read the table before you keep a circuit: what is left without entanglement, and without any circuit?
order = sorted(accuracy, key=accuracy.__getitem__, reverse=True)
print(f"\nbest: {order[0]} ({accuracy[order[0]]:.3f}), then {', '.join(order[1:])}")
entangling = accuracy["entangling circuit"]
for control in ("separable circuit", "linear + tanh"):
    verdict = "loses to" if entangling < accuracy[control] else "is ahead of"
    print(f"the entangling circuit {verdict} '{control}' by {abs(entangling - accuracy[control]):.3f}")
print(f"{len(x_test)} test images: differences below about 0.02 are within the noise of the split")
