"""``to_qubo`` on the models that other compilers stumbled over, its slack, and its coarse units."""

from __future__ import annotations

from itertools import product

import dimod
import numpy as np
import pytest

from hybrid_opt.errors import InfeasibleModelError, OptionError, UnsupportedModelError
from hybrid_opt.qubo import LevelModel, Pair, Problem, Qubo, Row, Variable, read_model, to_qubo
from hybrid_opt.qubo.enumeration import count_and_minimize


def knapsack(values, costs, budget, label="budget") -> dimod.ConstrainedQuadraticModel:
    x = [dimod.Binary(f"x{i}") for i in range(len(values))]
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-dimod.quicksum(v * b for v, b in zip(values, x)))
    cqm.add_constraint(dimod.quicksum(c * b for c, b in zip(costs, x)) <= budget, label=label)
    return cqm


def minimizers(qubo: Qubo) -> tuple[float, list[dict]]:
    """Lowest energy and the decoded minimizers, found without the certificate."""
    census = count_and_minimize(read_model(qubo.bqm))
    labels = list(qubo.bqm.variables)
    return census.minimum, [qubo.decode(dict(zip(labels, bits.tolist()))) for bits in census.minimizers]


# --- traps ---


@pytest.mark.parametrize(
    "model",
    [dimod.BinaryQuadraticModel("BINARY"), dimod.ConstrainedQuadraticModel(), LevelModel(), Problem([])],
)
def test_an_empty_model_is_an_empty_qubo(model):
    qubo = to_qubo(model)
    assert (qubo.n_bits, qubo.bqm.offset, qubo.decode({})) == (0, 0.0, {})
    assert qubo.certificate.confirmed is True


def test_a_constant_objective_still_keeps_the_constraints():
    x, y, z = (dimod.Binary(k) for k in "xyz")
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(0 * x + 7.0)
    cqm.add_constraint(2 * x + 3 * y + 4 * z == 7, label="r")
    qubo = to_qubo(cqm)
    assert minimizers(qubo) == (pytest.approx(7.0), [{"x": 0, "y": 1, "z": 1}])
    assert qubo.certificate.confirmed is True


def test_fractional_coefficients():
    cqm = knapsack([0.125, 0.7, 1 / 3], [0.1, 0.2, 0.3], 0.3)
    qubo = to_qubo(cqm)
    assert qubo.certificate.confirmed is True
    assert minimizers(qubo)[1] == [{"x0": 1, "x1": 1, "x2": 0}]


def test_contradictory_bounds_are_named():
    i = dimod.Integer("i", upper_bound=10)
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(i)
    cqm.add_constraint(i >= 6, label="at least six")
    cqm.add_constraint(i <= 5, label="at most five")
    with pytest.raises(InfeasibleModelError, match=r"'at most five'.*'at least six'"):
        to_qubo(cqm)


def test_rows_that_contradict_only_together_give_no_feasible_answer():
    x, y = dimod.Binaries("xy")
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-x)
    cqm.add_constraint(x + y == 1, label="one")
    cqm.add_constraint(x - y == 0, label="same")
    qubo = to_qubo(cqm)
    assert qubo.certificate.confirmed is None
    assert "no feasible assignment" in qubo.certificate.note
    assert not any(cqm.check_feasible(sample) for sample in minimizers(qubo)[1])


def test_lower_bounds_other_than_zero():
    i, j = (
        dimod.Integer("i", lower_bound=-7, upper_bound=-2),
        dimod.Integer("j", lower_bound=3, upper_bound=8),
    )
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(i * i + j * i + j)
    cqm.add_constraint(i + 2 * j <= 9, label="r")
    for encoding in ("auto", "domain-wall", "one-hot"):
        qubo = to_qubo(cqm, encoding=encoding)
        assert qubo.certificate.confirmed is not False
        energy, samples = minimizers(qubo)
        best = min((i * i + j * i + j, i, j) for i in range(-7, -1) for j in range(3, 9) if i + 2 * j <= 9)
        assert energy == pytest.approx(best[0])
        assert {"i": best[1], "j": best[2]} in samples


def test_an_objective_in_very_small_or_large_units():
    for unit in (1e-9, 1e-6, 1e6, 1e9):
        cqm = knapsack([8 * unit, 11 * unit, 6 * unit, 4 * unit], [5, 7, 4, 3], 14)
        qubo = to_qubo(cqm)
        assert qubo.certificate.confirmed is True
        assert minimizers(qubo)[1] == [{"x0": 0, "x1": 1, "x2": 1, "x3": 1}]


def test_domains_that_the_constraints_make_small():
    i = dimod.Integer("i")  # 0 .. 2^53 - 1
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-i)
    cqm.add_constraint(i <= 5, label="cap")
    qubo = to_qubo(cqm)
    assert qubo.n_bits == 3
    assert qubo.certificate.confirmed is not False
    assert minimizers(qubo)[1] == [{"i": 5}]


