"""Simultaneous perturbation: the estimate's mean, its variance, and its bookkeeping."""

from itertools import product

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.parameter_shift import shifted_table, used_slots
from hybrid_opt.circuits.spsa import SpsaPlan, spsa_table
from hybrid_opt.circuits.tape_reading import read_tape

TABLE = np.array([[0.4, -0.9, 1.3], [2.0, 0.3, -0.6]])
COTANGENTS = np.array([[0.7, -0.4], [1.0, 0.2]])
ALL_DIRECTIONS = np.array(list(product([1, -1], repeat=3)), dtype=np.int8)


def evaluate(table):
    """<Z> and <Y> of one qubit after RX, RY, RX, by turning its Bloch vector; shape (rows, 2)."""
    vector = [np.zeros(len(table)), np.zeros(len(table)), np.ones(len(table))]
    for column, axis in enumerate((0, 1, 0)):
        first, second = (axis + 1) % 3, (axis + 2) % 3
        cosine, sine = np.cos(table[:, column]), np.sin(table[:, column])
        turned = cosine * vector[first] - sine * vector[second]
        vector[second] = sine * vector[first] + cosine * vector[second]
        vector[first] = turned
    return np.stack([vector[2], vector[1]], axis=1)


def exact_gradient(table=TABLE, cotangents=COTANGENTS):
    tape = qml.tape.QuantumScript([qml.RX(0.1, 0), qml.RY(0.2, 0), qml.RX(0.3, 0)])
    plan = shifted_table(read_tape(tape).program, table)
    return plan.gradient(evaluate(plan.table()), cotangents)


def mean_estimate(step, function=evaluate, cotangents=COTANGENTS):
    """The estimate's expectation: the average over all directions there are."""
    plan = SpsaPlan(TABLE, np.arange(3), step, np.tile(ALL_DIRECTIONS, (2, 1, 1)))
    return plan.gradient(function(plan.table()), cotangents)


def test_the_reference_circuit_is_the_one_of_pennylane():
    @qml.qnode(qml.device("default.qubit"))
    def node(angles):
        qml.RX(angles[0], 0)
        qml.RY(angles[1], 0)
        qml.RX(angles[2], 0)
        return qml.expval(qml.Z(0)), qml.expval(qml.Y(0))

    np.testing.assert_allclose(evaluate(TABLE), [node(row) for row in TABLE], atol=1e-12)


def test_the_mean_is_the_gradient_up_to_the_square_of_the_step():
    exact = exact_gradient()
    np.testing.assert_allclose(mean_estimate(1e-4), exact, rtol=0, atol=1e-7)
    large, small = (np.abs(mean_estimate(step) - exact).max() for step in (0.02, 0.01))
    assert large / small == pytest.approx(4, rel=0.01)


def test_the_mean_is_exact_for_a_linear_function_at_any_step():
    slopes = np.array([[0.3, -2.0], [1.5, 0.25], [-0.7, 0.6]])
    mean = mean_estimate(2.5, lambda table: table @ slopes)
    np.testing.assert_allclose(mean, COTANGENTS @ slopes.T, rtol=0, atol=1e-12)


def test_one_direction_of_a_linear_function_gives_its_slope_along_it():
    slopes = np.array([[0.3], [1.5], [-0.7]])
    plan = spsa_table(TABLE, step=3.0, seed=2)
    directions = np.sign(plan.table()[0::2] - TABLE)
    expected = (directions @ slopes) * directions
    np.testing.assert_allclose(plan.gradient(plan.table() @ slopes, np.ones((2, 1))), expected, atol=1e-12)


def test_a_single_angle_is_exact_for_a_linear_function():
    plan = spsa_table(np.array([[0.7]]), step=1.7, n_directions=3, seed=0)
    assert plan.gradient(2.5 * plan.table() + 1, np.ones((1, 1))) == pytest.approx(2.5, abs=1e-12)


