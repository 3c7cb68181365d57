"""VQE against exact diagonalization: molecules, spin chains, and models of bits against brute force."""

import dimod
import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.ground_energies import ground_energy
from hybrid_opt.circuits.ising import energy_vector
from hybrid_opt.circuits.vqe import VQE

BOHR = 0.529177210903  # Angstrom


def molecule(symbols, distance, **active):
    """Two atoms so far apart (in Angstrom), in the minimal basis, by PennyLane's own Hartree-Fock."""
    coordinates = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, distance / BOHR]])
    atoms = qml.qchem.Molecule(symbols, coordinates)
    return qml.qchem.molecular_hamiltonian(atoms, method="dhf", **active)[0]


@pytest.mark.parametrize("ansatz", ["uccsd", "all_singles_doubles"])
def test_hydrogen_dissociation_curve(ansatz):
    energies = []
    for distance in (0.4, 0.55, 0.7, 0.735, 0.9, 1.2, 1.6, 2.0, 2.6):
        result = VQE(molecule(["H", "H"], distance), ansatz, electrons=2, simulator="native").minimize()
        assert abs(result.error()) < 1e-6
        assert result.converged
        energies.append(result.energy)
    # the minimal basis has its minimum at 0.735 Angstrom with -1.1373 Hartree (P. J. J. O'Malley et al.,
    # arXiv 1512.06860), and dissociates into two atoms of -0.46658 each
    assert np.argmin(energies) == 3
    assert energies[3] == pytest.approx(-1.1373, abs=1e-4)
    assert energies[-1] == pytest.approx(2 * -0.46658, abs=0.02)


@pytest.mark.parametrize("distance", [1.6, 2.4])
def test_lithium_hydride_active_space(distance):
    hamiltonian = molecule(["Li", "H"], distance, active_electrons=2, active_orbitals=5)
    result = VQE(hamiltonian, "all_singles_doubles", electrons=2, simulator="native").minimize()
    assert result._vqe.n_qubits == 10
    assert abs(result.error()) < 1e-6
    assert result.expectation(qml.sum(*(qml.Z(i) for i in range(10)))) == pytest.approx(6.0)


def ising(n, field, ring):
    bonds = [(i, (i + 1) % n) for i in range(n if ring else n - 1)]
    return qml.sum(*(-1.0 * qml.Z(a) @ qml.Z(b) for a, b in bonds), *(-field * qml.X(i) for i in range(n)))


def heisenberg(n):
    return qml.sum(*(p(i) @ p((i + 1) % n) for i in range(n) for p in (qml.X, qml.Y, qml.Z)))


@pytest.mark.parametrize("n", [8, 10, 12])
def test_critical_ising_ring_with_half_as_many_layers(n):
    # G. B. Mbeng, R. Fazio, G. Santoro, arXiv 1906.08948: n / 2 layers prepare the ground state of the ring
    result = VQE(ising(n, 1.0, ring=True), "hva", simulator="native").minimize()
    assert result.weights.shape == (n // 2, 2)
    assert result.error() < 1e-8
    assert result.energy == pytest.approx(-2 / np.sin(np.pi / (2 * n)), abs=1e-8)


@pytest.mark.parametrize(("field", "tolerance"), [(0.5, 2e-3), (1.0, 1e-5), (2.0, 1e-5)])
def test_open_ising_chain(field, tolerance):
    # in a weak field the two lowest energies are almost equal, and the annealing that starts it too short
    result = VQE(ising(8, field, ring=False), "hva", n_layers=8, simulator="native").minimize()
    assert 0 <= result.error() < tolerance * abs(result.energy)


@pytest.mark.parametrize("n", [8, 10])
def test_heisenberg_ring(n):
    result = VQE(heisenberg(n), "hva", n_layers=n, simulator="native").minimize()
    assert abs(result.error()) < 1e-6
    # H. A. Bethe's energies for 8 and 10 spins; bonds here are 4 S.S
    known = {8: -14.604373, 10: -18.061785}
    assert result.energy == pytest.approx(known[n], abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_models_of_bits_against_brute_force(seed):
    rng = np.random.default_rng(seed)
    model = dimod.BinaryQuadraticModel(np.triu(rng.normal(size=(7, 7))), "BINARY")
    lowest = energy_vector(model).min()
    assert ground_energy(model) == pytest.approx(lowest)
    results = [VQE(model, "brick_wall", simulator="native", seed=s).minimize() for s in range(6)]
    assert all(result.energy >= lowest - 1e-9 for result in results)
    best = min(results, key=lambda result: result.energy)
    assert best.energy == pytest.approx(lowest, abs=1e-6)
    assert best.probabilities().argmax() == energy_vector(model).argmin()


def test_same_energies_on_aer_and_default_qubit():
    hamiltonian = molecule(["H", "H"], 0.9)
    energies = [
        VQE(hamiltonian, "uccsd", electrons=2, **settings).minimize().energy
        for settings in ({}, {"device": qml.device("default.qubit", wires=4)}, {"simulator": "native"})
    ]
    assert energies == pytest.approx([energies[0]] * 3, abs=1e-9)