def test_many_variables_that_the_constraints_fix():
    x = [dimod.Binary(f"x{i}") for i in range(40)]
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-dimod.quicksum(x))
    cqm.add_constraint(dimod.quicksum(x[:36]) <= 0, label="none of these")
    qubo = to_qubo(cqm)
    assert qubo.n_bits == 4
    assert minimizers(qubo)[0] == pytest.approx(-4.0)


def assert_exact_or_refused(cqm: dimod.ConstrainedQuadraticModel, row: str) -> None:
    """Squares of large coefficients may not fit double precision; then the error must name the row."""
    try:
        qubo = to_qubo(cqm)
    except UnsupportedModelError as refusal:
        assert repr(row) in str(refusal)  # noqa: PT017
        return
    best = count_and_minimize(read_model(cqm)).minimum
    bits = np.array(list(product((0, 1), repeat=qubo.n_bits)), dtype=np.int8)
    energies = qubo.bqm.energies((bits, list(qubo.bqm.variables)))
    sample = qubo.decode(dict(zip(qubo.bqm.variables, bits[energies.argmin()].tolist())))
    assert cqm.check_feasible(sample)
    assert cqm.objective.energy(sample) == pytest.approx(best, rel=1e-9, abs=1e-9)
    assert qubo.certificate.confirmed is not False


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("cent", [1, 100])
def test_equalities_in_euros_and_in_cents(seed, cent):
    # "spend exactly B" over eight invoices of 1,000 to 100,000 euros
    rng = np.random.default_rng(seed)
    costs = rng.integers(1_000 * cent, 100_000 * cent, 8)
    chosen = rng.integers(0, 2, 8)
    x = [dimod.Binary(f"x{i}") for i in range(8)]
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-dimod.quicksum(int(v) * b for v, b in zip(rng.integers(1, 50, 8), x)))
    cqm.add_constraint(
        dimod.quicksum(int(c) * b for c, b in zip(costs, x)) == int(costs @ chosen), label="spend"
    )
    assert_exact_or_refused(cqm, "spend")


@pytest.mark.parametrize("seed", range(4))
def test_large_costs_whose_best_sum_is_zero(seed):
    # the lowest energy is 0, but it is a sum of terms of 1e12
    rng = np.random.default_rng(seed)
    x = [dimod.Binary(f"x{i}") for i in range(4)]
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(dimod.quicksum(float(np.round(rng.uniform(1e5, 1e6), 2)) * b for b in x))
    cqm.add_constraint(
        dimod.quicksum(int(c) * b for c, b in zip(rng.integers(500, 1250, 4), x)) <= 2500, label="r"
    )
    assert_exact_or_refused(cqm, "r")


@pytest.mark.parametrize("size", [10**3, 10**4, 3 * 10**4, 10**5, 3 * 10**5])
def test_values_that_differ_by_a_cent_beside_large_costs(size):
    # pairs of offers at the same cost, one of them a cent better: the penalty must not drown the cent
    rng = np.random.default_rng(size)
    costs = np.repeat(rng.integers(size // 2, size, 5), 2)
    values = np.repeat(rng.integers(5, 50, 5), 2) + np.tile([0.0, 0.01], 5)
    x = [dimod.Binary(f"x{i}") for i in range(10)]
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-dimod.quicksum(float(v) * b for v, b in zip(values, x)))
    left = dimod.quicksum(int(c) * b for c, b in zip(costs, x))
    cqm.add_constraint(left == int(costs[::2].sum()), label="spend")
    assert_exact_or_refused(cqm, "spend")


def test_decimals_that_lost_digits_in_a_subtraction():
    x, y, z, w = (dimod.Binary(k) for k in "xyzw")
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-x - 2 * y - 3 * z)
    cqm.add_constraint(0.1 * x + 0.1 * y + 0.1 * z + 1000 <= 1000.2, label="r")  # 0.20000000000004547
    assert to_qubo(cqm).penalties.keys() == {"r"}
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-x - 2 * y - 3 * z)
    cqm.add_constraint(0.1 * x + 0.1 * y + 0.1 * z + (0.1 * 3 - 0.3) * w <= 0.2, label="r")  # 5.6e-17 of w
    qubo = to_qubo(cqm)
    assert qubo.certificate.confirmed is True
    assert {(s["x"], s["y"], s["z"]) for s in minimizers(qubo)[1]} == {(0, 1, 1)}


def test_random_coefficients_are_no_fractions_by_accident():
    rng = np.random.default_rng(0)
    for _ in range(20):
        with pytest.raises(UnsupportedModelError, match=r"'budget'.*Round"):
            to_qubo(knapsack([8, 11, 6, 4], rng.uniform(1, 5, 4).tolist(), 7.0))


# --- slack ---


