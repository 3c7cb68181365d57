"""Times as ratios within one process: circuits against other simulators, exact methods against their size.

Medians of interleaved runs (A B A B ...), so that a drifting machine touches both sides alike.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dimod
import numpy as np
import pennylane as qml
from record import Record
from timing import paired

import hybrid_opt as ho
from hybrid_opt import circuits
from hybrid_opt.planning import DynamicProgram, LevelQuestion, Line
from hybrid_opt.qubo.enumeration import count_and_minimize

SEED = 5


def dense(bits: int) -> Any:
    """A BQM with all couplings, like one with a budget square."""
    rng = np.random.default_rng(SEED)
    return dimod.BinaryQuadraticModel(np.triu(rng.normal(size=(bits, bits))), "BINARY")


def qaoa(bits: int, depth: int, runs: int) -> dict[str, float]:
    """One QAOA expectation: Aer through the package's device, and PennyLane's own simulators."""
    model = dense(bits)
    gammas, betas = circuits.initial_angles(model, depth)
    engines = {
        name: circuits.CircuitQAOA(model, device)
        for name, device in (
            ("hybrid.aer", None),
            ("default.qubit", qml.device("default.qubit", wires=bits)),
            ("lightning.qubit", qml.device("lightning.qubit", wires=bits)),
        )
    }
    values = {name: engine.value(gammas, betas) for name, engine in engines.items()}
    if np.ptp(list(values.values())) > 1e-8 * max(1.0, abs(values["hybrid.aer"])):
        raise RuntimeError(f"the simulators disagree: {values}")
    times = paired(
        runs, **{name: lambda engine=engine: engine.value(gammas, betas) for name, engine in engines.items()}
    )
    others = ("default.qubit", "lightning.qubit")
    return times | {f"hybrid.aer / {name}": times["hybrid.aer"] / times[name] for name in others}


def plan(lines: int, levels: int, runs: int) -> dict[str, float]:
    """Dynamic programming of a separable plan, seconds."""
    rng = np.random.default_rng(SEED)
    entries = [Line(f"line {k}", np.arange(levels), np.sort(rng.random(levels)) * 100) for k in range(lines)]
    question = LevelQuestion(entries, levels - 1)
    return paired(runs, seconds=lambda: DynamicProgram(question))


def enumeration(bits: int, runs: int) -> dict[str, float]:
    """All assignments of a dense model, seconds."""
    problem = ho.qubo.read_model(dense(bits))
    return paired(runs, seconds=lambda: count_and_minimize(problem))


def main(path: str) -> None:
    """Run what is missing."""
    record = Record(Path(path), seed=SEED)
    tasks: dict[str, Callable[[], Any]] = {
        f"qaoa depth 3, {bits} qubits": lambda bits=bits, runs=runs: qaoa(bits, 3, runs)
        for bits, runs in ((8, 15), (12, 15), (16, 7), (20, 3))
    }
    tasks |= {
        "dynamic program, 5 lines x 700 levels": lambda: plan(5, 700, 7),
        "dynamic program, 19 lines x 700 levels": lambda: plan(19, 700, 7),
        "enumeration, 16 bits": lambda: enumeration(16, 7),
        "enumeration, 20 bits": lambda: enumeration(20, 7),
        "enumeration, 24 bits": lambda: enumeration(24, 1),
    }
    for name, task in tasks.items():
        if not record.has(name):
            record.add(name, task())
            sys.stderr.write(f"{name}\n")


if __name__ == "__main__":
    main(sys.argv[1])