def test_random_directions_scatter_around_the_gradient_as_stated():
    exact = exact_gradient()
    n_directions = 50
    spread = np.sqrt((np.sum(exact**2, axis=1, keepdims=True) - exact**2) / n_directions)
    estimates = []
    for seed in range(200):
        plan = spsa_table(TABLE, step=1e-3, n_directions=n_directions, seed=seed)
        estimates.append(plan.gradient(evaluate(plan.table()), COTANGENTS))
    scores = (np.array(estimates) - exact) / spread
    assert np.abs(scores.mean(axis=0)).max() < 4 / np.sqrt(200)
    np.testing.assert_allclose(np.mean(scores**2, axis=0), 1, atol=0.4)


def test_shots_add_the_stated_variance():
    step, n_directions, deviation = 0.2, 4, 0.03
    plan = spsa_table(np.zeros((4000, 2)), step=step, n_directions=n_directions, seed=1)
    noise = deviation * np.random.default_rng(2).normal(size=(plan.n_rows, 1))
    gradient = plan.gradient(noise, np.ones((4000, 1)))
    assert gradient.var() == pytest.approx(deviation**2 / (2 * n_directions * step**2), rel=0.1)


def test_a_weight_that_feeds_every_row_of_a_batch_gets_its_gradient():
    # All rows alike: with one direction for all of them, the batch would not average anything.
    rows = 4000
    table = np.repeat(TABLE[:1], rows, axis=0)
    cotangents = np.repeat(COTANGENTS[:1], rows, axis=0) / rows
    plan = spsa_table(table, step=1e-3, seed=5)
    weight_gradient = plan.gradient(evaluate(plan.table()), cotangents).sum(axis=0)
    exact = exact_gradient()[0]
    spread = np.sqrt((np.sum(exact**2) - exact**2) / rows)
    assert (np.abs(weight_gradient - exact) < 4 * spread).all()


def test_a_source_that_feeds_several_slots_gets_its_gradient():
    # Angles (2 w, 0.5, -w): the chain rule at the slots, against a difference quotient in w.
    def loss(weight):
        return float((evaluate(np.array([[2 * weight, 0.5, -weight]])) @ [0.7, -0.4])[0])

    weight, n_directions = 0.3, 20_000
    plan = spsa_table(np.array([[0.6, 0.5, -0.3]]), step=1e-3, n_directions=n_directions, seed=3)
    gradient = plan.gradient(evaluate(plan.table()), np.array([[0.7, -0.4]]))[0]
    expected = (loss(weight + 1e-6) - loss(weight - 1e-6)) / 2e-6
    assert 2 * gradient[0] - gradient[2] == pytest.approx(expected, abs=0.03)
    assert abs(expected) > 0.2


def test_two_rows_per_direction_at_the_step_on_either_side():
    plan = spsa_table(TABLE, step=0.25, n_directions=3, seed=1)
    assert plan.n_rows == 12
    assert plan.origins().tolist() == [0] * 6 + [1] * 6
    moved = (plan.table() - TABLE[plan.origins()]).reshape(2, 3, 2, 3)
    np.testing.assert_allclose(np.abs(moved), 0.25)
    np.testing.assert_allclose(moved[:, :, 0], -moved[:, :, 1])


def test_two_circuits_per_sample_by_default():
    assert spsa_table(np.zeros((5, 1000)), seed=0).n_rows == 10


def test_directions_are_balanced_and_differ_between_rows():
    signs = np.sign(spsa_table(np.zeros((2000, 4)), seed=8).table()[0::2])
    assert np.abs(signs.mean(axis=0)).max() < 4 / np.sqrt(2000)
    np.testing.assert_allclose(signs.T @ signs / 2000, np.eye(4), atol=4 / np.sqrt(2000))


def test_the_seed_decides():
    def directions(seed):
        return spsa_table(np.zeros((3, 20)), seed=seed).table()

    np.testing.assert_array_equal(directions(4), directions(4))
    assert (directions(4) != directions(5)).any()
    assert (directions(None) != directions(None)).any()
    generator = np.random.default_rng(4)
    np.testing.assert_array_equal(directions(generator), directions(4))
    assert (directions(generator) != directions(4)).any()