def slack_of(model, **options) -> int:
    qubo = to_qubo(model, **options)
    assert qubo.certificate.confirmed is True
    return int(sum(form.slack.sum() for form in qubo.forms))


def test_short_slack_for_the_single_row_of_gainful_items():
    assert slack_of(knapsack([8, 11, 6, 4], [5, 7, 4, 3], 14)) == 7 - 1
    unit = knapsack([8, 11, 6, 4], [1, 1, 1, 1], 2)
    assert slack_of(unit) == 0
    assert to_qubo(unit).forms[0].kind == "square, slack range 0"


def test_short_slack_with_synergies():
    cqm = knapsack([8, 11, 6, 4], [5, 7, 4, 3], 14)
    x = [dimod.Binary(f"x{i}") for i in range(4)]
    cqm.set_objective(cqm.objective - 3 * x[0] * x[3])
    assert slack_of(cqm) == 6


def test_full_slack_with_a_pair_that_costs():
    cqm = knapsack([8, 11, 6, 4], [5, 7, 4, 3], 14)
    x = [dimod.Binary(f"x{i}") for i in range(4)]
    cqm.set_objective(cqm.objective + 0.5 * x[0] * x[3])
    assert slack_of(cqm) == 14


def test_full_slack_with_an_item_that_does_not_gain():
    assert slack_of(knapsack([8, 11, 0, 4], [5, 7, 4, 3], 14)) == 14
    assert slack_of(knapsack([8, 11, -1, 4], [5, 7, 4, 3], 14)) == 14


def test_full_slack_with_a_second_row():
    cqm = knapsack([8, 11, 6, 4], [5, 7, 4, 3], 14)
    x = [dimod.Binary(f"x{i}") for i in range(4)]
    cqm.add_constraint(x[0] + x[1] + 2 * x[2] <= 3, label="staff")
    qubo = to_qubo(cqm)
    assert [int(form.slack.sum()) for form in qubo.forms] == [14, 3]


def test_full_slack_where_a_table_takes_the_gain_away():
    variables = [Variable(f"x{i}", "binary", 2, linear=-1.0, table=np.array([0.0, 5.0])) for i in range(3)]
    problem = Problem(variables, (), [Row("r", "<=", 10.0, {0: 3.0, 1: 5.0, 2: 7.0})])
    assert slack_of(problem) == 10


def test_full_slack_where_a_partner_may_be_negative():
    variables = [Variable(f"x{i}", "binary", 2, linear=-1.0) for i in range(3)]
    partner = Variable("s", "spin", 2, lower=-1, step=2, linear=10.0)
    problem = Problem(
        [*variables, partner], [Pair(0, 3, -4.0)], [Row("r", "<=", 10.0, {0: 3.0, 1: 5.0, 2: 7.0})]
    )
    assert slack_of(problem) == 10  # at s = -1 the first item costs 3


def test_integers_use_the_full_range():
    i, j = dimod.Integer("i", upper_bound=4), dimod.Integer("j", upper_bound=4)
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-i - j)
    cqm.add_constraint(3 * i + 2 * j <= 13, label="r")
    assert slack_of(cqm) == 13


# --- units ---


def test_coarse_units_save_slack_and_stay_feasible():
    cqm = knapsack([8, 11, 6, 4], [5030, 7410, 3990, 2999], 14_100)
    fine, coarse = to_qubo(cqm), to_qubo(cqm, units={"budget": 1000})
    assert coarse.n_slack_bits < fine.n_slack_bits
    assert all(cqm.check_feasible(sample) for sample in minimizers(coarse)[1])
    assert coarse.certificate.confirmed is None
    assert "rounded" in coarse.certificate.note


@pytest.mark.parametrize(
    ("costs", "budget", "unit"), [([3, 3], 5, 6), ([1, 1], 1, 2), ([3, 4], 5, 3), ([2, 2, 2], 3, 4)]
)
def test_coarse_units_never_lead_out_of_the_feasible_set(costs, budget, unit):
    cqm = knapsack([1.0] * len(costs), costs, budget)
    for sample in minimizers(to_qubo(cqm, units={"budget": unit}))[1]:
        assert cqm.check_feasible(sample)


def test_units_are_checked():
    cqm = knapsack([8, 11], [5, 7], 8)
    with pytest.raises(OptionError, match=r"units names the constraint 'cap'; the model has \['budget'\]"):
        to_qubo(cqm, units={"cap": 2})
    with pytest.raises(UnsupportedModelError, match="'budget' cannot be rounded to a unit of -2"):
        to_qubo(cqm, units={"budget": -2})
    for bad in ("two", float("nan"), float("inf")):
        with pytest.raises((OptionError, UnsupportedModelError), match="budget"):
            to_qubo(cqm, units={"budget": bad})
    with pytest.raises(OptionError, match="units"):
        to_qubo(cqm, units=["budget"])
