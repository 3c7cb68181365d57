"""Reading dimod models: the same energies and the same feasible set, or a typed refusal."""

from __future__ import annotations

import copy
from itertools import product

import dimod
import numpy as np
import pytest

from hybrid_opt.errors import InfeasibleModelError, ModelError, UnsupportedModelError
from hybrid_opt.qubo import LevelModel, Problem, read_model


def every_state(problem: Problem) -> np.ndarray:
    return np.array(list(product(*(range(v.size) for v in problem.variables))))


def mixed_cqm() -> dimod.ConstrainedQuadraticModel:
    b, s = dimod.Binary("b"), dimod.Spin("s")
    i, j = (
        dimod.Integer("i", lower_bound=-2, upper_bound=2),
        dimod.Integer("j", lower_bound=1.2, upper_bound=3.9),
    )
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(2 * b - s + 3 * i * i - i * j + 0.5 * j * j + b * s - 2 * s * i + b * b + 4)
    cqm.add_constraint(b + i + 0.5 <= 1, label="up")
    cqm.add_constraint(s - j + 2 * i >= -4, label="down")
    cqm.add_constraint(i + j - 3 * b == 1, label="even")
    return cqm


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_bqm_energies(vartype):
    bqm = dimod.BinaryQuadraticModel({"c": 1.0, "a": -2.0, "b": 0.0}, {"ca": 3.0, "bc": -1.5}, 0.25, vartype)
    problem = read_model(bqm)
    assert [v.label for v in problem.variables] == list(bqm.variables)
    assert {v.kind for v in problem.variables} == {vartype.lower()}
    states = every_state(problem)
    for state, energy in zip(states, problem.objective(states)):
        assert energy == pytest.approx(bqm.energy(problem.to_sample(state)))
    assert problem.feasible(states).all()


def test_a_single_precision_bqm_is_read():
    bqm = dimod.BinaryQuadraticModel({"a": 1.5}, {"ab": 2.0}, 0.5, "SPIN", dtype=np.float32)
    assert read_model(bqm).objective(np.array([[1, 0]])).tolist() == [1.5 - 2.0 + 0.5]


def test_cqm_energies_and_feasibility_of_every_assignment():
    cqm = mixed_cqm()
    problem = read_model(cqm)
    assert [(v.label, v.kind, v.lower, v.upper) for v in problem.variables] == [
        ("b", "binary", 0, 1),
        ("s", "spin", -1, 1),
        ("i", "integer", -2, 2),
        ("j", "integer", 2, 3),
    ]
    states = every_state(problem)
    feasible = problem.feasible(states)
    assert 0 < feasible.sum() < len(states)
    for state, energy, good in zip(states, problem.objective(states), feasible):
        sample = problem.to_sample(state)
        assert energy == pytest.approx(cqm.objective.energy(sample))
        assert good == cqm.check_feasible(sample)


def test_constants_of_a_row_move_to_the_right():
    row = read_model(mixed_cqm()).rows[0]
    assert (row.label, row.sense, row.rhs, row.terms) == ("up", "<=", 0.5, {0: 1.0, 2: 1.0})


def test_terms_that_cancel_are_left_out():
    x, y = dimod.Binaries("xy")
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(x * y - x * y + y)
    cqm.add_constraint(x - x + y <= 1, label="r")
    problem = read_model(cqm)
    assert list(problem.pairs) == []
    assert problem.rows[0].terms == {problem.index["y"]: 1.0}


def test_discrete_constraints_are_rows():
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.add_variables("BINARY", "abc")
    cqm.add_discrete("abc", label="one")
    (row,) = read_model(cqm).rows
    assert (row.sense, row.rhs, row.terms) == ("==", 1.0, {0: 1.0, 1: 1.0, 2: 1.0})


def test_the_model_is_left_as_it_was():
    cqm = mixed_cqm()
    before = copy.deepcopy(cqm)
    read_model(cqm)
    assert cqm.is_equal(before)


