"""The diagonal QAOA engine: times beside other simulators on the same circuit, and scaling with the qubits.

MaxCut of a random 3-regular graph, six layers, double precision; the diagonal and all compilation are done
before. Ratios are of medians of interleaved runs. Bandwidth counts reading and writing the stored state once
in each pass, and reading the codes; it stands beside that of a copy by all threads.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import dimod
import networkx as nx
import numpy as np
import pennylane as qml
from qokit_reference import QOKit
from record import Record
from timing import paired

from hybrid_opt import circuits
from hybrid_opt.circuits.cost_diagonal import CostDiagonal, diagonal_from_terms
from hybrid_opt.circuits.cost_terms import CostTerms, read_terms
from hybrid_opt.circuits.diagonal_evolution import DiagonalEvolution
from hybrid_opt.circuits.row_threads import run_in_parts

SEED, LAYERS = 5, 6
GAMMAS, BETAS = np.linspace(0.2, 0.6, LAYERS), -np.linspace(0.6, 0.2, LAYERS)


def edges(n: int) -> list[tuple[int, int]]:
    return [tuple(edge) for edge in nx.random_regular_graph(3, n if n % 2 == 0 else n + 1, seed=SEED).edges]


def maxcut(n: int) -> CostDiagonal:
    """Half the sum of the products of neighboring spins; for odd n the last vertex of n + 1 is left out."""
    own = [edge for edge in edges(n) if max(edge) < n]
    return diagonal_from_terms(CostTerms.of(n, own, [0.5] * len(own), spins=True))


def agree(name: str, value: float, expected: float) -> None:
    if abs(value - expected) > 1e-9 * max(1.0, abs(expected)):
        raise RuntimeError(f"{name} gives {value}, the engine {expected}")


def qokit(n: int, runs: int) -> dict[str, float] | str:
    """Forward, beside the C engine of QOKit."""
    if not os.environ.get("HYBRID_OPT_QOKIT_PYTHON"):
        return "left out: HYBRID_OPT_QOKIT_PYTHON is not set"
    engine = DiagonalEvolution(maxcut(n))
    whole = DiagonalEvolution(without_symmetry(engine.diagonal))
    other = QOKit(n, [(0.5, edge) for edge in edges(n)], GAMMAS.tolist(), BETAS.tolist())
    agree("QOKit", other.forward()[1], engine.run(GAMMAS, BETAS).expectation())
    times: dict[str, list[float]] = {"engine": [], "engine, whole state": [], "QOKit": []}
    whole.run(GAMMAS, BETAS)
    for _ in range(runs):
        for name, task in (("engine", engine), ("engine, whole state", whole)):
            begin = perf_counter()
            task.run(GAMMAS, BETAS)
            times[name].append(perf_counter() - begin)
        times["QOKit"].append(other.forward()[0])
    other.close()
    result = {name: median(values) for name, values in times.items()}
    return result | {
        "ratio": result["engine"] / result["QOKit"],
        "ratio, whole state": result["engine, whole state"] / result["QOKit"],
    }


def without_symmetry(diagonal: CostDiagonal) -> CostDiagonal:
    """The same, stored as if flipping all bits changed something."""
    return CostDiagonal(diagonal.n_qubits, diagonal.codes, diagonal.levels, diagonal.costs, symmetric=False)


def layers(n: int, gammas: Any, betas: Any) -> None:
    for wire in range(n):
        qml.Hadamard(wire)
    for layer in range(LAYERS):
        for edge in edges(n):
            qml.IsingZZ(gammas[layer], wires=edge)
        for wire in range(n):
            qml.RX(2 * betas[layer], wires=wire)


def lightning(n: int, runs: int) -> dict[str, float]:
    """Value and all gradients, beside the adjoint method of lightning.qubit."""
    engine = DiagonalEvolution(maxcut(n))
    device = qml.device("lightning.qubit", wires=n)
    cost = qml.Hamiltonian([0.5] * len(edges(n)), [qml.Z(a) @ qml.Z(b) for a, b in edges(n)])

    @qml.qnode(device, diff_method="adjoint")
    def circuit(gammas: Any, betas: Any) -> Any:
        layers(n, gammas, betas)
        return qml.expval(cost)

    arguments = [qml.numpy.array(row, requires_grad=True) for row in (GAMMAS, BETAS)]
    gradient = qml.grad(circuit)
    value, by_gamma, by_beta = engine.value_and_grad(GAMMAS, BETAS)
    agree("lightning.qubit", float(circuit(*arguments)), value)
    found = gradient(*arguments)
    if not (np.allclose(found[0], by_gamma, atol=1e-8) and np.allclose(found[1], by_beta.sum(1), atol=1e-8)):
        raise RuntimeError("the gradients differ")
    times = paired(
        runs,
        engine=lambda: engine.value_and_grad(GAMMAS, BETAS),
        lightning=lambda: gradient(*arguments),
        forward=lambda: engine.run(GAMMAS, BETAS),
    )
    return times | {
        "ratio": times["engine"] / times["lightning"],
        "gradient / forward": times["engine"] / times["forward"],
    }


def aer(n: int, runs: int) -> dict[str, float]:
    """The whole state, beside Aer's statevector simulator."""
    model = dimod.BinaryQuadraticModel({}, dict.fromkeys(edges(n), 0.5), 0.0, "SPIN")
    circuit = circuits.CircuitQAOA(model, qml.device("hybrid.aer", wires=n, compute="cpu"))
    engine = DiagonalEvolution(diagonal_from_terms(read_terms(model)[1]))
    difference = np.abs(circuit.state(GAMMAS, BETAS)) - np.abs(engine.run(GAMMAS, BETAS).amplitudes())
    if np.abs(difference).max() > 1e-10:
        raise RuntimeError("Aer's state differs")
    times = paired(
        runs,
        engine=lambda: engine.run(GAMMAS, BETAS).amplitudes(),
        aer=lambda: circuit.state(GAMMAS, BETAS),
    )
    return times | {"ratio": times["engine"] / times["aer"]}


