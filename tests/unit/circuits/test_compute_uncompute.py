"""U(y)^dagger U(x) for every kind of gate, and the share of its all-zeros outcome."""

import itertools

import numpy as np
import pytest

from hybrid_opt.circuits import compute_uncompute
from hybrid_opt.circuits.compute_uncompute import measured_fidelities, uncompute_program
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.gates import ANGLES, FIXED_MATRICES, Gate
from hybrid_opt.circuits.noise import depolarizing_noise, readout_noise
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.simulators import open_simulator

AER = open_simulator("aer", compute="cpu")


def unitary(rng, size):
    return np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))[0]


def all_kinds():
    """One program with every kind of gate, also controlled, between rotations that spread the state."""
    rng = np.random.default_rng(5)
    gates, slot = [], 0
    for kind, n_angles in ANGLES.items():
        if kind == "kraus":
            continue
        two = kind in ("swap", "rxx", "ryy", "rzz", "unitary", "diagonal")
        matrix = None
        if kind == "unitary":
            matrix = unitary(rng, 4)
        elif kind == "diagonal":
            matrix = np.exp(1j * rng.uniform(0, 6, 4))
        targets = (2, 0) if two else (int(rng.integers(3)),)
        gates.append(Gate("rot", (1,), (), slot))
        slot += 3
        gates.append(Gate(kind, targets, (), slot if n_angles else -1, matrix))
        slot += n_angles
        if kind in FIXED_MATRICES or kind in ("rx", "ry", "rz", "p", "rot", "u"):
            controls = tuple(wire for wire in range(3) if wire != targets[0])[:1]
            gates.append(Gate(kind, targets, controls, slot if n_angles else -1))
            slot += n_angles
    return Program(3, tuple(gates), slot)


def all_pairs(n, m):
    return np.divmod(np.arange(n * m), m)


def test_every_kind_is_undone_by_its_inverse():
    program = all_kinds()
    joint, columns = uncompute_program(program)
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-3, 3, (2, 4, program.n_slots))
    same = AER.states(joint, np.hstack([x, -x[:, columns]]))
    np.testing.assert_allclose(np.abs(same[:, 0]) ** 2, 1, atol=1e-12)
    different = AER.states(joint, np.hstack([x, -y[:, columns]]))
    overlaps = np.einsum("bi,bi->b", AER.states(program, y).conj(), AER.states(program, x))
    np.testing.assert_allclose(np.abs(different[:, 0]) ** 2, np.abs(overlaps) ** 2, atol=1e-12)
    assert np.abs(overlaps).max() < 0.9


def test_equal_programs_share_their_joint_program():
    program = all_kinds()
    assert uncompute_program(program)[0] is uncompute_program(program)[0]


ROTATION = Program(1, (Gate("rx", (0,), (), 0),), 1)
X = np.array([[0.3], [1.1], [2.0]])
Y = np.array([[0.1], [-0.8]])


def test_shares_are_binomial():
    shots = 20_000
    shares = measured_fidelities(ROTATION, X, Y, all_pairs(3, 2), AER, shots=shots, seed=lambda: 7)
    exact = np.cos((X - Y.T) / 2).ravel() ** 2
    deviation = (shares - exact) / np.sqrt(exact * (1 - exact) / shots)
    assert np.abs(deviation).max() < 4
    assert np.abs(deviation).max() > 0.1


def test_an_outcome_never_seen_counts_zero():
    flipped = measured_fidelities(
        ROTATION, np.array([[np.pi]]), np.array([[0.0]]), all_pairs(1, 1), AER, shots=50, seed=lambda: 1
    )
    assert flipped.tolist() == [0.0]


@pytest.mark.parametrize(("flip", "probability"), [(0.0, 0.06), (0.1, 0.06)])
def test_exact_probability_under_noise(flip, probability):
    """Two rotations lose the state with probability p each; then a bit is read wrongly with probability r."""
    simulator = open_simulator(
        "aer", compute="cpu", noise_model=depolarizing_noise(probability, 0.0, readout=flip)
    )
    shares = measured_fidelities(ROTATION, X, Y, all_pairs(3, 2), simulator, shots=None, seed=lambda: 0)
    kept = (1 - probability) ** 2
    zero = kept * np.cos((X - Y.T) / 2).ravel() ** 2 + (1 - kept) / 2
    np.testing.assert_allclose(shares, zero * (1 - flip) + (1 - zero) * flip, atol=1e-12)


def test_asymmetric_readout_errors_of_two_qubits():
    """Reading 00 from the true 00 and 01 with unequal flips."""
    program = Program(2, (Gate("rx", (1,), (), 0),), 1)
    simulator = open_simulator("aer", compute="cpu", noise_model=readout_noise(0.1, 0.3))
    shares = measured_fidelities(program, X, Y, all_pairs(3, 2), simulator, shots=None, seed=lambda: 0)
    zero = np.cos((X - Y.T) / 2).ravel() ** 2
    np.testing.assert_allclose(shares, 0.9 * (zero * 0.9 + (1 - zero) * 0.3), atol=1e-12)


def test_pieces_give_what_one_run_gives(monkeypatch):
    noise = open_simulator("aer", compute="cpu", noise_model=depolarizing_noise(0.1, 0.1))
    seeds = itertools.count()
    whole = measured_fidelities(ROTATION, X, Y, all_pairs(3, 2), noise, shots=None, seed=lambda: 0)
    monkeypatch.setattr(compute_uncompute, "_CHUNK_ANGLES", 4)
    pieces = measured_fidelities(ROTATION, X, Y, all_pairs(3, 2), noise, shots=None, seed=lambda: 0)
    np.testing.assert_array_equal(whole, pieces)
    measured_fidelities(ROTATION, X, Y, all_pairs(3, 2), AER, shots=5, seed=lambda: next(seeds))
    assert next(seeds) == 3  # two rows of two angles in each piece, a seed for each


def test_few_density_matrices_at_once_where_memory_is_short(monkeypatch):
    monkeypatch.setattr(compute_uncompute, "free_memory", lambda: 8 * 3 * 16 * 4**2)
    assert compute_uncompute._densities_at_once(2) == 3
    assert compute_uncompute._densities_at_once(10) == 1


def test_what_cannot_be_undone():
    kraus = Gate("kraus", (0,), matrix=np.eye(2, dtype=complex)[None])
    with pytest.raises(CircuitError, match="noise_model"):
        uncompute_program(Program(1, (kraus,), 0))
    with pytest.raises(CircuitError, match="prepared"):
        uncompute_program(Program(1, (), 0, (), prepared=True))