def test_our_own_models_pass_through():
    model = LevelModel()
    model.add_variable("x", [0, 1, 5])
    problem = read_model(model)
    assert problem.model is model
    assert read_model(problem) is problem


def test_an_empty_model_has_one_assignment():
    for model in (dimod.BinaryQuadraticModel("BINARY"), dimod.ConstrainedQuadraticModel(), LevelModel()):
        assert read_model(model).n_states == 1


@pytest.mark.parametrize("model", [np.eye(2), {("a", "a"): 1.0}, None, "model.lp"])
def test_other_types_are_refused_with_the_legal_ones(model):
    with pytest.raises(
        UnsupportedModelError, match=rf"is a {type(model).__name__}.*LevelModel.*BinaryQuadraticModel"
    ):
        read_model(model)


def test_real_variables_are_refused():
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(dimod.Real("weight"))
    with pytest.raises(UnsupportedModelError, match=r"'weight' is real.*Choose a step"):
        read_model(cqm)


def test_soft_constraints_are_refused():
    x, y = dimod.Binaries("xy")
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.add_constraint(x + y <= 1, label="wish", weight=2.0)
    with pytest.raises(
        UnsupportedModelError, match=r"'wish' is soft.*Put the weighted term into the objective"
    ):
        read_model(cqm)


def test_quadratic_constraints_are_refused():
    x, y = dimod.Binaries("xy")
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.add_constraint(x * y <= 0, label="product")
    with pytest.raises(UnsupportedModelError, match=r"'product' is quadratic.*z <= x"):
        read_model(cqm)


def test_an_integer_without_an_integer_is_infeasible():
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.add_variable("INTEGER", "i", lower_bound=0.2, upper_bound=0.8)
    with pytest.raises(InfeasibleModelError, match=r"'i' has bounds 0.2 to 0.8; no integer lies between"):
        read_model(cqm)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("place", ["linear", "quadratic", "offset"])
def test_numbers_of_a_bqm_are_finite(bad, place):
    bqm = dimod.BinaryQuadraticModel({"a": 1.0, "b": 1.0}, {"ab": 1.0}, 0.0, "BINARY")
    if place == "linear":
        bqm.set_linear("a", bad)
    elif place == "quadratic":
        bqm.set_quadratic("a", "b", bad)
    else:
        bqm.offset = bad
    with pytest.raises(ModelError, match=r"every coefficient must be a finite number"):
        read_model(bqm)


def product_bqm(bias: float) -> dimod.BinaryQuadraticModel:
    bqm = dimod.BinaryQuadraticModel({}, {"xy": 1.0}, "BINARY")
    bqm.set_quadratic("x", "y", bias)
    return bqm


@pytest.mark.parametrize(
    ("build", "where"),
    [
        (lambda c, x, y: c.set_objective(NAN * x + y), "objective coefficient of 'x'"),
        (lambda c, x, y: c.set_objective(product_bqm(INF)), "objective coefficient of '[xy]' \\* '[xy]'"),
        (lambda c, x, y: c.set_objective(x + y + NAN), "offset of the objective"),
        (
            lambda c, x, y: c.add_constraint(NAN * x + y <= 1, label="r"),
            "coefficient of 'x' in constraint 'r'",
        ),
        (lambda c, x, y: c.add_constraint(x + y <= INF, label="r"), "right-hand side of constraint 'r'"),
        (lambda c, x, y: c.add_constraint(x + y + NAN <= 1, label="r"), "constraint 'r'"),
    ],
)
def test_numbers_of_a_cqm_are_finite(build, where):
    cqm = dimod.ConstrainedQuadraticModel()
    build(cqm, *dimod.Binaries("xy"))
    with pytest.raises(ModelError, match=f"{where}.*must be a finite number"):
        read_model(cqm)


def test_an_objective_that_overflows_is_refused():
    bqm = dimod.BinaryQuadraticModel({"a": -1e308, "b": -1e308}, {"ab": -1e308}, 0.0, "BINARY")
    with pytest.raises(ModelError, match="common factor"):
        read_model(bqm)
