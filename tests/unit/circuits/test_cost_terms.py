from __future__ import annotations

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits.cost_terms import CostTerms, read_terms
from hybrid_opt.circuits.errors import CircuitError


def energies(terms: CostTerms) -> np.ndarray:
    states = np.arange(2**terms.n_qubits)
    return sum(
        (c * (states & m == m) for m, c in zip(terms.masks, terms.coefficients)), np.zeros(len(states))
    )


def test_bits_of_a_mask_are_wires_from_the_left():
    terms = CostTerms.of(3, [(0,), (1, 2), ()], [1.0, 2.0, 4.0])
    assert terms.masks.tolist() == [0, 3, 4]
    assert terms.coefficients.tolist() == [4.0, 2.0, 1.0]
    assert terms.constant == 4.0


def test_terms_that_cancel_are_gone():
    assert CostTerms.of(2, [(0, 1), (1, 0)], [1.0, -1.0]).masks.size == 0


def test_spins_are_expanded_into_bits():
    terms = CostTerms.of(3, [(0, 1, 2), (1,)], [2.0, -0.5], spins=True)
    spins = 2 * (np.arange(8)[:, None] >> np.array([2, 1, 0]) & 1) - 1
    assert np.array_equal(energies(terms), 2.0 * spins.prod(axis=1) - 0.5 * spins[:, 1])


def test_products_of_z():
    rng = np.random.default_rng(1)
    terms = CostTerms.from_masks(4, np.arange(16), rng.normal(size=16))
    masks, coefficients = terms.spin_terms()
    signs = (-1.0) ** np.bitwise_count(masks[:, None] & np.arange(16))
    assert np.allclose(coefficients @ signs, energies(terms), atol=1e-14)


@pytest.mark.parametrize(
    ("wires", "symmetric"), [([(0, 1)], True), ([(0,)], False), ([(0, 1, 2)], False), ([(0, 1, 2, 3)], True)]
)
def test_symmetric_under_flipping_all(wires, symmetric):
    terms = CostTerms.of(4, wires, [0.7], spins=True)
    assert terms.is_symmetric() is symmetric
    assert np.allclose(energies(terms), energies(terms)[::-1]) is symmetric


def test_a_large_constant_hides_no_field():
    assert not CostTerms.of(2, [(0, 1), (0,), ()], [1.0, 1e-7, 1e9], spins=True).is_symmetric()


def test_a_constant_is_symmetric_and_long_products_are_not_looked_at():
    assert CostTerms.of(2, [], []).is_symmetric()
    assert CostTerms.of(2, [()], [3.0]).is_symmetric()
    assert not CostTerms.of(20, [range(18)], [1.0]).is_symmetric()
    with pytest.raises(CircuitError, match="18 factors"):
        CostTerms.of(20, [range(18)], [1.0], spins=True)


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_dimod_models(vartype):
    model = dimod.BinaryQuadraticModel({"a": 1.0, "b": -2.0}, {("a", "b"): 0.25}, 3.0, vartype)
    variables, terms = read_terms(model)
    assert variables == ("a", "b")
    low = 0 if vartype == "BINARY" else -1
    states = [{"a": a, "b": b} for a in (low, 1) for b in (low, 1)]
    assert energies(terms).tolist() == [model.energy(state) for state in states]


def test_polynomials():
    variables, terms = read_terms(dimod.BinaryPolynomial({"cab": 2.0, "b": 1.0, "": 0.5}, "BINARY"))
    assert variables == ("a", "b", "c")
    assert energies(terms).tolist() == [0.5, 0.5, 1.5, 1.5, 0.5, 0.5, 1.5, 3.5]
    mixed = dimod.BinaryPolynomial({(0, "x"): 2.0}, "SPIN")
    assert set(read_terms(mixed)[0]) == {0, "x"}


@pytest.mark.parametrize(
    "model",
    [
        3,
        dimod.BinaryQuadraticModel("BINARY"),
        dimod.BinaryQuadraticModel({"a": np.nan}, {}, 0.0, "BINARY"),
        dimod.BinaryPolynomial({"ab": np.inf}, "SPIN"),
        dimod.ConstrainedQuadraticModel(),
    ],
)
def test_models_that_cannot_be_read(model):
    with pytest.raises(CircuitError):
        read_terms(model)


@pytest.mark.parametrize(
    ("n_qubits", "terms", "coefficients"),
    [
        (0, [], []),
        (63, [], []),
        (2.5, [], []),
        (True, [], []),
        (2, [(2,)], [1.0]),
        (2, [(-1,)], [1.0]),
        (2, [(0, 0)], [1.0]),
        (2, [(0,)], [np.nan]),
        (2, [(0,)], [1.0, 2.0]),
    ],
)
def test_terms_that_are_none(n_qubits, terms, coefficients):
    with pytest.raises(CircuitError):
        CostTerms.of(n_qubits, terms, coefficients)


def test_masks_out_of_range():
    for mask in (-1, 4):
        with pytest.raises(CircuitError, match="mask"):
            CostTerms.from_masks(2, np.array([mask]), np.array([1.0]))
