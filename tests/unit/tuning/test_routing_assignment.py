"""assign_experts: what stands behind names, the rows, wrong arguments, ctrl-C."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hybrid_opt.errors import InfeasibleModelError, ModelTooLargeError, OptionError, SolverError
from hybrid_opt.solvers import QAOA, Anneal
from hybrid_opt.solvers.base import Outcome
from hybrid_opt.tuning.routing_assignment import assign_experts
from hybrid_opt.tuning.routing_problem import RoutingProblem


def made(clusters=5, experts=2, seed=0, **settings):
    rng = np.random.default_rng(seed)
    pairs = rng.random((clusters, clusters))
    given = {"sizes": rng.integers(2, 6, clusters), "coactivation": pairs + pairs.T, "co_weight": 0.2}
    return RoutingProblem(rng.normal(size=(clusters, experts)), capacity_factor=1.4, **{**given, **settings})


def test_auto_takes_assignment_where_that_is_optimal():
    linear = made(sizes=None, co_weight=0.0)
    routing = assign_experts(linear)
    assert (routing.method, routing.rows[0].status) == ("assignment", "optimal")
    assert routing.statement.endswith("assignment is optimal, no QUBO is needed.")
    assert assign_experts(made(co_weight=0.0)).method == "milp"
    assert "no QUBO is needed" in assign_experts(made(co_weight=0.0)).statement
    quadratic = assign_experts(made())
    assert (quadratic.method, quadratic.rows[0].status) == ("milp", "optimal")
    assert "QUBO" not in quadratic.statement


def test_rows_of_all_kinds_in_one_table():
    methods = ("exact", "greedy", Anneal(reads=5), "sinkhorn", "argmax", "assignment", "auto")
    table = assign_experts(made(), "milp", compare=methods, seed=1).table().set_index("method")
    assert table.loc["assignment", "status"] == "not run"
    assert "pairs of clusters count" in table.loc["assignment", "note"]
    best = table["objective"][table["feasible"]].min()
    assert table.loc["exact", "objective"].item() == pytest.approx(best)
    assert (table["gap"].dropna() >= -1e-9).all()
    assert set(table.index) == {"milp", "exact", "greedy", "anneal", "sinkhorn", "argmax", "assignment"}


def test_a_sampler_beside_a_quantum_row_gets_two_rows_whatever_the_order():
    quantum = QAOA(depth=1, shots=50, mixer="xy-exact", penalty=1.0)
    for method, compare in ((quantum, ["anneal"]), ("milp", ["anneal", quantum])):
        routing = assign_experts(made(3, sizes=None), method, compare=compare, seed=1, time_limit=5)
        names = [row.method for row in routing.rows]
        assert names[-2:] == ["anneal (equal samples)", "anneal (equal time)"]
    assert "quantum row" in str(routing)


def test_a_quantum_row_never_stands_alone():
    quantum = QAOA(depth=1, shots=50, mixer="xy-exact", penalty=1.0)
    other = QAOA(depth=2, shots=50, mixer="xy-exact", penalty=1.0)
    control = ["uniform (equal samples)", "uniform (equal time)"]
    for compare, extra in ((), control), ((other,), control), (("greedy",), []):
        routing = assign_experts(made(3, sizes=None), quantum, compare=compare, seed=1, time_limit=5)
        names = [row.method for row in routing.rows if "qaoa" not in row.method]
        assert names == (extra or ["greedy"])


def test_the_same_seed_gives_the_same_rows():
    first, again = (assign_experts(made(), "anneal", compare=("greedy",), seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.assignment, again.assignment)
    assert [row.objective for row in first.rows] == [row.objective for row in again.rows]
    assert first.seed == 3
    assert assign_experts(made(), "greedy").seed >= 0


def test_argmax_may_be_over_capacity_and_says_so():
    routing = assign_experts(RoutingProblem([[1.0, 0.0]] * 4, capacity=2), "argmax", compare=["assignment"])
    assert not routing.feasible
    assert routing.dropped_share == 0.5
    assert routing.gap is None
    assert json.loads(routing.to_json())["status"] == "over capacity"
    sizes = RoutingProblem([[1.0, 0.0]] * 3, [1, 2, 1], capacity=2)
    assert "over capacity" in assign_experts(sizes, "argmax").statement


def test_progress_is_told():
    told = []
    assign_experts(made(), compare=("greedy",), progress=lambda share, text: told.append((share, text)))
    assert told == [(0.0, "milp"), (0.5, "greedy"), (1.0, "done")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("best",), "method is 'best'; legal are auto, assignment"),
        ((3,), "method is 3"),
        ((QAOA,), "class QAOA"),
        (("assignment",), "'assignment' cannot be used"),
    ],
)
def test_wrong_methods(arguments, words):
    with pytest.raises(OptionError, match=words):
        assign_experts(made(), *arguments)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"compare": "milp"}, "compare is 'milp'"),
        ({"compare": 3}, "compare is 3"),
        ({"compare": ["best"]}, "compare is 'best'"),
        ({"time_limit": 0}, "time_limit is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"progress": None}, "progress is None"),
    ],
)
def test_wrong_settings(settings, words):
    with pytest.raises(OptionError, match=words):
        assign_experts(made(), **settings)


def test_something_else_than_a_problem():
    with pytest.raises(OptionError, match="problem is a list"):
        assign_experts([[1.0]])


def test_clusters_that_do_not_fit_although_there_is_room_in_all():
    packed = RoutingProblem(np.zeros((3, 2)), [2, 2, 2], capacity=3)
    for method in ("milp", "exact", "assignment"):
        with pytest.raises(InfeasibleModelError, match="capacity"):
            assign_experts(packed, method)
    with pytest.raises(InfeasibleModelError, match="capacity"):
        assign_experts(RoutingProblem(np.zeros((3, 2)), [2, 2, 3], capacity=3.5), "milp")


def test_methods_that_cannot_hold_the_problem():
    large = made(30, 4)
    with pytest.raises(ModelTooLargeError):
        assign_experts(large, "exact")
    rows = assign_experts(large, "greedy", compare=["exact"]).rows
    assert rows[1].status == "not run"


class Stuck:
    """A solver that finds nothing, or what is told."""

    name = "stuck"

    def __init__(self, bound=None, interrupted=False):
        self.bound, self.interrupted = bound, interrupted

    def solve(self, request):
        states = np.zeros((0, len(request.problem.variables)), dtype=np.int64)
        return Outcome(states, np.zeros(0, dtype=np.int64), bound=self.bound, interrupted=self.interrupted)


def test_a_method_that_finds_nothing():
    with pytest.raises(SolverError, match="stuck found no assignment"):
        assign_experts(made(), Stuck())
    assert assign_experts(made(), "greedy", compare=[Stuck()]).rows[1].status == "none found"


def test_a_bound_that_another_answer_contradicts():
    with pytest.raises(SolverError, match="stuck claims the bound"):
        assign_experts(made(), "greedy", compare=[Stuck(bound=100.0)])


def test_ctrl_c_ends_the_comparison():
    routing = assign_experts(made(), "greedy", compare=[Stuck(interrupted=True), "milp"])
    assert [row.method for row in routing.rows] == ["greedy", "stuck"]
    assert "ctrl-C" in str(routing)
