"""`solve`: whatever a solver returns, the answer is recomputed, compared with every proof, and honest."""

import dimod
import numpy as np
import pytest

import hybrid_opt as ho
from hybrid_opt.errors import (
    ModelError,
    ModelTooLargeError,
    OptionError,
    SolverError,
    UnsupportedModelError,
)
from hybrid_opt.solvers import Anneal, Auto, Exact, Outcome, Request, Tabu
from hybrid_opt.solvers import auto as auto_module


def bqm(n: int = 8, seed: int = 0) -> dimod.BinaryQuadraticModel:
    return dimod.BinaryQuadraticModel(
        np.triu(np.random.default_rng(seed).integers(-9, 10, (n, n))).astype(float), "BINARY"
    )


def integer_model() -> dimod.ConstrainedQuadraticModel:
    cqm = dimod.ConstrainedQuadraticModel()
    x = dimod.Integer("x", lower_bound=-2, upper_bound=3)
    y = dimod.Integer("y", lower_bound=1, upper_bound=4)
    cqm.set_objective(x * y - 2 * x + y)
    cqm.add_constraint(x + y >= 2, label="floor")
    return cqm


def infeasible() -> dimod.ConstrainedQuadraticModel:
    cqm = dimod.ConstrainedQuadraticModel()
    x, y, z = dimod.Binaries("xyz")
    cqm.set_objective(x - y + z)
    for label, pair in {"one": x + y, "two": y + z, "odd": x + z}.items():
        cqm.add_constraint(pair == 1, label=label)
    return cqm


class Claims:
    """A solver that says what it is told to say."""

    def __init__(self, states=(), name="claims", **fields):
        self.states, self.fields, self.name, self.requests = list(states), fields, name, []

    def solve(self, request):
        self.requests.append(request)
        shape = (len(self.states), len(request.problem.variables))
        return Outcome(np.array(self.states, dtype=np.int64).reshape(shape), **self.fields)


class Raises:
    name = "raises"

    def __init__(self, error):
        self.error = error

    def solve(self, request):
        raise self.error


# -- answers

METHODS = ["auto", "exact", "milp", "anneal", "tabu", "greedy", "uniform", "decomposed", "qaoa", "vqe"]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_solves_the_integer_model(method):
    solution = ho.solve(integer_model(), method, seed=1)
    best = min(x * y - 2 * x + y for x in range(-2, 4) for y in range(1, 5) if x + y >= 2)
    assert solution.objective == pytest.approx(best)
    assert solution.feasible
    assert integer_model().check_feasible(solution.sample)


def test_methods_lists_them():
    table = ho.methods()
    assert table["method"].tolist() == METHODS
    assert table.loc[table["quantum"], "method"].tolist() == ["qaoa", "vqe"]
    assert all("aer" in needs for needs in table.loc[table["quantum"], "needs"])


def test_auto_enumerates_small_models():
    solution = ho.solve(bqm(), seed=1)
    assert (solution.method, solution.status, solution.gap) == ("exact", "optimal", 0.0)
    assert solution.bound_source == "exact"
    assert solution.table()["method"].tolist() == ["exact"]


def test_auto_takes_milp_for_large_ones():
    model = dimod.BinaryQuadraticModel({i: float(i % 5 - 2) for i in range(30)}, {}, 0.0, "BINARY")
    solution = ho.solve(model, seed=1)
    assert (solution.method, solution.status) == ("milp", "optimal")
    assert solution.objective == -18.0
    assert any("1,073,741,824" in note for note in solution.notes)


def test_models_with_more_assignments_than_python_prints():
    model = dimod.BinaryQuadraticModel(dict.fromkeys(range(15000), -1.0), {}, 0.0, "BINARY")
    solution = ho.solve(model, seed=1)
    assert solution.objective == -15_000.0
    assert any("about 10^4515 assignments" in note for note in solution.notes)


