"""Angles without optimization."""

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits import CircuitQAOA, initial_angles
from hybrid_opt.circuits.angle_ramps import linear_ramp
from hybrid_opt.circuits.angle_tables import (
    ANGLE_RULES,
    angles_for_minimization,
    regular_graph_angles,
    sherrington_kirkpatrick_angles,
)
from hybrid_opt.circuits.cost_scales import cost_scale
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.ising import energy_vector


def spin_glass(n, seed, scale=1.0):
    rng = np.random.default_rng(seed)
    pairs = {(i, j): scale * rng.normal() / np.sqrt(n) for i in range(n) for j in range(i)}
    return dimod.BinaryQuadraticModel(dict.fromkeys(range(n), 0.0), pairs, 0.0, "SPIN")


def weighted_model(n, seed):
    rng = np.random.default_rng(seed)
    model = dimod.BinaryQuadraticModel({i: 5 * rng.normal() for i in range(n)}, {}, rng.normal(), "BINARY")
    for i in range(n):
        for j in range(i):
            if rng.random() < 0.5:
                model.add_quadratic(i, j, 10 * rng.exponential() * rng.choice([-1, 1]))
    return model


def test_first_layer_is_the_closed_form():
    # At depth 1 the infinite-size optimum is gamma = 1/2, beta = pi/8 with energy 1/sqrt(4 e) per spin.
    gammas, betas = sherrington_kirkpatrick_angles(1)
    assert gammas[0] == 0.5
    assert betas[0] == pytest.approx(np.pi / 8, abs=5e-5)


@pytest.mark.parametrize("depth", range(1, 20))
def test_schedules_have_their_shape(depth):
    gammas, betas = sherrington_kirkpatrick_angles(depth)
    assert gammas.shape == betas.shape == (depth,)
    assert (np.diff(gammas) > 0).all()
    assert (np.diff(betas) < 0).all()
    assert 0 < betas[-1] <= betas[0] < np.pi / 4


def test_depths_that_are_not_published_stretch_the_next_deeper_one():
    known, stretched = sherrington_kirkpatrick_angles(24), sherrington_kirkpatrick_angles(23)
    for row, shorter in zip(known, stretched):
        assert (shorter[0], shorter[-1]) == (row[0], row[-1])
        np.testing.assert_allclose(np.interp(np.linspace(0, 1, 23), np.linspace(0, 1, 24), row), shorter)


def test_depths_beyond_the_table_keep_the_ends_of_the_deepest():
    known, stretched = sherrington_kirkpatrick_angles(80), sherrington_kirkpatrick_angles(159)
    for row, longer in zip(known, stretched):
        # 159 layers put one new layer between each two of 80.
        np.testing.assert_allclose(longer[::2], row)
        np.testing.assert_allclose(longer[1::2], (row[1:] + row[:-1]) / 2)


def test_one_function_turns_maximizing_into_minimizing():
    gammas, betas = angles_for_minimization(np.array([0.3, 0.4]), np.array([0.2, 0.1]))
    assert gammas.tolist() == [0.3, 0.4]
    assert betas.tolist() == [-0.2, -0.1]


def test_gammas_scale_with_the_weights():
    gammas, betas = initial_angles(spin_glass(8, seed=1), 3)
    scaled, same = initial_angles(spin_glass(8, seed=1, scale=250.0), 3)
    np.testing.assert_allclose(scaled * 250, gammas)
    np.testing.assert_array_equal(same, betas)


def test_sigma_counts_fields_and_couplings():
    model = dimod.BinaryQuadraticModel({"a": 3.0, "b": 0.0, "c": 0.0}, {("a", "b"): 2.0}, 7.0, "SPIN")
    # h = (-3, 0, 0), J_ab = 2: sigma^2 = (9 + 4 + 4) / 3
    assert initial_angles(model, 1, rule="spin_glass")[0][0] == pytest.approx(0.5 / np.sqrt(17 / 3))


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_extreme_weights_give_finite_angles(scale):
    gammas, _ = initial_angles(spin_glass(4, seed=2, scale=scale), 2)
    assert np.isfinite(gammas).all()
    np.testing.assert_allclose(gammas * scale, initial_angles(spin_glass(4, seed=2), 2)[0])


def test_constant_objective_leaves_the_table():
    constant = dimod.BinaryQuadraticModel({"a": 0.0, "b": 0.0}, {}, 4.0, "BINARY")
    gammas, betas = initial_angles(constant, 2, rule="spin_glass")
    assert gammas.tolist() == [0.3817, 0.6655]
    assert np.isfinite(betas).all()


def test_single_qubit_is_driven_to_its_minimum():
    model = dimod.BinaryQuadraticModel({"a": -2.0}, {}, 0.0, "BINARY")
    assert CircuitQAOA(model, compute="cpu").value(*initial_angles(model, 1)) < -1.5


