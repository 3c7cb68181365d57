"""What does VQE reach, and at what cost? Spin chains by depth, molecules, optimizers, and models of bits.

Per problem: the error against exact diagonalization, evaluations and seconds, for

* ``chains``: Ising (ring, open) and Heisenberg rings of 8 to 12 qubits by number of layers of "hva";
* ``molecules``: the dissociation curves of H2 and of LiH's active space;
* ``optimizers``: the same Ising ring with every optimizer, exact and with shots;
* ``bits``: P(optimum) and how often `solve` finds the optimum, by ansatz, at the samples counted, beside
  annealing with its default settings.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import dimod
import numpy as np
import pennylane as qml
from record import Record

import hybrid_opt as ho
from hybrid_opt.circuits.vqe import VQE

SEED = 17
SIZES = (8, 10, 12)
DISTANCES = (0.4, 0.6, 0.735, 0.9, 1.2, 1.6, 2.0, 2.6)
LITHIUM = (1.2, 1.6, 2.0, 2.4)
INSTANCES = 20
SHOTS = 1000
OPTIMIZERS = ("L-BFGS-B", "Adam", "SPSA", "COBYLA", "Nelder-Mead")
ANSATZES = ("hardware_efficient", "brick_wall", "strongly_entangling", "separable")
BOHR = 0.529177210903  # Angstrom


def ising(n: int, field: float, *, ring: bool) -> Any:
    """-sum Z Z - field sum X."""
    bonds = [(i, (i + 1) % n) for i in range(n if ring else n - 1)]
    return qml.sum(*(-1.0 * qml.Z(a) @ qml.Z(b) for a, b in bonds), *(-field * qml.X(i) for i in range(n)))


def heisenberg(n: int) -> Any:
    """Sum of X X + Y Y + Z Z on a ring."""
    return qml.sum(*(p(i) @ p((i + 1) % n) for i in range(n) for p in (qml.X, qml.Y, qml.Z)))


def molecule(symbols: list[str], distance: float, **active: int) -> Any:
    """Two atoms so far apart, in Angstrom."""
    atoms = qml.qchem.Molecule(symbols, np.array([[0.0, 0.0, 0.0], [0.0, 0.0, distance / BOHR]]))
    return qml.qchem.molecular_hamiltonian(atoms, method="dhf", **active)[0]


def row(vqe: VQE) -> dict[str, Any]:
    """One minimization."""
    result = vqe.minimize()
    return {
        "energy": result.energy,
        "error": result.error(),
        "true error": vqe.value(result.weights) - result.exact(),
        "standard error": result.standard_error,
        "evaluations": result.evaluations,
        "gradients": result.gradients,
        "shots": result.shots_used,
        "converged": result.converged,
        "seconds": result.seconds,
    }


def chains(n: int) -> dict[str, Any]:
    """Errors by model and number of layers."""
    models = {
        "Ising ring, field 1": ising(n, 1.0, ring=True),
        "Ising chain, field 0.5": ising(n, 0.5, ring=False),
        "Ising chain, field 1": ising(n, 1.0, ring=False),
        "Heisenberg ring": heisenberg(n),
    }
    return {
        f"{name}, {layers} layers": row(VQE(model, "hva", n_layers=layers, simulator="native", seed=SEED))
        for name, model in models.items()
        for layers in (n // 4, n // 2, n)
    }


def curve(symbols: list[str], distances: tuple[float, ...], **active: int) -> dict[str, Any]:
    """Errors by distance."""
    return {
        str(distance): row(
            VQE(
                molecule(symbols, distance, **active),
                "all_singles_doubles",
                electrons=2,
                simulator="native",
                seed=SEED,
            )
        )
        for distance in distances
    }


def optimizers(n: int) -> dict[str, Any]:
    """The critical Ising ring with every optimizer, exact and with shots."""
    rows = {}
    for name in OPTIMIZERS:
        for shots in (None, SHOTS):
            if name == "L-BFGS-B" and shots is not None:
                continue
            model = ising(n, 1.0, ring=True)
            settings: dict[str, Any] = {"optimizer": name, "shots": shots, "simulator": "native"}
            rows[f"{name}, {'exact' if shots is None else f'{shots} shots'}"] = row(
                VQE(model, "hva", seed=SEED, **settings)
            )
    return rows


def bits(ansatz: str, n: int) -> dict[str, Any]:
    """Random QUBOs of n bits."""
    found, annealed, chances, counted = [], [], [], []
    for k in range(INSTANCES):
        rng = np.random.default_rng(SEED + k)
        model = dimod.BinaryQuadraticModel(np.triu(rng.normal(size=(n, n))), "BINARY")
        solver = ho.solvers.VQE(ansatz=ansatz)
        solution = ho.solve(model, solver, compare=["exact"], seed=SEED)
        optimum = solution.baselines[0].objective
        found.append(abs(solution.objective - optimum) < 1e-9)
        annealed.append(abs(ho.solve(model, "anneal", seed=SEED).objective - optimum) < 1e-9)
        chances.append(solution.quantum.p_optimum)
        counted.append(solution.quantum.samples_counted)
    return {
        "instances": INSTANCES,
        "found": float(np.mean(found)),
        "found by annealing": float(np.mean(annealed)),
        "p_optimum": float(np.mean(chances)),
        "p_optimum standard error": float(np.std(chances, ddof=1) / np.sqrt(len(chances))),
        "samples counted": float(np.mean(counted)),
    }


def main(path: str) -> None:
    """Run what is not yet in the file."""
    record = Record(Path(path), seed=SEED)
    parts: dict[str, Any] = {f"chains of {n}": lambda n=n: chains(n) for n in SIZES}
    parts["H2"] = lambda: curve(["H", "H"], DISTANCES)
    parts["LiH"] = lambda: curve(["Li", "H"], LITHIUM, active_electrons=2, active_orbitals=5)
    parts["optimizers"] = lambda: optimizers(SIZES[0])
    for ansatz in ANSATZES:
        parts[f"bits, {ansatz}"] = lambda ansatz=ansatz: bits(ansatz, SIZES[0])
    for name, make in parts.items():
        if not record.has(name):
            record.add(name, make())


if __name__ == "__main__":
    main(sys.argv[1])