@pytest.fixture
def large() -> Request:
    return dimod.BinaryQuadraticModel(dict.fromkeys(range(25), -1.0), {}, 0.0, "BINARY")


def test_auto_adds_annealing_where_milp_proves_nothing(large, monkeypatch):
    weak = Claims([[0] * 25], bound=-40.0, deterministic=False)
    monkeypatch.setattr(auto_module, "MILP", lambda: weak)
    solution = ho.solve(large, Auto(), seed=1, time_limit=10.0)
    assert (solution.method, solution.objective, solution.bound) == ("milp+anneal", -25.0, -40.0)
    assert solution.gap == pytest.approx(15 / 40)
    assert solution.bound_source == "milp"
    assert solution.status == "feasible"
    assert not solution.deterministic
    assert weak.requests[0].time_limit == pytest.approx(8.0)


def test_auto_anneals_where_milp_cannot_hold_the_model(large, monkeypatch):
    monkeypatch.setattr(auto_module, "MILP", lambda: Raises(ModelTooLargeError("too many products")))
    solution = ho.solve(large, seed=1)
    assert (solution.method, solution.objective, solution.bound) == ("anneal", -25.0, None)
    assert "milp was left out: too many products" in solution.notes
    monkeypatch.setattr(auto_module, "Anneal", lambda **_: Raises(ModelTooLargeError("no bits")))
    with pytest.raises(ModelTooLargeError, match="no bits"):
        ho.solve(large, seed=1)
    monkeypatch.setattr(auto_module, "MILP", lambda: Claims([[1] * 25]))
    solution = ho.solve(large, seed=1)
    assert (solution.method, solution.objective) == ("milp", -25.0)
    assert "annealing was left out: no bits" in solution.notes


def test_auto_stops_where_ctrl_c_ended_milp(large, monkeypatch):
    pressed = Claims([[0] * 25], interrupted=True, deterministic=False)
    monkeypatch.setattr(auto_module, "MILP", lambda: pressed)
    solution = ho.solve(large, seed=1)
    assert (solution.method, solution.interrupted) == ("milp", True)


# -- start

def test_start_is_never_lost():
    start = {"x": 1, "y": 1}
    solution = ho.solve(integer_model(), Claims(), start=start)
    assert (solution.sample, solution.status) == (start, "feasible")
    assert "nothing better than the start was found" in solution.notes
    worse = Claims([[5, 3]])
    assert ho.solve(integer_model(), worse, start=start).objective == 0.0
    assert worse.requests[0].start.tolist() == [3, 0]


def test_start_is_a_hint_for_baselines_but_not_their_answer():
    idle = Claims(name="idle")
    solution = ho.solve(integer_model(), "exact", compare=[idle], start={"x": 1, "y": 1})
    assert idle.requests[0].start is not None
    assert solution.baselines[0].objective is None


@pytest.mark.parametrize(
    ("start", "error", "match"),
    [
        ({"x": 0, "y": 1}, ModelError, "'floor' by 1"),
        ({"x": 0}, ModelError, "'y'"),
        ({"x": 9, "y": 1}, ModelError, "'x' is 9"),
        ([0, 1], OptionError, "start is a list"),
    ],
)
def test_illegal_start(start, error, match):
    with pytest.raises(error, match=match):
        ho.solve(integer_model(), "exact", start=start)


# -- infeasible models

@pytest.mark.parametrize("method", ["auto", "exact", "milp", "uniform"])
def test_infeasibility_is_proven(method):
    solution = ho.solve(infeasible(), method, seed=1)
    assert (solution.status, solution.feasible, solution.bound) == ("infeasible", False, None)


@pytest.mark.parametrize("method", ["anneal", "tabu", "qaoa", "vqe"])
def test_heuristics_show_the_least_violated(method):
    solution = ho.solve(infeasible(), method, seed=1)
    assert solution.status == "none_found"
    assert len(solution.violations) == 1
    assert solution.gap is None