@pytest.mark.parametrize("rule", ANGLE_RULES)
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("depth", [1, 3])
def test_angles_beat_uniform_sampling(seed, depth, rule):
    model = weighted_model(7, seed)
    qaoa = CircuitQAOA(model, compute="cpu")
    uniform, best = qaoa.energies.mean(), qaoa.energies.min()
    share = (uniform - qaoa.value(*initial_angles(model, depth, rule=rule))) / (uniform - best)
    assert share > {1: 0.3, 3: 0.5}[depth]


def test_depth_helps_on_spin_glasses():
    means = []
    for depth in (1, 2, 4, 8, 12, 18):
        values = []
        for seed in range(4):
            model = spin_glass(8, seed)
            values.append(CircuitQAOA(model, compute="cpu").value(*initial_angles(model, depth)))
        means.append(np.mean(values))
    assert (np.diff(means) < 0).all()


@pytest.mark.parametrize("depth", [0, -1, 1.5, True, "3", None])
def test_bad_depth_is_refused(depth):
    with pytest.raises(CircuitError, match="depth"):
        initial_angles(spin_glass(3, seed=0), depth)


def test_no_qubits_is_refused():
    with pytest.raises(CircuitError, match="no variables"):
        initial_angles(dimod.BinaryQuadraticModel("SPIN"), 1)


@pytest.mark.parametrize("rule", ANGLE_RULES)
@pytest.mark.parametrize("form", ["polynomial", "costs"])
def test_forms_of_a_model_get_the_same_angles(rule, form):
    model = weighted_model(5, seed=3)
    expected = initial_angles(model, 3, rule=rule)
    if form == "polynomial":
        terms = {(v,): bias for v, bias in model.linear.items()} | dict(model.quadratic)
        other = dimod.BinaryPolynomial(terms, "BINARY")
    else:
        other = energy_vector(model)
    found = initial_angles(other, 3, rule=rule)
    if (form, rule) == ("costs", "regular"):
        # A table of costs does not show degrees; it counts as dense.
        expected = initial_angles(model, 3, rule="spin_glass")
    np.testing.assert_allclose(found, expected)


def test_rules_are_what_they_say():
    edges = [(i, j) for i in range(3) for j in range(3, 6)]
    cubic = dimod.BinaryQuadraticModel({}, dict.fromkeys(edges, 2.0), 0.0, "SPIN")
    scale = cost_scale(cubic)
    assert scale == pytest.approx(2 * np.sqrt(3))
    for rule, expected in [
        ("spin_glass", angles_for_minimization(*sherrington_kirkpatrick_angles(4))),
        ("regular", regular_graph_angles(4, 3)),
        ("ramp", linear_ramp(4)),
        (lambda depth, degree: (np.full(depth, degree), np.zeros(depth)), (np.full(4, 3.0), np.zeros(4))),
    ]:
        gammas, betas = initial_angles(cubic, 4, rule=rule)
        np.testing.assert_allclose(gammas * scale, expected[0])
        np.testing.assert_allclose(betas, expected[1])


def test_mixers_of_other_gaps():
    model = spin_glass(5, seed=1)
    for rule in ANGLE_RULES:
        gammas, betas = initial_angles(model, 3, rule=rule)
        same, turned = initial_angles(model, 3, rule=rule, mixer_gap=5)
        np.testing.assert_array_equal(gammas, same)
        np.testing.assert_allclose(turned, betas * 2 / 5)


@pytest.mark.parametrize("degree", [3, 4, 7, 11, 12, 50, np.inf])
@pytest.mark.parametrize("depth", [1, 2, 5, 8, 9, 17, 18, 30])
def test_regular_graph_angles_have_their_shape(degree, depth):
    gammas, betas = regular_graph_angles(depth, degree)
    assert gammas.shape == betas.shape == (depth,)
    assert (gammas > 0).all()
    assert gammas.max() < 1.3
    assert (betas < 0).all()
    assert betas.min() > -np.pi / 4


def test_many_neighbors_are_a_spin_glass():
    for found, expected in zip(
        regular_graph_angles(6, 12), angles_for_minimization(*sherrington_kirkpatrick_angles(6))
    ):
        np.testing.assert_array_equal(found, expected)
    # And the tables approach it.
    distances = [
        np.abs(np.subtract(regular_graph_angles(6, degree), regular_graph_angles(6, np.inf))).max()
        for degree in (4, 6, 8, 11)
    ]
    assert (np.diff(distances) < 0).all()


def test_degrees_are_rounded():
    for degree, same in [(0, 3), (1.5, 3), (4.4, 4), (4.6, 5)]:
        np.testing.assert_array_equal(regular_graph_angles(3, degree), regular_graph_angles(3, same))


@pytest.mark.parametrize("degree", [-1, np.nan, "3", True])
def test_bad_degree_is_refused(degree):
    with pytest.raises(CircuitError, match="degree"):
        regular_graph_angles(2, degree)


@pytest.mark.parametrize(("option", "value"), [("rule", "random"), ("mixer_gap", 0), ("mixer_gap", np.nan)])
def test_bad_options_are_refused(option, value):
    with pytest.raises(CircuitError, match=option):
        initial_angles(spin_glass(3, seed=0), 2, **{option: value})
