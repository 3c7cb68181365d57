"""Circuits on a GPU: Aer's GPU build beside its CPU and the native simulator. Prints one JSON object.

    python tests/benchmarks/device_check_aer.py [most qubits] [most qubits on the CPU]

Needs hybrid-opt[aer-gpu] and a CUDA build of torch. First the devices and the self-test, then agreement of
states, gradients, samples and density matrices with the CPU, then times: the state of one row of a strongly
entangling circuit of three layers, the sweep for its gradients, and training steps of a QNN layer with 32
rows, inputs and weights with gradients. The CPU uses all its threads. A part that fails is reported in its
place.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import pennylane as qml
import torch

from hybrid_opt.circuits.adjoint import adjoint_gradient
from hybrid_opt.circuits.aer_backend import available_devices
from hybrid_opt.circuits.noise import depolarizing_noise
from hybrid_opt.circuits.simulators import open_simulator
from hybrid_opt.circuits.variational import VariationalCircuit
from hybrid_opt.layers import QNNLayer, QuantumKernelLayer

SEED = 7


def seconds(task: Callable[[], Any], runs: int) -> float:
    """Median of runs after a first one."""
    times = []
    for _ in range(runs + 1):
        begin = perf_counter()
        task()
        times.append(perf_counter() - begin)
        if times[0] > 5:
            return times[0]
    return float(np.median(times[1:]))


def case(qubits: int, layers: int, rows: int) -> tuple[Any, Any]:
    """A program and a table of angles."""
    circuit = VariationalCircuit(qubits, layers)
    rng = np.random.default_rng(SEED + qubits)
    weights = circuit.initial_weights("uniform", seed=SEED)
    return circuit.program, circuit.table(rng.uniform(-1, 1, (rows, qubits)), weights)


def agreement() -> dict[str, float]:
    """Largest differences to the CPU."""
    found = {}
    for precision, limit in (("double", 1e-10), ("single", 1e-4)):
        gpu = open_simulator("aer", compute="gpu", precision=precision)
        native = open_simulator("native")
        for qubits, rows in ((2, 1), (4, 32), (6, 300), (9, 40), (13, 5), (16, 3)):
            program, table = case(qubits, 2, rows)
            states = native.states(program, table)
            difference = np.abs(gpu.states(program, table) - states).max()
            found[f"states, {precision}, {qubits} qubits, {rows} rows"] = float(difference)
            rng = np.random.default_rng(qubits)
            cotangents = rng.normal(size=states.shape) + 1j * rng.normal(size=states.shape)
            if precision == "double":
                on_cpu = adjoint_gradient(program, table, states, cotangents)
                on_gpu = adjoint_gradient(program, table, states, cotangents, compute="gpu")
                difference = np.abs(on_gpu - on_cpu).max() / np.abs(on_cpu).max()
                found[f"gradients, {qubits} qubits, {rows} rows"] = float(difference)
            worst = max(value for name, value in found.items() if precision in name or "gradients" in name)
            if not worst <= limit:
                raise RuntimeError(f"{precision}: {found}")
    return found


def qnodes() -> dict[str, float]:
    """hybrid.aer on the GPU beside PennyLane's simulator: values, gradients, samples, noise."""
    found = {}
    angles = qml.numpy.array([0.3, -0.8, 1.1], requires_grad=True)

    def gates(angles: Any) -> None:
        qml.RX(angles[0], 0)
        qml.CRY(angles[1], [0, 1])
        qml.IsingXX(angles[2], [1, 2])
        qml.Toffoli([0, 1, 2])

    def circuit(angles: Any) -> Any:
        gates(angles)
        return qml.expval(qml.Z(0) @ qml.X(2) + qml.Y(1))

    ours, theirs = (
        qml.QNode(circuit, device)
        for device in (
            qml.device("hybrid.aer", wires=3, compute="gpu"),
            qml.device("default.qubit", wires=3),
        )
    )
    found["value"] = float(abs(ours(angles) - theirs(angles)))
    found["gradient"] = float(np.abs(qml.grad(ours)(angles) - qml.grad(theirs)(angles)).max())

    def probabilities(angles: Any) -> Any:
        gates(angles)
        return qml.probs(wires=[0, 1, 2])

    exact = qml.QNode(probabilities, qml.device("default.qubit", wires=3))(angles)
    shots = 200_000
    device = qml.device("hybrid.aer", wires=3, compute="gpu", seed=SEED)
    drawn = qml.set_shots(qml.QNode(probabilities, device), shots=shots)(angles)
    found["samples, in standard errors"] = float(
        (np.abs(drawn - exact) / np.sqrt(exact * (1 - exact) / shots + 1e-12)).max()
    )
    model = depolarizing_noise(0.01, 0.02)
    noisy = [
        qml.QNode(circuit, qml.device("hybrid.aer", wires=3, compute=compute, noise_model=model))
        for compute in ("gpu", "cpu")
    ]
    found["noise"] = float(abs(noisy[0](angles) - noisy[1](angles)))
    limits = {"samples, in standard errors": 5.0}
    if any(not value <= limits.get(name, 1e-9) for name, value in found.items()):
        raise RuntimeError(f"{found}")
    return found


