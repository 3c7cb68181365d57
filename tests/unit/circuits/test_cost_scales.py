"""The number that gammas are divided by: one value in three forms of a model."""

import dimod
import networkx as nx
import numpy as np
import pytest

from hybrid_opt.circuits import SubspaceQAOA
from hybrid_opt.circuits.cost_scales import cost_scale, mean_degree
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.ising import energy_vector
from hybrid_opt.circuits.subspace_groups import FixedWeight


def random_model(n=5, seed=0, vartype="BINARY"):
    rng = np.random.default_rng(seed)
    pairs = {(i, j): rng.normal() for i in range(n) for j in range(i) if rng.random() < 0.7}
    return dimod.BinaryQuadraticModel({i: rng.normal() for i in range(n)}, pairs, rng.normal(), vartype)


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
@pytest.mark.parametrize("seed", range(4))
def test_model_polynomial_and_costs_agree(seed, vartype):
    model = random_model(seed=seed, vartype=vartype)
    polynomial = dimod.BinaryPolynomial(
        {(): model.offset, **{(v,): b for v, b in model.linear.items()}, **model.quadratic}, vartype
    )
    expected = cost_scale(model)
    assert cost_scale(polynomial) == pytest.approx(expected)
    assert cost_scale(energy_vector(model)) == pytest.approx(expected)
    assert cost_scale(energy_vector(model).reshape((2,) * 5)) == pytest.approx(expected)
    assert cost_scale(list(energy_vector(model))) == pytest.approx(expected)


def test_terms_of_higher_degree_count_at_each_of_their_variables():
    polynomial = dimod.BinaryPolynomial({("a", "b", "c"): 2.0, ("a",): 1.0, ("d",): 0.0}, "SPIN")
    assert cost_scale(polynomial) == pytest.approx(np.sqrt((3 * 4 + 1) / 4))
    spins = 1 - 2.0 * ((np.arange(16)[:, None] >> np.arange(3, -1, -1)) & 1)
    costs = 2 * spins[:, 0] * spins[:, 1] * spins[:, 2] + spins[:, 0]
    assert cost_scale(costs) == pytest.approx(cost_scale(polynomial))


def test_groups_of_levels_use_the_variance_along_each_axis():
    rng = np.random.default_rng(3)
    costs = rng.normal(size=(3, 4, 2))
    expected = np.mean([costs.var(axis=k).mean() for k in range(3)])
    assert cost_scale(costs) == pytest.approx(np.sqrt(expected))


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_extreme_numbers(size):
    assert cost_scale(dimod.BinaryQuadraticModel({}, {(0, 1): size}, 0.0, "SPIN")) == pytest.approx(size)
    assert cost_scale(size * np.array([1.0, -1, -1, 1])) == pytest.approx(size)
    assert cost_scale(dimod.BinaryPolynomial({(0, 1): size}, "SPIN")) == pytest.approx(size)


def test_constants_have_scale_0():
    assert cost_scale(dimod.BinaryQuadraticModel({"a": 0.0}, {}, 3.0, "BINARY")) == 0
    assert cost_scale(np.full(4, 3.0)) == 0
    assert cost_scale(np.zeros(4)) == 0


def test_mean_degree():
    cubic = dimod.BinaryQuadraticModel({}, dict.fromkeys(nx.petersen_graph().edges, 1.0), 0.0, "SPIN")
    assert mean_degree(cubic) == 3
    assert mean_degree(dimod.BinaryPolynomial({("a", "b", "c"): 1.0, ("a", "b"): 1.0}, "SPIN")) == 2
    assert mean_degree(np.zeros(8)) == np.inf


@pytest.mark.parametrize("function", [cost_scale, mean_degree])
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (dimod.BinaryQuadraticModel("SPIN"), "no variables"),
        (dimod.BinaryPolynomial({}, "SPIN"), "no variables"),
        (dimod.BinaryPolynomial({("a", "b"): np.nan}, "SPIN"), "NaN"),
        (dimod.BinaryQuadraticModel({"a": np.inf}, {}, 0.0, "SPIN"), "NaN"),
        ("model", "BinaryQuadraticModel"),
    ],
)
def test_bad_models(function, model, message):
    with pytest.raises(CircuitError, match=message):
        function(model)


@pytest.mark.parametrize("costs", [[1.0], [1.0, 2, 3], np.zeros((0, 2)), [1.0, np.nan], [[1j, 2]], [], "ab"])
def test_bad_costs(costs):
    with pytest.raises(CircuitError):
        cost_scale(costs)


@pytest.mark.parametrize("weight", [1, 2])
def test_an_engine_names_the_scale_of_its_groups_and_bits(weight):
    linear = {f"v{i}": float(i * i) for i in range(5)} | {f"s{i}": 3.0 for i in range(4)}
    bqm = dimod.BinaryQuadraticModel(linear, {("v0", "s0"): 1.0}, 1e6, "BINARY")
    engine = SubspaceQAOA(bqm, [FixedWeight(tuple(f"v{i}" for i in range(5)), weight)])
    levels = engine.space.shape[0]
    costs = engine.energies.reshape(levels, 2, 2, 2, 2) - 1e6
    # Two of five count as 2 * 3 / 4 axes, one of five as one; beside them stand four bits.
    axes = 4 + {1: 1.0, 2: 1.5}[weight]
    assert cost_scale(engine) == pytest.approx(cost_scale(costs) * np.sqrt(5 / axes), rel=1e-9)
    assert mean_degree(engine) == np.inf


def test_a_group_of_fixed_weight_has_the_scale_of_its_costs():
    costs = np.random.default_rng(1).normal(size=12)
    bqm = dimod.BinaryQuadraticModel(dict(enumerate(costs)), {}, 0.0, "BINARY")
    for weight in (1, 2, 6, 11):
        group = [FixedWeight(range(12), weight)]
        for mixer in ("xy-exact", "xy-trotter"):
            assert cost_scale(SubspaceQAOA(bqm, group, mixer=mixer)) == pytest.approx(costs.std())
        whole = SubspaceQAOA(bqm, group, mixer="grover")
        assert cost_scale(whole) == pytest.approx(whole.energies.std())


def test_an_engine_of_one_group():
    bqm = dimod.BinaryQuadraticModel({i: float(i) for i in range(5)}, {}, 0.0, "BINARY")
    assert cost_scale(SubspaceQAOA(bqm, [FixedWeight(range(5), 4)])) == pytest.approx(np.sqrt(2.0))
    # Nothing can move, and single levels beside something that moves do not count.
    assert cost_scale(SubspaceQAOA(bqm, [FixedWeight(range(5), 5)])) == 0.0
    wide = SubspaceQAOA(bqm, [FixedWeight(range(3), 0), (3, 4)])
    assert cost_scale(wide) == cost_scale(np.array([[3.0, 4.0], [3.0, 4.0]])[:1]) == 0.5
