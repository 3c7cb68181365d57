"""Relaxations: bounds hold, optima of the convex ones are reached, local solutions are bits."""

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits.continuous_relaxation import relax
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.ising import energy_vector


def random_model(n, density, seed, vartype="BINARY", scale=1.0):
    rng = np.random.default_rng(seed)
    pairs = {(i, j): scale * rng.normal() for i in range(n) for j in range(i) if rng.random() < density}
    linear = {i: scale * rng.normal() for i in range(n)}
    return dimod.BinaryQuadraticModel(linear, pairs, scale * rng.normal(), vartype)


def relaxed_energy(model, bits):
    """The model's polynomial at fractional bits."""
    binary = model.change_vartype("BINARY", inplace=False)
    at = dict(zip(model.variables, bits))
    return (
        binary.offset
        + sum(bias * at[v] for v, bias in binary.linear.items())
        + sum(bias * at[u] * at[v] for (u, v), bias in binary.quadratic.items())
    )


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
@pytest.mark.parametrize("method", ["convex", "linear", "local"])
@pytest.mark.parametrize("seed", range(4))
def test_bounds_are_bounds(method, seed, vartype):
    model = random_model(9, 0.6, seed, vartype)
    best = energy_vector(model).min()
    found = relax(model, method, seed=seed)
    assert found.method == method
    assert found.bits.shape == (9,)
    assert ((found.bits >= 0) & (found.bits <= 1)).all()
    if method == "local":
        assert found.bound is None
        assert found.value == pytest.approx(relaxed_energy(model, found.bits))
        assert found.value >= best - 1e-9
        assert found.value <= best + 0.3 * (energy_vector(model).mean() - best)
    else:
        assert found.bound <= found.value + 1e-9
        assert found.bound <= best + 1e-9
        assert found.bound == pytest.approx(found.value, abs=1e-4)


def test_without_products_every_method_is_exact():
    model = dimod.BinaryQuadraticModel({"a": -1.0, "b": 2.0, "c": -3.0}, {}, 0.5, "BINARY")
    for method in ("convex", "linear", "local"):
        found = relax(model, method, seed=0)
        np.testing.assert_allclose(found.bits, [1, 0, 1], atol=1e-6)
        assert found.value == pytest.approx(-3.5)
    assert relax(model, "linear").bound == pytest.approx(-3.5)
    assert relax(model, "convex").bound == pytest.approx(-3.5, abs=1e-8)


def test_submodular_models_are_solved_by_the_linear_program():
    # Only negative products: a minimum cut, whose linear program has whole solutions.
    rng = np.random.default_rng(3)
    pairs = {(i, j): -rng.random() for i in range(8) for j in range(i)}
    model = dimod.BinaryQuadraticModel({i: rng.normal() + 1.5 for i in range(8)}, pairs, 0.0, "BINARY")
    found = relax(model, "linear")
    assert found.bound == pytest.approx(energy_vector(model).min())


def test_linear_bound_is_that_of_the_full_program():
    """Against the McCormick program written out with all its constraints, densely."""
    from scipy.optimize import linprog

    model = random_model(5, 1.0, 8)
    names, pairs = list(model.variables), list(model.quadratic)
    rows, limits = [], []
    for k, (u, v) in enumerate(pairs):
        i, j = names.index(u), names.index(v)
        for coefficients, limit in (
            ({i: 1, j: 1, 5 + k: -1}, 1),
            ({5 + k: 1, i: -1}, 0),
            ({5 + k: 1, j: -1}, 0),
        ):
            row = np.zeros(5 + len(pairs))
            row[list(coefficients)] = list(coefficients.values())
            rows.append(row)
            limits.append(limit)
    costs = [model.linear[v] for v in names] + [model.quadratic[pair] for pair in pairs]
    full = linprog(costs, np.array(rows), limits, bounds=(0, 1))
    assert relax(model, "linear").bound == pytest.approx(full.fun + model.offset)


def test_symmetry_is_broken_by_the_local_method_alone():
    ring = dimod.BinaryQuadraticModel({}, {(i, (i + 1) % 6): 1.0 for i in range(6)}, 0.0, "SPIN")
    np.testing.assert_allclose(relax(ring, "convex").bits, 0.5, atol=1e-6)
    found = relax(ring, "local", seed=1)
    assert found.value == pytest.approx(-6)
    np.testing.assert_allclose(found.bits, np.round(found.bits), atol=1e-6)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
@pytest.mark.parametrize("method", ["convex", "linear", "local"])
def test_units_do_not_matter(method, scale):
    plain, scaled = random_model(6, 0.8, 5), random_model(6, 0.8, 5, scale=scale)
    a, b = relax(plain, method, seed=2), relax(scaled, method, seed=2)
    np.testing.assert_allclose(a.bits, b.bits, atol=1e-4)
    assert b.value / scale == pytest.approx(a.value, rel=1e-6)


def test_the_same_seed_repeats():
    model = random_model(12, 0.7, 1)
    one, two = relax(model, seed=3), relax(model, seed=3)
    assert (one.bits == two.bits).all()


def test_a_constant():
    model = dimod.BinaryQuadraticModel({"a": 0.0, "b": 0.0}, {}, 2.0, "BINARY")
    for method in ("convex", "linear", "local"):
        assert relax(model, method, seed=0).value == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "sdp"}, "method"),
        ({"starts": 0}, "starts"),
        ({"seed": -1}, "seed"),
        ({"seed": 0.5}, "seed"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(CircuitError, match=message):
        relax(random_model(3, 1, 0), **options)


def test_bad_models():
    with pytest.raises(CircuitError, match="dimod"):
        relax([[1.0]])