def tensors() -> dict[str, float]:
    """Layers with CUDA tensors in and out, beside the same on the host."""
    found = {}
    landmarks = torch.rand(5, 3, generator=torch.Generator().manual_seed(2))
    for name, layer, width in (
        ("QNNLayer", QNNLayer(4, 2, compute="gpu", seed=SEED), 4),
        ("QuantumKernelLayer", QuantumKernelLayer(3, landmarks, compute="gpu", seed=SEED), 3),
    ):
        inputs = torch.rand(16, width, generator=torch.Generator().manual_seed(1))
        there, here = inputs.cuda().requires_grad_(), inputs.clone().requires_grad_()
        expected = layer(here)
        expected.square().sum().backward()
        outputs = layer.cuda()(there)
        outputs.square().sum().backward()
        if there.grad is None or here.grad is None or not (outputs.is_cuda and there.grad.is_cuda):
            raise RuntimeError(f"{name} left the device")
        found[f"{name}, values"] = float((outputs.cpu() - expected).abs().max())
        found[f"{name}, gradients"] = float((there.grad.cpu() - here.grad).abs().max())
    if not max(found.values()) < 1e-5:
        raise RuntimeError(f"{found}")
    return found


def one_state(largest: int, largest_on_cpu: int) -> dict[str, Any]:
    """Seconds of one state and of its gradients, by qubits and simulator."""
    table: dict[str, Any] = {}
    simulators = {
        "Aer GPU": open_simulator("aer", compute="gpu"),
        "Aer GPU, single": open_simulator("aer", compute="gpu", precision="single"),
        "Aer CPU": open_simulator("aer", compute="cpu"),
        "native": open_simulator("native"),
    }
    for qubits in (8, 12, 16, *range(18, largest + 1, 2)):
        program, angles = case(qubits, 3, 1)
        row: dict[str, float] = {}
        for name, simulator in simulators.items():
            if qubits > largest_on_cpu and "GPU" not in name:
                continue
            runs = 5 if qubits < 22 else 1
            row[name] = seconds(lambda: simulator.states(program, angles, phases=False), runs)  # noqa: B023
        if qubits <= min(largest, 28):
            states = simulators["Aer GPU"].states(program, angles)
            cotangents = states * (1.0 - 2.0 * (np.arange(states.shape[1]) & 1))
            for compute in ("gpu", "cpu"):
                if compute == "gpu" or qubits <= largest_on_cpu:
                    row[f"sweep, {compute}"] = seconds(
                        lambda: adjoint_gradient(program, angles, states, cotangents, compute=compute),  # noqa: B023
                        3 if qubits < 22 else 1,
                    )
        table[str(qubits)] = row
        sys.stderr.write(f"{qubits} qubits: {row}\n")
    return table


def training_steps() -> dict[str, Any]:
    """Seconds of a forward and backward pass of 32 rows."""
    table = {}
    for qubits in (4, 8, 12, 16, 18):
        row = {}
        for name, settings in {
            "Aer GPU": {"compute": "gpu"},
            "Aer CPU": {"compute": "cpu"},
            "native": {"simulator": "native"},
        }.items():
            layer = QNNLayer(qubits, 2, seed=SEED, **settings)
            inputs = torch.rand(32, qubits, requires_grad=True)
            runs = 5 if qubits < 16 else 1
            row[name] = seconds(lambda: layer(inputs).square().sum().backward(), runs)  # noqa: B023
        table[str(qubits)] = row
        sys.stderr.write(f"step of {qubits} qubits: {row}\n")
    return table


def main() -> None:
    largest, largest_on_cpu = (int(word) for word in (*sys.argv[1:], "28", "24")[:2])
    devices = available_devices()
    sys.stderr.write(f"{devices.to_string()}\n")
    result: dict[str, Any] = {
        "device": torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none",
        "torch": torch.__version__,
        "cores": len(os.sched_getaffinity(0)),
        "devices": devices.to_dict("records"),
    }
    for name, part in {
        "agreement": agreement,
        "qnodes": qnodes,
        "tensors": tensors,
        "one_state": lambda: one_state(largest, largest_on_cpu),
        "training_steps": training_steps,
    }.items():
        try:
            result[name] = part()
        except Exception as error:  # noqa: BLE001 - a figure that is missing shall not cost the others
            traceback.print_exc()
            result[name] = f"{type(error).__name__}: {error}"
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
