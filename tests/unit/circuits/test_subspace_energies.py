"""Energies of a subspace against dimod, and their compression."""

import itertools

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits.diagonal_terms import z_terms
from hybrid_opt.circuits.product_space import binary_space
from hybrid_opt.circuits.subspace_energies import compress, subspace_energies
from hybrid_opt.circuits.subspace_groups import FixedWeight, read_groups, subspace

GROUPINGS = [
    None,
    [(3, 0, 5), FixedWeight((1, 2, 4, 6), 2)],
    [FixedWeight((8, 0, 3), 3), (4,), FixedWeight((1, 2), 0)],
    [FixedWeight(tuple(range(9)), 4)],
]


def dense_model(n, vartype="BINARY"):
    rng = np.random.default_rng(5)
    pairs = itertools.combinations(range(n), 2)
    return dimod.BinaryQuadraticModel(
        {i: rng.normal() for i in range(n)}, {pair: rng.normal() for pair in pairs}, 0.3, vartype
    )


@pytest.mark.parametrize("groups", GROUPINGS)
@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_quadratic_models(groups, vartype):
    model = dense_model(9, vartype)
    space = subspace(9, read_groups(range(9), groups))
    bits = space.bits(np.arange(space.dimension))
    values = bits.astype(float) if vartype == "BINARY" else 2.0 * bits - 1.0
    expected = model.energies((values, list(range(9))))
    np.testing.assert_allclose(subspace_energies(z_terms(model), space), expected, atol=1e-12)


@pytest.mark.parametrize("groups", GROUPINGS)
def test_terms_of_many_factors(groups):
    model = dimod.BinaryPolynomial(
        {(0, 1, 7): 2.0, (0, 3, 8, 2): 1.0, (5,): 0.5, (6, 4): 1.5, (0, 1, 2, 3, 4, 5): -1.0, (): 2.0},
        "BINARY",
    )
    names = list(model.variables)
    space = subspace(9, read_groups(names, groups))
    bits = space.bits(np.arange(space.dimension))
    expected = model.energies((bits.astype(float), names))
    np.testing.assert_allclose(subspace_energies(z_terms(model), space), expected, atol=1e-12)


def test_whole_numbers_stay_whole():
    model = dimod.BinaryQuadraticModel({0: 3.0, 1: -1.0}, {(0, 1): 5.0, (1, 2): -7.0}, 2.0, "BINARY")
    energies = subspace_energies(z_terms(model), binary_space(3))
    assert energies.tolist() == [2, 2, 1, -6, 5, 5, 9, 2]


def test_few_values_are_compressed():
    energies = np.repeat([2.5, -1.0, 0.0], 1000)
    codes, levels = compress(energies)
    assert codes.dtype == np.uint16
    assert levels.tolist() == [-1.0, 0.0, 2.5]
    np.testing.assert_array_equal(levels[codes], energies)


def test_many_values_are_not():
    assert compress(np.arange(100_000.0)) is None
    assert compress(np.arange(20.0)) is None
    # Few in the places that are looked at first, many elsewhere
    energies = np.zeros(2**17)
    energies[1::8] = np.arange(2**14)
    assert compress(energies) is None
