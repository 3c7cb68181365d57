"""Models as rows of coefficients: energies stay what they are, whatever the order."""

from __future__ import annotations

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.layers.model_coefficients import coefficients_of, structure_of


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_energies(vartype):
    rng = np.random.default_rng(0)
    names, products = ["b", "a", ("c", 1), 4], [("a", "b"), (4, "a"), (("c", 1), 4)]
    model = dimod.BinaryQuadraticModel(
        {name: rng.normal() for name in names}, {pair: rng.normal() for pair in products}, 0.7, vartype
    )
    variables, pairs = structure_of(model)
    assert variables == tuple(model.variables)
    assert len(pairs) == 3
    assert all(first < second for first, second in pairs)
    linear, quadratic = coefficients_of(model, variables, pairs)
    bits = rng.integers(0, 2, (5, 4))
    ours = bits @ linear + (bits[:, [i for i, _ in pairs]] * bits[:, [j for _, j in pairs]]) @ quadratic
    values = bits if vartype == "BINARY" else 2 * bits - 1
    energies = model.energies((values, variables))
    np.testing.assert_allclose(np.diff(ours), np.diff(energies), atol=1e-12)


def test_another_order_and_a_missing_pair():
    model = dimod.BinaryQuadraticModel({"a": 1.0, "b": 2.0, "c": 3.0}, {("a", "c"): 5.0}, 0.0, "BINARY")
    linear, quadratic = coefficients_of(model, ("c", "b", "a"), ((1, 2), (0, 2)))
    assert linear.tolist() == [3, 2, 1]
    assert quadratic.tolist() == [0, 5]


def test_wrong_models():
    edge = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0}, 0.0, "BINARY")
    with pytest.raises(CircuitError, match="ConstrainedQuadraticModel"):
        structure_of(dimod.ConstrainedQuadraticModel())
    with pytest.raises(CircuitError, match="no variables"):
        structure_of(dimod.BinaryQuadraticModel("BINARY"))
    with pytest.raises(CircuitError, match="must be"):
        coefficients_of(edge, ("a", "c"), ())
    with pytest.raises(CircuitError, match="none of the pairs"):
        coefficients_of(edge, ("a", "b"), ())
    edge.set_quadratic("a", "b", 0.0)
    assert coefficients_of(edge, ("a", "b"), ())[1].shape == (0,)