def test_a_row_that_can_never_hold_is_an_answer_with_the_reason():
    cqm = dimod.ConstrainedQuadraticModel()
    x, y = dimod.Binaries("xy")
    cqm.add_constraint(x + y >= 3, label="three of two")
    solution = ho.solve(cqm, "anneal", seed=1)
    assert solution.status == "infeasible"
    assert any("three of two" in note for note in solution.notes)


def test_a_variable_without_a_value_is_an_answer_with_the_reason():
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.add_variable("INTEGER", "x", lower_bound=0.2, upper_bound=0.8)
    solution = ho.solve(cqm, "anneal", seed=4)
    assert (solution.status, solution.sample, solution.seed) == ("infeasible", None, 4)
    assert "'x' has bounds 0.2 to 0.8" in solution.notes[0]
    assert "'x' has bounds" in str(solution)
    assert solution.table().empty


def test_a_baseline_can_prove_infeasibility():
    solution = ho.solve(infeasible(), "anneal", compare=["exact"], seed=1)
    assert solution.status == "infeasible"
    assert solution.baselines[0].status == "infeasible"


# -- proofs

def test_prove_adds_a_bound_only_where_there_is_none():
    solution = ho.solve(bqm(), "anneal", prove=True, seed=1)
    assert (solution.status, solution.bound_source, solution.gap) == ("optimal", "milp (bound)", 0.0)
    assert [row.method for row in solution.baselines] == ["milp (bound)"]
    assert ho.solve(bqm(), "anneal", seed=1).bound is None
    assert ho.solve(bqm(), "exact", prove=True).baselines == []
    compared = ho.solve(bqm(), "tabu", compare=["exact"], prove=True)
    assert [row.method for row in compared.baselines] == ["exact"]


def test_prove_says_so_if_the_answer_is_not_optimal():
    solution = ho.solve(bqm(), Claims([[0] * 8]), prove=True, seed=1)
    best = ho.solve(bqm(), "exact").objective
    assert (solution.objective, solution.bound, solution.status) == (0.0, best, "feasible")
    assert solution.gap == pytest.approx(-best / abs(best))


def test_no_bound_without_proof_and_minus_infinity_is_none():
    assert ho.solve(bqm(), Claims([[0] * 8], bound=-np.inf)).bound is None


def test_rounding_of_a_bound_is_no_contradiction():
    best = ho.solve(bqm(), "exact")
    states = [[best.sample[i] for i in range(8)]]
    solution = ho.solve(bqm(), Claims(states, bound=best.objective + 1e-8))
    assert (solution.bound, solution.status) == (best.objective, "optimal")
    looser = ho.solve(bqm(), Claims(states, bound=best.objective - 1e-3))
    assert looser.status == "feasible"
    proven = ho.solve(bqm(), Claims(states, bound=best.objective - 1e-7, proof="optimal"))
    assert (proven.bound, proven.status) == (best.objective, "optimal")


# -- wrong claims

@pytest.mark.parametrize(
    ("solver", "match"),
    [
        (Claims([[0] * 8], bound=5.0), "bound 5.0"),
        (Claims([[0] * 8], bound=float("nan")), "nan"),
        (Claims([[0] * 8], bound=float("inf")), "inf"),
        (Claims([[0] * 8], proof="infeasible"), "nothing is feasible"),
        (Claims(proof="optimal"), "proposed nothing feasible"),
        (Claims([[0] * 8], proof="maybe"), "proof 'maybe'"),
        (Claims([[2] + [0] * 7]), "no variable has"),
        (Claims([[-1] + [0] * 7]), "no variable has"),
        (Claims([[0] * 8], counts=np.array([1, 2])), "counts"),
        (Claims([[0] * 8], counts=np.array([0])), "counts"),
    ],
)
def test_wrong_claims_are_errors_that_name_the_solver(solver, match):
    with pytest.raises(SolverError, match=f"claims.*{match}"):
        ho.solve(bqm(), solver)


