"""Roof duality: what is fixed is right by brute force, ties are used, wrong claims are refused."""

import itertools

import dimod
import numpy as np
import pytest

from hybrid_opt.solvers import persistency
from hybrid_opt.solvers.persistency import is_persistent, persistent_bits
from hybrid_opt.solvers.quadratic_bits import QuadraticBits


def model_of(weights: np.ndarray) -> QuadraticBits:
    return QuadraticBits.from_bqm(dimod.BinaryQuadraticModel(np.triu(weights).astype(float), "BINARY"))


def energies(model: QuadraticBits, bits: np.ndarray) -> np.ndarray:
    return np.array([model.energy(string) for string in bits])


def strings(n: int) -> np.ndarray:
    return np.array(list(itertools.product([0, 1], repeat=n)))


@pytest.mark.parametrize("largest", [1, 3, 9, None])
def test_fixing_never_raises_the_energy_of_any_string(largest):
    fixed_in_all = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 8))
        weights = rng.normal(size=(n, n)) if largest is None else rng.integers(-largest, largest + 1, (n, n))
        model = model_of(weights * (rng.random((n, n)) < rng.random()))
        fixed = persistent_bits(model)
        before, after = strings(n), np.where(fixed >= 0, fixed, strings(n))
        assert (energies(model, after) <= energies(model, before) + 2 * model.noise).all()
        fixed_in_all += int((fixed >= 0).sum())
    assert fixed_in_all > 100  # the test would pass without fixing anything


def test_submodular_model_is_solved():
    """Couplings of one sign (after no flip) are a minimum cut, which roof duality solves."""
    rng = np.random.default_rng(4)
    weights = -np.triu(rng.integers(0, 5, (12, 12)), 1) + np.diag(rng.integers(0, 40, 12))
    model = model_of(weights)
    fixed = persistent_bits(model)
    assert (fixed >= 0).all()
    assert model.energy(fixed) == energies(model, strings(12)).min()


def test_ties_are_broken():
    """Two optima, 00 and 11 in every pair, so no bit has the same value in all of them."""
    pairs = {(0, 1): -2.0, (2, 3): -2.0, (1, 2): -2.0}
    bqm = dimod.BinaryQuadraticModel({0: 1.0, 1: 2.0, 2: 2.0, 3: 1.0}, pairs, 0.0, "BINARY")
    model = QuadraticBits.from_bqm(bqm)
    fixed = persistent_bits(model)
    assert (fixed >= 0).all()
    assert model.energy(fixed) == 0.0


def test_nothing_is_fixed_in_a_frustrated_triangle():
    ring = {(0, 1): 1.0, (1, 2): 1.0, (0, 2): 1.0}
    bqm = dimod.BinaryQuadraticModel({}, ring, 0.0, "SPIN").change_vartype("BINARY", inplace=False)
    assert persistent_bits(QuadraticBits.from_bqm(bqm)).tolist() == [-1, -1, -1]


def test_claims_are_decided_as_by_brute_force():
    for seed in range(200):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 6))
        model = model_of(rng.integers(-4, 5, (n, n)))
        claim = np.where(rng.random(n) < 0.4, rng.integers(0, 2, n), -1).astype(np.int8)
        after = np.where(claim >= 0, claim, strings(n))
        true = bool((energies(model, after) <= energies(model, strings(n))).all())
        # A proof may be missed, but never made up.
        assert true or not is_persistent(model, claim)


def test_a_library_that_fixes_wrongly_is_not_believed(monkeypatch):
    """Integer model of which version 0.6.11 with strict=False lost every optimum."""
    import dwave.preprocessing

    weights = np.array(
        [
            [0, 0, 0, 0, -3, 1, 4], [0, 9, 0, -1, 5, -1, 0], [0, 0, -5, 0, -3, -2, 3],
            [0, 0, 0, -10, -5, -3, -5], [0, 0, 0, 0, 8, -4, 5], [0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, -5],
        ]
    )  # fmt: skip
    model = model_of(weights)
    wrong = {0: 0, 2: 1, 3: 1, 4: 0, 5: 1, 6: 0, 1: 0}
    assert not is_persistent(model, np.array([wrong[i] for i in range(7)], dtype=np.int8))
    right = dwave.preprocessing.roof_duality

    def lying(bqm, *, strict):
        bound, fixed = right(bqm, strict=strict)
        return bound, wrong if bqm.num_variables == 7 else fixed

    monkeypatch.setattr(dwave.preprocessing, "roof_duality", lying)
    assert (persistency.persistent_bits(model) == -1).all()


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_scale_makes_no_difference(scale):
    weights = np.random.default_rng(3).integers(-5, 6, (8, 8)) + np.diag(np.arange(8) * 3)
    expected = persistent_bits(model_of(weights))
    assert (expected >= 0).any()
    assert persistent_bits(model_of(weights * scale)).tolist() == expected.tolist()


def test_empty_and_constant_models():
    assert persistent_bits(model_of(np.zeros((0, 0)))).tolist() == []
    fixed = persistent_bits(model_of(np.zeros((3, 3))))
    assert set(fixed.tolist()) <= {-1, 0, 1}