def test_unwanted_columns_stay_where_they_are_and_get_zero():
    wanted = np.array([True, False, True])
    plan = spsa_table(TABLE, wanted, step=1e-3, n_directions=4000, seed=0)
    np.testing.assert_array_equal(plan.table()[:, 1], TABLE[plan.origins(), 1])
    gradient = plan.gradient(evaluate(plan.table()), COTANGENTS)
    np.testing.assert_array_equal(gradient[:, 1], 0)
    np.testing.assert_allclose(gradient[:, wanted], exact_gradient()[:, wanted], atol=0.1)


def test_slots_without_a_gate_can_be_left_out():
    tape = qml.tape.QuantumScript([qml.GlobalPhase(0.3), qml.RX(0.5, 0)])
    bound = read_tape(tape, 1)
    plan = spsa_table(bound.table, used_slots(bound.program), step=1e-3, seed=0)
    gradient = plan.gradient(np.cos(plan.table()[:, 1:]), np.ones((1, 1)))
    np.testing.assert_allclose(gradient, [[0, -np.sin(0.5)]], atol=1e-6)


def test_nothing_wanted_and_empty_tables_have_no_rows():
    nothing = spsa_table(TABLE, np.zeros(3, dtype=bool), seed=0)
    assert nothing.table().shape == (0, 3)
    np.testing.assert_array_equal(nothing.gradient(np.empty((0, 2)), COTANGENTS), np.zeros((2, 3)))
    empty = spsa_table(np.empty((0, 3)), seed=0)
    assert empty.table().shape == (0, 3)
    assert empty.gradient(np.empty((0, 2)), np.empty((0, 2))).shape == (0, 3)


@pytest.mark.parametrize("size", [1, 5, 100])
def test_chunks_give_the_same_rows(size):
    plan = spsa_table(TABLE, n_directions=7, seed=3)
    pieces = list(plan.chunks(size))
    np.testing.assert_array_equal(np.concatenate([plan.table(piece) for piece in pieces]), plan.table())
    assert max(piece.stop - piece.start for piece in pieces) == min(size, plan.n_rows)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"table": np.empty((2, 0))}, "has no angles"),
        ({"table": np.zeros(3)}, r"shape \(3,\)"),
        ({"table": np.array([[np.inf]])}, "infinite"),
        ({"table": np.array([["a"]])}, "table holds"),
        ({"wanted": np.array([True])}, r"bool of shape \(3,\)"),
        ({"wanted": np.array([0, 1, 2])}, "wanted is int64"),
        ({"step": 0.0}, "step is 0.0"),
        ({"step": -0.1}, "step is -0.1"),
        ({"step": np.nan}, "step is nan"),
        ({"step": np.inf}, "step is inf"),
        ({"step": "small"}, "step is 'small'"),
        ({"step": True}, "step is True"),
        ({"step": 1j}, "step is 1j"),
        ({"step": np.complex128(1j)}, "step is np.complex128"),
        ({"n_directions": 0}, "n_directions is 0"),
        ({"n_directions": 1.5}, "n_directions is 1.5"),
        ({"n_directions": True}, "n_directions is True"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": "x"}, "seed is 'x'"),
    ],
)
def test_bad_plans_are_refused(arguments, words):
    with pytest.raises(CircuitError, match=words):
        spsa_table(**{"table": TABLE, **arguments})


@pytest.mark.parametrize(
    ("values", "cotangents", "words"),
    [
        (np.zeros((3, 2)), COTANGENTS, r"values has shape \(3, 2\); it must be \(4 rows, outputs\)"),
        (np.zeros((4, 2)), COTANGENTS[:1], r"cotangents has shape \(1, 2\)"),
        (np.zeros((4, 2), dtype=complex), COTANGENTS, "values holds complex128"),
    ],
)
def test_values_and_cotangents_that_do_not_fit_are_refused(values, cotangents, words):
    with pytest.raises(CircuitError, match=words):
        spsa_table(TABLE, seed=0).gradient(values, cotangents)