@pytest.mark.parametrize("states", [np.zeros(8), np.zeros((2, 7), dtype=int), np.full((1, 8), 0.5), None])
def test_malformed_states(states):
    class Odd:
        name = "odd"

        def solve(self, request):
            return Outcome(states)

    with pytest.raises(SolverError, match="'odd'"):
        ho.solve(bqm(), Odd())


def test_a_solver_must_return_an_outcome():
    class Odd:
        name = "odd"

        def solve(self, request):
            return {"x": 1}

    with pytest.raises(SolverError, match="'odd' returned a dict"):
        ho.solve(bqm(), Odd())


def test_a_false_optimum_is_caught_by_a_better_answer():
    false = Claims([[0] * 8], proof="optimal")
    with pytest.raises(SolverError, match=r"'claims' claims the bound 0\.0, but 'exact'"):
        ho.solve(bqm(), "exact", compare=[false])
    best = ho.solve(bqm(), "exact").sample
    with pytest.raises(SolverError, match="but the start reaches"):
        ho.solve(bqm(), false, start=best)


def test_a_false_infeasibility_is_caught_by_any_feasible_answer():
    false = Claims(proof="infeasible")
    with pytest.raises(SolverError, match="'exact' found a feasible assignment"):
        ho.solve(bqm(), "exact", compare=[false])
    with pytest.raises(SolverError, match="a feasible assignment is known"):
        ho.solve(bqm(), false, start=dict.fromkeys(range(8), 0))


# -- ctrl-C, limits, progress, seed

def test_ctrl_c_in_a_solver_keeps_the_start():
    start = dict.fromkeys(range(8), 0)
    solution = ho.solve(bqm(), Raises(KeyboardInterrupt()), compare=["exact"], start=start)
    assert solution.interrupted
    assert not solution.deterministic
    assert solution.objective == 0.0
    assert solution.baselines == []
    assert any("ctrl-C" in note for note in solution.notes)


def test_ctrl_c_in_a_baseline_keeps_the_answer_and_the_rows_before():
    solution = ho.solve(bqm(), "exact", compare=["milp", Raises(KeyboardInterrupt()), "anneal"])
    assert [row.method for row in solution.baselines] == ["milp", "raises"]
    assert not solution.interrupted
    assert "ctrl-C ended the comparison" in solution.notes


def test_errors_of_the_method_come_out_and_of_a_baseline_become_a_row():
    error = ModelTooLargeError("needs 99 qubits")
    with pytest.raises(ModelTooLargeError, match="99"):
        ho.solve(bqm(), Raises(error))
    row = ho.solve(bqm(), "exact", compare=[Raises(error)]).baselines[0]
    assert (row.method, row.status, row.objective, row.note) == ("raises", "not run", None, "needs 99 qubits")
    with pytest.raises(ZeroDivisionError):
        ho.solve(bqm(), "exact", compare=[Raises(ZeroDivisionError())])


def test_seed_is_recorded_and_repeats_the_answer():
    first = ho.solve(bqm(20), Anneal(reads=5, sweeps=2))
    second = ho.solve(bqm(20), Anneal(reads=5, sweeps=2), seed=first.seed)
    assert first.sample == second.sample
    assert first.sampleset == second.sampleset
    assert first.deterministic


def test_progress_and_limit_reach_the_solver():
    heard = []
    probe = Claims([[0] * 8])

    def listen(share, text):
        heard.append((share, text))

    ho.solve(bqm(), probe, compare=["anneal", "exact"], progress=listen, time_limit=7)
    assert probe.requests[0].time_limit == 7.0
    shares = [share for share, _ in heard]
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert any("anneal: 100 reads" in text for _, text in heard)


def test_the_model_is_not_changed():
    model, copy = integer_model(), integer_model()
    ho.solve(model, "anneal", compare=["exact", "milp", "tabu", "uniform"], seed=1)
    assert model.is_equal(copy)


