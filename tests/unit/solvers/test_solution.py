"""What a Solution says about itself."""

import json

import dimod
import numpy as np
import pytest

import hybrid_opt as ho
from hybrid_opt.solvers import QAOA, Baseline, Outcome, Solution, Uniform
from hybrid_opt.solvers.solution import relative_gap, text_labels

KEYS = [
    "status", "objective", "feasible", "bound", "bound_source", "gap", "method", "sample", "violations",
    "samples", "rows", "quantum", "seed", "deterministic", "interrupted", "effort", "timings", "notes",
]  # fmt: skip


def knapsack() -> dimod.ConstrainedQuadraticModel:
    cqm = dimod.ConstrainedQuadraticModel()
    items = list(dimod.Binaries(["a", "b", "c", "d"]))
    cqm.set_objective(sum(-value * item for value, item in zip((5, 4, 3, 2), items)))
    cqm.add_constraint(sum(weight * item for weight, item in zip((3, 2, 2, 1), items)) <= 4, label="weight")
    return cqm


class Propose:
    """A solver that proposes fixed states."""

    name = "propose"

    def __init__(self, *states, **fields):
        self.states, self.fields = list(states), fields

    def solve(self, request):
        shape = (len(self.states), len(request.problem.variables))
        return Outcome(np.array(self.states, dtype=np.int64).reshape(shape), **self.fields)


@pytest.mark.parametrize(
    ("objective", "bound", "gap"),
    [
        (-95.0, -100.0, 0.05), (3.0, 2.0, 0.5), (0.0, 0.0, 0.0), (2e-9, 0.0, 2.0), (1.0, None, None),
        (None, 1.0, None),
    ],
)  # fmt: skip
def test_gap(objective, bound, gap):
    found = relative_gap(objective, bound)
    assert found is gap or found == pytest.approx(gap)


def test_text_labels_stay_different():
    assert text_labels([("a", 1), "b"]) == ["('a', 1)", "b"]
    assert text_labels([1, "1"]) == ["1", "'1'"]


def test_best_feasible_first_although_an_infeasible_one_has_less_energy():
    solver = Propose([1, 1, 1, 1], [0, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 0])
    solution = ho.solve(knapsack(), solver, seed=0)
    assert solution.sample == {"a": 0, "b": 1, "c": 1, "d": 0}
    assert solution.objective == -7.0
    assert solution.feasible
    assert solution.violations == {}
    record = solution.sampleset.record
    # feasible by objective, then infeasible by how far they are off (5 against 4, not 8 against 4)
    assert record.energy.tolist() == [-7.0, -2.0, -9.0, -14.0]
    assert record.is_feasible.tolist() == [True, True, False, False]
    assert list(solution.sampleset.variables) == ["a", "b", "c", "d"]
    assert solution.sampleset.vartype is dimod.BINARY


def test_counts_and_values_reach_the_sampleset():
    model = ho.LevelModel()
    model.add_variable(("tv", 1), [0.0, -5.0, -6.0])
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(dimod.Integer("x", lower_bound=200, upper_bound=300) * 1.0)
    solution = ho.solve(cqm, Propose([100], [0], counts=np.array([3, 4])), seed=0)
    assert solution.sampleset.record.sample.tolist() == [[200], [300]]
    assert solution.sampleset.record.num_occurrences.tolist() == [4, 3]
    levels = ho.solve(model, "exact")
    assert levels.sample == {("tv", 1): 2}
    assert levels.to_dict()["sample"] == {"('tv', 1)": 2}


def test_least_violated_is_shown_if_nothing_is_feasible():
    solution = ho.solve(knapsack(), Propose([1, 1, 1, 1], [1, 1, 0, 0]), seed=0)
    assert solution.status == "none_found"
    assert not solution.feasible
    assert solution.sample == {"a": 1, "b": 1, "c": 0, "d": 0}
    assert solution.objective == -9.0
    assert solution.violations == {"weight": 1.0}
    assert solution.gap is None
    assert "violated   weight by 1" in str(solution)
    assert "no feasible assignment" in str(solution)


def test_nothing_proposed():
    solution = ho.solve(knapsack(), Propose(), seed=0)
    assert (solution.status, solution.sample, solution.objective) == ("none_found", None, None)
    assert len(solution.sampleset) == 0
    json.loads(solution.to_json())
    solution.plot()


def test_dictionary_has_stable_keys_and_strict_json():
    for solution in (
        ho.solve(knapsack(), "exact", seed=3),
        ho.solve(knapsack(), QAOA(depth=1, shots=50), compare=["anneal", "uniform"], seed=3),
        ho.solve(knapsack(), Propose(effort={"odd": float("inf"), 1: {2, 3}}), seed=3),
    ):
        assert list(solution.to_dict()) == KEYS
        assert json.loads(solution.to_json(indent=None))["seed"] == 3
    assert solution.to_dict()["effort"] == {"odd": None, "1": "{2, 3}"}


def test_table_has_the_answer_first_and_one_row_per_baseline():
    solution = ho.solve(knapsack(), Uniform(draws=20), compare=["exact", "anneal"], seed=1)
    table = solution.table()
    assert table["method"].tolist() == ["uniform", "exact", "anneal"]
    assert {"method", "objective", "feasible", "bound", "gap", "samples", "seconds"} <= set(table.columns)
    assert table["samples"].tolist()[::2] == [20, 100]
    assert table["feasible"].all()
    assert (table["gap"] >= 0).all()
    assert table["status"].tolist()[1] == "optimal"


def test_text_names_status_objective_bound_and_seed():
    text = str(ho.solve(knapsack(), "anneal", compare=["exact"], seed=5))
    assert "proven optimal" in text
    assert "objective  -7 by anneal" in text
    assert "bound      -7 by exact, gap 0.000%" in text
    assert "baseline   exact: -7" in text
    assert "seed       5" in text


def test_text_shortens_long_samples():
    bqm = dimod.BinaryQuadraticModel({f"v{i}": -1.0 for i in range(20)}, {}, 0.0, "BINARY")
    assert "and 8 more" in str(ho.solve(bqm, "exact", seed=1))


def test_picture_draws_rows_bound_and_distribution():
    solution = ho.solve(knapsack(), Propose([1, 1, 1, 1], [0, 0, 0, 1]), compare=["exact"], seed=1)
    left, right = solution.plot().axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["propose", "exact"]
    assert [bar.get_width() for bar in left.patches] == [-2.0, -7.0]
    assert [line.get_xdata()[0] for line in left.lines] == [-7.0]
    assert sum(patch.get_height() for patch in right.patches) == 2


def test_solution_cannot_be_changed_by_accident():
    solution = ho.solve(knapsack(), "exact", seed=1)
    with pytest.raises(AttributeError):
        solution.objective = -100.0
    assert isinstance(solution, Solution)
    assert isinstance(solution.rows[0], Baseline)
