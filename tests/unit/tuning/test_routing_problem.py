"""RoutingProblem: its formula, its constraints, its model, and every wrong argument."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hybrid_opt.errors import InfeasibleModelError, OptionError
from hybrid_opt.tuning.routing_problem import RoutingProblem, capacity_row

AFFINITY = np.array([[3.0, 0.0], [2.0, 1.0], [0.0, 1.5]])
PAIRS = np.array([[9.0, 1.0, 2.0], [1.0, 9.0, 4.0], [2.0, 4.0, 9.0]])


def quadratic(**changes):
    settings = {
        "sizes": [1, 2, 1], "capacity": 3, "coactivation": PAIRS, "similarity": 2 * PAIRS, "co_weight": 0.5,
        "sim_weight": 0.1,
    }  # fmt: skip
    return RoutingProblem(AFFINITY, **{**settings, **changes})


def test_the_objective_term_by_term():
    # - (1*3 + 2*2 + 1*1.5) / 4 + 0.5 * C_01 - 0.1 * 2 * C_01, for clusters 0 and 1 are together
    assert quadratic().objective([0, 0, 1]) == pytest.approx(-8.5 / 4 + 0.5 - 0.2)
    assert quadratic(co_weight=0.0).objective([1, 0, 1]) == pytest.approx(-(0 + 4 + 1.5) / 4 - 0.1 * 4)


def test_the_model_has_the_energies_and_the_feasible_set_of_the_problem():
    problem = quadratic()
    model = problem.to_cqm()
    for assignment in itertools.product(range(2), repeat=3):
        sample = problem.sample(assignment)
        energy = model.objective.energy(sample) * problem.unit
        assert energy == pytest.approx(problem.objective(assignment))
        assert model.check_feasible(sample) == problem.feasible(assignment)
        np.testing.assert_array_equal(problem.assignment(sample), assignment)
    sample["cluster 0, expert 0"] = sample["cluster 0, expert 1"] = 1
    assert problem.assignment(sample) is None
    assert not model.check_feasible(sample)


def test_loads_and_capacity():
    problem = quadratic()
    np.testing.assert_array_equal(problem.loads([0, 0, 1]), [3.0, 1.0])
    assert problem.feasible([0, 0, 1])
    assert not problem.feasible([0, 0, 0])


def test_linear_or_not():
    assert RoutingProblem(AFFINITY).is_linear
    assert not quadratic().is_linear
    assert quadratic(co_weight=0.0, sim_weight=0.0).is_linear
    # A diagonal alone is no pair.
    assert RoutingProblem(AFFINITY, coactivation=np.eye(3), co_weight=1.0, capacity=3).is_linear


@pytest.mark.parametrize(
    ("settings", "capacity"),
    [
        ({}, [2.0, 2.0]),  # ceil(1.25 * 3 / 2)
        ({"capacity_factor": 2.0}, [3.0, 3.0]),
        ({"sizes": [4, 4, 4], "capacity_factor": 4 / 3}, [8.0, 8.0]),  # not 9 by rounding
        ({"sizes": [0.5, 0.5, 0.5], "capacity_factor": 1.4}, [1.05, 1.05]),
        ({"capacity": [1, 2]}, [1.0, 2.0]),
    ],
)
def test_capacities(settings, capacity):
    np.testing.assert_allclose(RoutingProblem(AFFINITY, **settings).capacity, capacity)


@pytest.mark.parametrize(
    ("settings", "weights", "bounds", "sense"),
    [
        ({"sizes": [4, 4, 4], "capacity": 9}, [1, 1, 1], [2, 2], "<="),
        ({"sizes": [4, 4, 4], "capacity": [4, 11]}, [1, 1, 1], [1, 2], "=="),
        ({"sizes": [2, 4, 2], "capacity": [4, 5]}, [1, 2, 1], [2, 2], "=="),
        ({"sizes": [0.3, 0.3, 0.3], "capacity": [0.3, 0.7]}, [1, 1, 1], [1, 2], "=="),
        ({"sizes": [0.3, 0.4, 0.3], "capacity": 0.75}, [0.3, 0.4, 0.3], [0.75, 0.75], "<="),
        ({"capacity": 100}, [1, 1, 1], [3, 3], "<="),
    ],
)
def test_rows_are_as_small_as_they_can_be(settings, weights, bounds, sense):
    problem = RoutingProblem(AFFINITY, **settings)
    found = problem.capacity_rows()
    np.testing.assert_allclose(found[0], weights)
    np.testing.assert_allclose(found[1], bounds)
    assert found[2] == sense
    assert capacity_row(1) in problem.to_cqm().constraints
    for assignment in itertools.product(range(2), repeat=3):
        assert problem.to_cqm().check_feasible(problem.sample(assignment)) == problem.feasible(assignment)


def test_tensors_are_taken_and_nothing_is_shared():
    import torch

    given = torch.tensor(AFFINITY, requires_grad=True)
    assert RoutingProblem(given).objective([0, 0, 1]) == RoutingProblem(AFFINITY).objective([0, 0, 1])
    mine = AFFINITY.copy()
    problem = RoutingProblem(mine)
    mine[:] = 0.0
    assert problem.affinity[0, 0] == 3.0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"affinity": [1.0, 2.0]}, "affinity has the shape"),
        ({"affinity": np.zeros((0, 2))}, "affinity has the shape"),
        ({"affinity": [["a"]]}, "affinity gives no array"),
        ({"affinity": [[np.nan, 1.0]]}, "affinity holds NaN"),
        ({"affinity": [[True, False]]}, "real numbers"),
        ({"sizes": [1, 2]}, "sizes has the shape"),
        ({"sizes": [1, 0, 1]}, "above 0"),
        ({"sizes": [1, np.inf, 1]}, "sizes holds NaN"),
        ({"capacity": [1, 2, 3]}, "capacity has the shape"),
        ({"capacity": [-1, 9]}, "at least 0"),
        ({"capacity": 3, "capacity_factor": 1.5}, "both given"),
        ({"capacity": None, "capacity_factor": "big"}, "capacity_factor is 'big'"),
        ({"coactivation": np.zeros((2, 2))}, r"must be \(3, 3\)"),
        ({"coactivation": np.triu(PAIRS)}, "not symmetric"),
        ({"similarity": np.full((3, 3), np.nan)}, "similarity holds NaN"),
        ({"co_weight": -1.0}, "co_weight is -1.0"),
        ({"sim_weight": np.nan}, "sim_weight is nan"),
        ({"sim_weight": True}, "sim_weight is True"),
        ({"coactivation": None}, "no coactivation is given"),
        ({"similarity": None}, "no similarity is given"),
    ],
)
def test_wrong_arguments(settings, words):
    given = {
        "affinity": AFFINITY, "capacity": 3, "coactivation": PAIRS, "similarity": PAIRS, "co_weight": 1.0,
        "sim_weight": 1.0,
    }  # fmt: skip
    with pytest.raises(OptionError, match=words):
        RoutingProblem(**{**given, **settings})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"capacity": 1}, "take 2 tokens together, but there are 3"),
        ({"capacity_factor": 0.5}, "capacity_factor of at least 1"),
        ({"sizes": [1, 5, 1], "capacity": 4}, "largest cluster has 5"),
        ({"sizes": [1, 8, 1]}, "capacity_factor of at least 1.60"),
    ],
)
def test_what_cannot_fit(settings, words):
    with pytest.raises(InfeasibleModelError, match=words):
        RoutingProblem(AFFINITY, **settings)


@pytest.mark.parametrize("assignment", [[0, 1], [0, 1, 2], [0, 1, -1], [0, 0.5, 1], "abc", [0, np.nan, 1]])
def test_wrong_assignments(assignment):
    problem = quadratic()
    for question in (problem.objective, problem.loads, problem.feasible, problem.sample):
        with pytest.raises(OptionError, match="assignment"):
            question(assignment)