def copy_bandwidth() -> float:
    """GB/s of a copy of half a gigabyte by all threads, reading and writing counted."""
    source = np.ones(2**26)
    target = np.zeros(2**26)

    def work(some: slice) -> None:
        part = slice(some.start << 20, some.stop << 20)
        target[part] = source[part]

    seconds = paired(9, copy=lambda: run_in_parts(work, 64, 10**6, None))["copy"]
    return 2 * source.nbytes / seconds / 1e9


def scaling(precision: str, halved: bool) -> dict[str, Any]:
    """Forward and gradient of every size, and the growth per qubit."""
    result: dict[str, Any] = {"copy_GB_per_s": copy_bandwidth()}
    last = None
    for n in range(16, 27):
        diagonal = maxcut(n) if halved else without_symmetry(maxcut(n))
        engine = DiagonalEvolution(diagonal, precision="single" if precision == "single" else "double")
        times = paired(
            9 if n < 21 else 5 if n < 24 else 3,
            forward=lambda engine=engine: engine.run(GAMMAS, BETAS),
            gradient=lambda engine=engine: engine.value_and_grad(GAMMAS, BETAS),
        )
        stored = 2 * engine.layout.itemsize * engine.layout.dimension
        codes = engine.codes.nbytes * LAYERS
        passes = LAYERS + (engine.layout.n_bits > engine.layout.block_bits)
        row = times | {
            "bytes_forward": engine.bytes_forward,
            "bytes_gradient": engine.bytes_gradient,
            "bytes_diagonal": diagonal.n_bytes,
            "forward_GB_per_s": (stored * (2 * passes - 1) + codes) / times["forward"] / 1e9,
        }
        if last is not None:
            row |= {f"{name}_growth": times[name] / last[name] for name in ("forward", "gradient")}
        result[str(n)], last = row, times
        sys.stderr.write(f"{n} {row}\n")
    return result


def small(n: int) -> dict[str, float]:
    """One value and gradient, and one of a batch of a hundred, of a small state."""
    engine = DiagonalEvolution(maxcut(n))
    gammas, betas = np.repeat(GAMMAS[None], 100, axis=0), np.repeat(BETAS[None], 100, axis=0)
    times = paired(
        51,
        one=lambda: engine.value_and_grad(GAMMAS, BETAS),
        batch=lambda: engine.values_and_grads(gammas, betas),
    )
    return {"one": times["one"], "of a batch of 100": times["batch"] / 100}


def main(path: str) -> None:
    """Run what is missing."""
    record = Record(Path(path), seed=SEED)
    tasks: dict[str, Callable[[], Any]] = {
        "forward, 20 qubits, beside QOKit": lambda: qokit(20, 15),
        "value and gradients, 20 qubits, beside lightning.qubit": lambda: lightning(20, 5),
        "state, 20 qubits, beside Aer": lambda: aer(20, 9),
        "small states, 8 qubits": lambda: small(8),
        "small states, 12 qubits": lambda: small(12),
    }
    for precision in ("double", "single"):
        for halved in (True, False):
            name = f"scaling, {precision} precision, {'half' if halved else 'whole'} states"
            tasks[name] = lambda precision=precision, halved=halved: scaling(precision, halved)
    for name, task in tasks.items():
        if not record.has(name):
            record.add(name, task())
            sys.stderr.write(f"{name}\n")


if __name__ == "__main__":
    main(sys.argv[1])
