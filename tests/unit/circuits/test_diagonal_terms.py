"""dimod models of any degree as polynomials in Z."""

import itertools

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits.diagonal_terms import z_terms
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.wire_order import wire_order

BITS = np.array(list(itertools.product((0, 1), repeat=4)), dtype=np.uint8)
CUBIC = {("a", "b", "c"): 2.0, ("d",): -1.5, (): 0.75, ("a", "d"): 1.0, ("b", "c", "d", "a"): -3.0}


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
@pytest.mark.parametrize("kind", ["polynomial", "quadratic"])
def test_eigenvalues_are_the_energies(vartype, kind):
    if kind == "polynomial":
        model = dimod.BinaryPolynomial(CUBIC, vartype)
    else:
        model = dimod.BinaryQuadraticModel({"a": 1.0, "d": -2.0}, {"ab": 3.0, "cd": 0.5}, 0.25, vartype)
    operator = z_terms(model)
    values = BITS.astype(float) if vartype == "BINARY" else 2.0 * BITS - 1.0
    expected = model.energies((values, list(operator.variables)))
    np.testing.assert_allclose(operator.energies(BITS), expected, atol=1e-12)
    assert operator.variables == wire_order(model)
    assert all(operator.terms.values())


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (dimod.BinaryPolynomial({"ab": np.nan}, "BINARY"), "NaN"),
        (dimod.BinaryPolynomial({"ab": np.inf}, "SPIN"), "infinite"),
        (dimod.BinaryPolynomial({}, "BINARY"), "no variables"),
        (dimod.BinaryQuadraticModel({"a": np.nan}, {}, 0.0, "BINARY"), "'a'"),
        (dimod.BinaryQuadraticModel("BINARY"), "no variables"),
        (dimod.ConstrainedQuadraticModel(), "BinaryQuadraticModel is needed"),
        (None, "BinaryQuadraticModel is needed"),
    ],
)
def test_bad_models(model, words):
    with pytest.raises(CircuitError, match=words):
        z_terms(model)
