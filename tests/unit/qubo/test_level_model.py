"""Ordered levels with value tables: what a CQM cannot hold."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.errors import ModelError
from hybrid_opt.qubo import LevelModel


def two() -> LevelModel:
    model = LevelModel()
    model.add_variable("tv", [0, -5, -8, -9], units=[0, 10, 20, 50])
    model.add_variable("search", [1, -4, -5])
    return model


def test_variables_keep_their_order_and_tables():
    model = two()
    assert model.variables == ["tv", "search"]
    assert model.costs("tv").tolist() == [0, -5, -8, -9]
    assert model.units("tv").tolist() == [0, 10, 20, 50]
    assert model.units("search").tolist() == [0, 1, 2]


def test_tables_are_copied_in_and_out():
    table = np.array([0.0, 1.0])
    model = LevelModel()
    model.add_variable("x", table)
    table[1] = 99.0
    model.costs("x")[1] = 99.0
    model.units("x")[1] = 99.0
    assert model.costs("x").tolist() == [0.0, 1.0]
    assert model.units("x").tolist() == [0.0, 1.0]


def test_objective_adds_costs_pairs_and_offset():
    model = two()
    model.offset = 100.0
    model.add_pair("search", "tv", table=np.arange(12).reshape(3, 4), per_unit=0.5)
    model.add_pair("tv", "search", per_unit=2.0)  # the other order adds to the same pair
    for tv in range(4):
        for search in range(3):
            units = [0, 10, 20, 50][tv] * search
            expected = 100 + [0, -5, -8, -9][tv] + [1, -4, -5][search] + (4 * search + tv) + 2.5 * units
            assert model.objective({"tv": tv, "search": search}) == pytest.approx(expected)
    assert len(model.to_problem().pairs) == 1


def test_constraints_count_units_or_weights_per_level():
    model = two()
    assert model.add_constraint({"tv": 2, "search": [0, 3, 7]}, "<=", 43, label="both") == "both"
    problem = model.to_problem()
    states = np.array([[2, 1], [2, 0], [3, 0], [0, 2]])
    # 40 + 3, 40 + 0, 100 + 0, 0 + 7
    assert problem.excess(states)[:, 0].tolist() == [0, 0, 57, 0]


def test_labels_of_constraints_default_to_free_names():
    model = two()
    assert model.add_constraint({"tv": 1}, "<=", 20) == "c0"
    model.add_constraint({"tv": 1}, ">=", 0, label="c2")
    assert model.add_constraint({"tv": 1}, ">=", 0, label="mine") == "mine"
    free = model.add_constraint({"tv": 1}, "==", 10)
    assert free not in ("c0", "c2", "mine")
    assert model.constraints == ["c0", "c2", "mine", free]


def test_the_default_label_steps_over_a_name_the_user_took():
    model = two()
    model.add_constraint({"tv": 1}, "<=", 20, label="c1")
    model.add_constraint({"tv": 1}, "<=", 30)
    assert len(model.constraints) == 2


def test_problem_has_level_variables_in_order():
    model = two()
    problem = model.to_problem()
    assert [(v.label, v.kind, v.size) for v in problem.variables] == [
        ("tv", "level", 4),
        ("search", "level", 3),
    ]
    assert problem.model is model


@pytest.mark.parametrize(
    ("costs", "units", "message"),
    [
        ([], None, "costs of 'x' must be a non-empty list"),
        (3.0, None, "costs of 'x' must be a non-empty list"),
        ([[0, 1], [2, 3]], None, "costs of 'x' must be a non-empty list"),
        ([0, float("nan")], None, "costs of 'x' holds NaN or infinity"),
        (["cheap", "dear"], None, "costs of 'x'"),
        ([[0], [1, 2]], None, "costs of 'x'"),
        ([0, 1], [0, float("inf")], "units of 'x' holds NaN or infinity"),
        ([0, 1], [0, 1, 2], r"units of 'x' has shape \(3,\); it must have shape \(2,\)"),
        ([0, 1, 2], [0, 2, 2], r"units of 'x' are \[0.0, 2.0, 2.0\]; they must strictly increase"),
    ],
)
def test_bad_variables(costs, units, message):
    with pytest.raises(ModelError, match=message):
        LevelModel().add_variable("x", costs, units=units)


def test_the_offset_is_a_finite_number():
    model = two()
    model.offset = float("nan")
    with pytest.raises(ModelError, match="offset"):
        model.to_problem()


def test_a_label_is_used_once():
    model = two()
    with pytest.raises(ModelError, match="variable 'tv' exists already"):
        model.add_variable("tv", [0, 1])
    model.add_constraint({"tv": 1}, "<=", 5, label="cap")
    with pytest.raises(ModelError, match="constraint 'cap' exists already"):
        model.add_constraint({"tv": 1}, "<=", 5, label="cap")


def test_bad_pairs():
    model = two()
    with pytest.raises(ModelError, match="two different variables, both are 'tv'"):
        model.add_pair("tv", "tv", per_unit=1)
    with pytest.raises(ModelError, match=r"no variable 'radio'; the model has \['tv', 'search'\]"):
        model.add_pair("tv", "radio", per_unit=1)
    with pytest.raises(ModelError, match=r"pair table of 'tv' and 'search' has shape \(3, 4\).*\(4, 3\)"):
        model.add_pair("tv", "search", table=np.zeros((3, 4)))
    for bad in (float("nan"), [1.0, 2.0], "much"):
        with pytest.raises(ModelError, match="per_unit"):
            model.add_pair("tv", "search", per_unit=bad)
    assert model.to_problem().pairs == []


def test_bad_constraints():
    model = two()
    with pytest.raises(ModelError, match="sense is '<'; legal are '<=', '>=' and '=='"):
        model.add_constraint({"tv": 1}, "<", 5)
    with pytest.raises(ModelError, match="no variable 'radio'"):
        model.add_constraint({"radio": 1}, "<=", 5)
    with pytest.raises(ModelError, match=r"weight of 'tv' in constraint 'cap' has shape \(2,\).*\(4,\)"):
        model.add_constraint({"tv": [1, 2]}, "<=", 5, label="cap")
    with pytest.raises(ModelError, match="weight of 'tv' in constraint 'cap' holds NaN"):
        model.add_constraint({"tv": float("nan")}, "<=", 5, label="cap")
    for bad in (float("inf"), [1.0, 2.0], "much"):
        with pytest.raises(ModelError, match="rhs of constraint 'cap'"):
            model.add_constraint({"tv": 1}, "<=", bad, label="cap")
    assert model.constraints == []


def test_bad_samples():
    model = two()
    with pytest.raises(ModelError, match="no value for variable 'search'"):
        model.objective({"tv": 1})
    with pytest.raises(ModelError, match="variable 'tv' is 4 in the sample; legal are 0 to 3"):
        model.objective({"tv": 4, "search": 0})
    with pytest.raises(ModelError, match="no variable 'radio'"):
        model.costs("radio")
    with pytest.raises(ModelError, match="no variable 'radio'"):
        model.units("radio")