def test_rows_carry_their_share_of_optimal_and_feasible_draws():
    solution = ho.solve(integer_model(), "uniform", compare=["exact"], seed=1)
    row = solution.rows[0]
    record = solution.sampleset.record
    hits = record.num_occurrences[record.energy <= solution.bound + 1e-9].sum()
    assert row.optimum_share == pytest.approx(hits / 1000)
    assert row.feasible_share == 1.0
    assert ho.solve(integer_model(), "uniform", seed=1).rows[0].optimum_share is None


# -- illegal arguments

@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"method": "aneal"}, "did you mean 'anneal'"),
        ({"method": "QAOA"}, "did you mean 'qaoa'"),
        ({"method": "simplex-of-doom"}, "Legal are 'auto'"),
        ({"method": Exact}, r"Exact\(\)"),
        ({"method": 3}, "method is 3"),
        ({"method": None}, "method is None"),
        ({"compare": "anneal"}, r"compare=\['anneal'\]"),
        ({"compare": 3}, "compare is 3"),
        ({"compare": ["tabbu"]}, "compare 'tabbu' is unknown; did you mean 'tabu'"),
        ({"time_limit": 0}, "time_limit is 0"),
        ({"time_limit": -1.0}, "time_limit is -1.0"),
        ({"time_limit": float("nan")}, "time_limit is nan"),
        ({"time_limit": "1 min"}, "time_limit is '1 min'"),
        ({"time_limit": True}, "time_limit is True"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": float("nan")}, "seed is nan"),
        ({"seed": 1.0}, "seed is 1.0"),
        ({"prove": "yes"}, "prove is 'yes'"),
        ({"progress": 3}, "progress is 3"),
    ],
)
def test_illegal_arguments(arguments, match):
    with pytest.raises(OptionError, match=match):
        ho.solve(bqm(), **arguments)


@pytest.mark.parametrize("model", [None, {"a": 1}, np.eye(3)])
def test_other_models_are_refused(model):
    with pytest.raises(UnsupportedModelError, match="the model is a"):
        ho.solve(model)


def test_settings_of_solver_objects_hold():
    assert ho.solve(bqm(), Tabu(reads=3), seed=1).samples == 3


def test_large_coefficients_hide_no_broken_row():
    z, y = dimod.Binary("z"), dimod.Integer("y", upper_bound=10)
    model = dimod.ConstrainedQuadraticModel()
    model.set_objective(500 * z - 100 * y)
    model.add_constraint(y - 10**10 * z <= 0, label="link")
    solution = ho.solve(model, compare=["milp"], seed=1)
    assert (solution.objective, solution.status) == (-500.0, "optimal")
    assert model.check_feasible(solution.sample)


def test_small_objectives_and_large_offsets_are_not_proven_by_a_loose_bound():
    small = dimod.BinaryQuadraticModel({"a": 1e-10, "b": -1e-10}, {}, 0.0, "BINARY")
    poor = ho.solve(small, Claims([[1, 1]]), compare=["exact"], seed=1)
    assert (poor.status, poor.objective) == ("feasible", 0.0)
    shifted = dimod.BinaryQuadraticModel({"a": 1.0, "b": -0.5}, {}, 1e10, "BINARY")
    assert ho.solve(shifted, Claims([[1, 1]]), compare=["exact"], seed=1).status == "feasible"


def test_rows_that_leave_few_states_make_a_model_small_enough_to_enumerate():
    k, small = dimod.Integer("k"), dimod.Integer("l", upper_bound=3)  # k up to 2^53
    model = dimod.ConstrainedQuadraticModel()
    model.set_objective(-k + small)
    model.add_constraint(k <= 7, label="cap")
    for method in ("auto", "exact"):
        solution = ho.solve(model, method, seed=1)
        assert (solution.status, solution.sample) == ("optimal", {"k": 7, "l": 0})


def test_a_start_with_an_unknown_variable_is_refused():
    with pytest.raises(ModelError, match="zz"):
        ho.solve(bqm(), "exact", start=dict.fromkeys([*range(8), "zz"], 0))
