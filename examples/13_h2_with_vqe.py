"""H2 with VQE: its dissociation curve beside exact diagonalization, then the same with measurements.

Usage: python 13_h2_with_vqe.py [PICTURE.png]
"""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pennylane as qml
from matplotlib.figure import Figure

from hybrid_opt.circuits.vqe import VQE

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ
BOHR = 0.529177210903  # Angstrom


def hydrogen(distance: float) -> qml.operation.Operator:
    """Two hydrogen atoms so far apart (Angstrom) on four qubits, from PennyLane's own Hartree-Fock."""
    atoms = qml.qchem.Molecule(["H", "H"], np.array([[0.0, 0.0, 0.0], [0.0, 0.0, distance / BOHR]]))
    return qml.qchem.molecular_hamiltonian(atoms, method="dhf")[0]


# Exact energies: gradients by one adjoint sweep, L-BFGS-B, from the Hartree-Fock state.
rows = []
for distance in np.linspace(0.5, 2.5, 5 if FAST else 11):
    result = VQE(hydrogen(distance), "uccsd", electrons=2).minimize()
    start = float(result.energies[0])
    rows.append((distance, start, result.energy, result.exact(), result.error(), result.evaluations))
curve = pd.DataFrame(rows, columns=["angstrom", "hartree_fock", "vqe", "exact", "error", "evaluations"])
print(curve.to_string(index=False, float_format=lambda number: f"{number:.8g}"))
print(f"largest error {curve['error'].abs().max():.1e} Hartree\n")

# The same molecule from shots: terms that commute qubit by qubit share their measurements.
vqe = VQE(hydrogen(0.735), "uccsd", electrons=2, shots=500 if FAST else 2000, seed=1)
costs = vqe.resources()
print(
    f"{costs['terms']} terms in {costs['measurement_bases']} measurement bases, {costs['weights']} weights, "
    f"{costs['two_qubit_gates']} two-qubit gates"
)
sampled = vqe.minimize()
print(
    f"{sampled.optimizer}, {sampled.shots_used:,} shots: {sampled.energy:.4f} +- "
    f"{sampled.standard_error:.4f} Hartree, exact {sampled.exact():.4f} ({sampled.reason})"
)

figure = Figure(figsize=(6.4, 4.0), layout="constrained")
axes = figure.subplots()
axes.plot(curve["angstrom"], curve["hartree_fock"], color="#999999", linestyle="--", label="Hartree-Fock")
axes.plot(curve["angstrom"], curve["exact"], color="#b03a2e", label="exact diagonalization")
axes.plot(curve["angstrom"], curve["vqe"], "o", color="#2b6ca3", markersize=5, label="VQE")
axes.set_xlabel("distance of the atoms (Angstrom)")
axes.set_ylabel("energy (Hartree)")
axes.legend(frameon=False)
folder = Path(tempfile.mkdtemp())
place = Path(sys.argv[1]) if len(sys.argv) > 1 else folder / "h2_curve.png"
figure.savefig(place, dpi=150)
sampled.plot().savefig(place.with_name("h2_convergence.png"), dpi=150)
print(f"pictures: {place} and {place.with_name('h2_convergence.png')}")
