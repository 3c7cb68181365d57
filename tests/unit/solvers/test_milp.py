import ctypes
import itertools
import threading
import time
from types import SimpleNamespace

import dimod
import numpy as np
import pytest
from scipy.optimize import linprog

from hybrid_opt.errors import ModelTooLargeError, OptionError
from hybrid_opt.qubo.problem import Pair, Problem, Row, Variable
from hybrid_opt.qubo.reading import read_model
from hybrid_opt.solvers import milp
from hybrid_opt.solvers.base import Outcome, Request, Solver
from hybrid_opt.solvers.exact import Exact
from hybrid_opt.solvers.linear_products import linear_form
from hybrid_opt.solvers.milp import MILP, prove_bound


def solve(problem, **options):
    return MILP().solve(Request(problem, seed=0, **options))


def dense(n, seed=0):
    rng = np.random.default_rng(seed)
    pairs = [Pair(i, j, float(rng.normal())) for j in range(n) for i in range(j)]
    return Problem([Variable(i, "binary", 2, linear=float(rng.normal())) for i in range(n)], pairs)


def pricing(n_groups, n_levels, seed=0):
    """Profit of prices under linear demand with cross effects, as costs of levels and pairs of levels."""
    rng = np.random.default_rng(seed)
    prices = np.linspace(5, 15, n_levels)
    base, slope = rng.uniform(50, 100, n_groups), rng.uniform(3, 6, n_groups)
    cross = rng.uniform(0, 1, (n_groups, n_groups))
    variables = [
        Variable(g, "level", n_levels, table=-(prices - 4) * (base[g] - slope[g] * prices))
        for g in range(n_groups)
    ]
    margin = np.outer(prices - 4, prices)
    pairs = [
        Pair(g, h, table=-cross[g, h] * margin - cross[h, g] * margin.T)
        for h in range(n_groups)
        for g in range(h)
    ]
    return Problem(variables, pairs)


def relaxation(problem):
    """Optimum of the linear relaxation."""
    form = linear_form(problem)
    rows, sides = form.matrix.toarray(), (form.row_upper, -form.row_lower)
    matrix, right = np.vstack([rows, -rows]), np.concatenate(sides)
    kept = np.isfinite(right)
    bounds = np.stack([np.zeros(len(form.upper)), form.upper], axis=1)
    return linprog(form.cost, matrix[kept], right[kept], bounds=bounds).fun + form.offset


# --- the form ------------------------------------------------------------------------------------------


def test_counted_integers_take_one_column_whatever_their_size():
    top = 10**6
    variables = [
        Variable("x", "integer", top + 1, linear=-3.0),
        Variable("y", "integer", 2 * top + 1, lower=-top, linear=-2.0),
    ]
    problem = Problem(variables, rows=[Row("r", "<=", 1_000_003.0, {0: 5.0, 1: 4.0})])
    assert len(linear_form(problem).cost) == 2
    outcome = solve(problem)
    x = np.arange(top + 1)
    y = np.clip((1_000_003 - 5 * x) // 4, -top, top)
    best = (-3 * x - 2 * y)[5 * x + 4 * y <= 1_000_003].min()
    assert outcome.proof == "optimal"
    assert outcome.bound == problem.objective(outcome.states)[0] == best


def test_a_product_keeps_only_the_side_its_sign_needs():
    variables = [Variable(i, "binary", 2) for i in range(2)]
    assert len(linear_form(Problem(variables, [Pair(0, 1, 1.0)])).row_lower) == 1
    assert len(linear_form(Problem(variables, [Pair(0, 1, -1.0)])).row_lower) == 2
    assert len(linear_form(Problem(variables, [Pair(0, 1, 0.0)])).row_lower) == 0


@pytest.mark.parametrize(("sense", "scale"), [("==", 1.0), ("<=", 2.0), (">=", -0.5)])
def test_products_within_an_exclusive_row_vanish(sense, scale):
    variables = [Variable(i, "binary", 2, linear=-1.0 - i) for i in range(3)]
    pairs = [Pair(0, 1, -50.0), Pair(1, 2, -50.0)]
    problem = Problem(variables, pairs, [Row("one", sense, scale, dict.fromkeys(range(3), scale))])
    assert len(linear_form(problem).cost) == 3
    assert solve(problem).bound == -3


def test_the_relaxation_over_groups_is_tighter_than_products_one_by_one(monkeypatch):
    problem = pricing(3, 4, seed=5)
    optimum = Exact().solve(Request(problem, seed=0)).bound
    blocks = relaxation(problem)
    monkeypatch.setattr("hybrid_opt.solvers.linear_products.BLOCK_PRODUCTS", 0)
    monkeypatch.setattr("hybrid_opt.solvers.linear_products._write_blocks", one_by_one)
    single = relaxation(problem)
    assert single < blocks - 1
    assert blocks <= optimum + 1e-6


def one_by_one(program, terms, choice_of):
    from hybrid_opt.solvers.linear_products import _add_product

    where = {}
    for (a, b), cost in terms.items():
        _add_product(program, a, b, cost, where)
    return where


def test_user_groups_are_treated_like_one_variable():
    """Binaries under "exactly one" rows get the relaxation of a level variable with the same tables."""
    problem = pricing(3, 4, seed=1)
    variables, rows = [], []
    for g, level in enumerate(problem.variables):
        rows.append(Row(f"group {g}", "==", 1.0, {4 * g + s: 1.0 for s in range(4)}))
        variables += [Variable((g, s), "binary", 2, linear=float(level.table[s])) for s in range(4)]
    pairs = [
        Pair(4 * pair.first + s, 4 * pair.second + t, float(pair.table[s, t]))
        for pair in problem.pairs
        for s in range(4)
        for t in range(4)
    ]
    spelled_out = Problem(variables, pairs, rows)
    assert relaxation(spelled_out) == pytest.approx(relaxation(problem), abs=1e-6)
    assert solve(spelled_out).bound == pytest.approx(solve(problem).bound, abs=1e-9)


def test_large_products_of_values_take_the_reduced_form():
    variables = [
        Variable("u", "integer", 200, lower=-90, linear=1.0),
        Variable("v", "integer", 180, lower=-100, linear=-2.0),
    ]
    rows = [Row("r", "<=", 17.0, {0: 1.0, 1: 2.0}), Row("s", ">=", -60.0, {0: 1.0, 1: -1.0})]
    for coefficient in (-1.0, 0.7):
        problem = Problem(variables, [Pair(0, 1, coefficient)], rows)
        assert len(linear_form(problem).cost) == 199 + 179 + 179
        outcome = solve(problem)
        assert outcome.proof == "optimal"
        assert outcome.bound == pytest.approx(Exact().solve(Request(problem, seed=0)).bound, abs=1e-9)


def test_large_tables_per_unit_take_the_reduced_form_too():
    rng = np.random.default_rng(0)
    units = [np.cumsum(rng.uniform(0.5, 2.0, n)) for n in (160, 150)]
    own = [rng.normal(size=len(u)) * 30 for u in units]
    variables = [Variable(i, "level", len(costs), table=costs) for i, costs in enumerate(own)]
    row = Row("r", "==", 120.0, {0: 1.0, 1: 1.0})
    for coefficient in (-0.5, 0.25):
        table = coefficient * np.outer(*units) + rng.normal(size=160)[:, None] + rng.normal(size=150)
        problem = Problem(variables, [Pair(0, 1, table=table)], [row])
        assert len(linear_form(problem).cost) == 159 + 149 + 149
        outcome = solve(problem)
        assert outcome.proof == "optimal"
        assert outcome.bound == pytest.approx(Exact().solve(Request(problem, seed=0)).bound, abs=1e-9)


def test_models_too_large_say_what_to_do():
    too_many = Problem([Variable("x", "integer", 2**16 + 1, square=1.0)])
    with pytest.raises(ModelTooLargeError, match="'x' has 65537 states"):
        solve(too_many)
    unbounded = Problem([Variable("x", "integer", 2**53, linear=1.0)])
    with pytest.raises(ModelTooLargeError, match="tighter bounds or a coarser unit"):
        solve(unbounded)
    levels = [Variable(i, "level", 1100, table=np.zeros(1100)) for i in range(2)]
    table = np.random.default_rng(0).normal(size=(1100, 1100))
    with pytest.raises(ModelTooLargeError, match="more than 1,048,576 products"):
        solve(Problem(levels, [Pair(0, 1, table=table)]))
    wide = [Variable(i, "level", 2**16, table=np.zeros(2**16)) for i in range(17)]
    with pytest.raises(ModelTooLargeError, match="more than 1,048,576 columns"):
        solve(Problem(wide))


# --- the answer ----------------------------------------------------------------------------------------


def test_pricing_is_proven():
    problem = pricing(5, 6)
    outcome = solve(problem)
    assert outcome.proof == "optimal"
    assert outcome.bound == problem.objective(outcome.states)[0]
    assert outcome.bound == pytest.approx(Exact().solve(Request(problem, seed=0)).bound, abs=1e-9)
    assert outcome.effort["columns"] == 5 * 5 + 10 * 25
    assert set(outcome.timings) == {"form", "highs"}


@pytest.mark.parametrize("offset", [0.0, 1e9])
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_neither_scale_nor_offset_of_the_costs_spoils_the_proof(scale, offset):
    """HiGHS's absolute gap of 1e-6 alone would call anything optimal at the small scale."""
    exact = Exact().solve(Request(dense(12, seed=3), seed=0))
    base = dense(12, seed=3)
    variables = [Variable(v.label, "binary", 2, linear=scale * v.linear) for v in base.variables]
    pairs = [Pair(p.first, p.second, scale * p.coefficient) for p in base.pairs]
    outcome = solve(Problem(variables, pairs, offset=offset))
    assert outcome.proof == "optimal"
    np.testing.assert_array_equal(outcome.states, exact.states)
    assert outcome.bound == pytest.approx(scale * exact.bound + offset, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-7, 1.0, 1e5])
def test_rows_hold_exactly_whatever_their_scale(scale):
    terms = {i: scale * (i + 2) for i in range(5)}
    rows = [Row("r", "<=", 9 * scale, terms)]
    problem = Problem([Variable(i, "binary", 2, linear=-float(i + 1)) for i in range(5)], rows=rows)
    outcome = solve(problem)
    assert outcome.proof == "optimal"
    assert outcome.bound == -7  # items 2, 3, 4 weigh 2 + 3 + 4 and are worth 6; items 3 and 4 of weights 4, 5


def test_infeasible_is_proven():
    variables = [Variable(i, "spin", 2, lower=-1, step=2) for i in range(4)]
    odd = Problem(variables, rows=[Row("odd", "==", 1.0, dict.fromkeys(range(4), 1.0))])
    outcome = solve(odd)
    assert (outcome.proof, outcome.bound, outcome.states.shape) == ("infeasible", None, (0, 4))
    assert prove_bound(odd, 10.0) == (None, "infeasible")


def test_infeasible_where_highs_fails_with_its_presolve():
    """HiGHS 1.12 answers "Solve error" here; the second run, without presolve, settles it."""
    variables = [Variable(0, "level", 3, table=np.zeros(3)), *(Variable(i, "binary", 2) for i in (1, 2))]
    problem = Problem(variables, rows=[Row("r", "==", 0.5, {0: 2.0, 1: -2.5})])
    outcome = solve(problem)
    assert (outcome.proof, outcome.notes) == ("infeasible", [])


def test_models_without_a_choice():
    level = Variable("y", "level", 1, table=np.array([0.5]))
    fixed = [Variable("x", "integer", 1, lower=3, linear=2.0), level]
    outcome = solve(Problem(fixed, [Pair(0, 1, table=np.array([[4.0]]))], offset=1.0))
    assert (outcome.proof, outcome.bound, outcome.states.tolist()) == ("optimal", 11.5, [[0, 0]])
    outcome = solve(Problem([], offset=2.0))
    assert (outcome.proof, outcome.bound, outcome.states.shape) == ("optimal", 2.0, (1, 0))
    assert solve(Problem(fixed, rows=[Row("r", ">=", 4.0, {0: 1.0})])).proof == "infeasible"


def test_constant_rows_count_too():
    variables = [Variable("x", "integer", 1, lower=3), Variable("y", "binary", 2, linear=1.0)]
    assert solve(Problem(variables, rows=[Row("r", "==", 3.0, {0: 1.0})])).proof == "optimal"
    assert solve(Problem(variables, rows=[Row("r", "==", 2.0, {0: 1.0})])).proof == "infeasible"


def test_a_start_is_among_the_proposals():
    problem = dense(6)
    start = np.ones(6, dtype=np.int64)
    outcome = solve(problem, start=start)
    assert outcome.states.shape == (2, 6)
    np.testing.assert_array_equal(outcome.states[1], start)
    assert outcome.proof == "optimal"


def test_time_limit_gives_incumbent_and_bound():
    problem = dense(90)
    begin = time.perf_counter()
    outcome = MILP(time_limit=1.0).solve(Request(problem, seed=0, time_limit=30.0))
    assert time.perf_counter() - begin < 8
    assert outcome.proof is None
    assert not outcome.deterministic
    assert not outcome.interrupted
    if outcome.bound is not None and len(outcome.states):
        assert outcome.bound <= problem.objective(outcome.states).min()


def test_highs_is_left_behind_where_it_does_not_keep_the_limit(monkeypatch):
    release = threading.Event()

    def sleep(*args, **options):
        assert options["options"]["time_limit"] == pytest.approx(0.2, abs=0.1)
        release.wait(20)

    monkeypatch.setattr("hybrid_opt.solvers.highs.milp", sleep)
    begin = time.perf_counter()
    outcome = solve(ONE, time_limit=0.2)
    assert time.perf_counter() - begin < 3
    release.set()
    assert not outcome.deterministic
    assert (outcome.proof, outcome.bound, len(outcome.states)) == (None, None, 0)
    assert outcome.notes == ["no bound: HiGHS did not keep its time limit"]


def test_errors_inside_the_thread_reach_the_caller(monkeypatch):
    def fail(*args, **options):
        raise MemoryError("too large")

    monkeypatch.setattr("hybrid_opt.solvers.highs.milp", fail)
    with pytest.raises(MemoryError, match="too large"):
        solve(ONE)


def test_progress_is_reported():
    shares = []
    solve(dense(90), time_limit=0.5, progress=lambda share, text: shares.append(share))
    assert shares == sorted(shares)
    assert 0 < shares[0] <= shares[-1] <= 1


def test_ctrl_c_returns_at_once_and_the_thread_ends_by_itself():
    def interrupt(share, text):
        raise KeyboardInterrupt

    start = np.zeros(90, dtype=np.int64)
    request = Request(dense(90), seed=0, time_limit=4.0, start=start, progress=interrupt)
    begin = time.perf_counter()
    outcome = MILP().solve(request)
    assert time.perf_counter() - begin < 3
    assert outcome.interrupted
    assert not outcome.deterministic
    assert (outcome.proof, outcome.bound) == (None, None)
    assert outcome.states.tolist() == [start.tolist()]
    for thread in threading.enumerate():
        if thread.name == "HiGHS":
            thread.join(10)
            assert not thread.is_alive()


def test_nothing_is_printed(capfd):
    library = ctypes.CDLL(None)
    test_infeasible_where_highs_fails_with_its_presolve()  # HiGHS prints a debugging line on this one
    library.fflush(None)
    assert capfd.readouterr() == ("", "")
    library.puts(b"C may print again")
    library.fflush(None)
    assert capfd.readouterr().out == "C may print again\n"


def test_prove_bound():
    problem = dense(10)
    bound, proof = prove_bound(problem, 10.0)
    assert proof == "optimal"
    assert bound == pytest.approx(Exact().solve(Request(problem, seed=0)).bound, abs=1e-9)


def test_is_a_solver():
    assert isinstance(MILP(), Solver)
    assert MILP().name == "milp"


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), "5", True])
def test_illegal_time_limits(seconds):
    with pytest.raises(OptionError, match="time_limit is"):
        MILP(time_limit=seconds)


# --- HiGHS is not believed blindly -----------------------------------------------------------------------


def answer(monkeypatch, *results):
    """Let HiGHS answer with the given results, one per run."""
    queue = [SimpleNamespace(**{"mip_node_count": 1, "message": "test", **result}) for result in results]
    monkeypatch.setattr(milp, "run_highs", lambda *args, **options: queue.pop(0))


ONE = Problem([Variable(0, "binary", 2, linear=-1.0)], rows=[Row("r", "<=", 1.0, {0: 1.0})])
NONE = {"x": None, "fun": None, "mip_dual_bound": None}


def test_a_start_refutes_infeasibility(monkeypatch):
    answer(monkeypatch, {"status": 2, **NONE}, {"status": 2, **NONE})
    outcome = solve(ONE, start=np.array([1]))
    assert (outcome.proof, outcome.bound) == (None, None)
    assert "which the start refutes" in outcome.notes[0]


def test_the_second_opinion_on_infeasibility_counts(monkeypatch):
    found = {"status": 0, "x": np.array([1.0]), "fun": -1.0, "mip_dual_bound": -1.0}
    answer(monkeypatch, {"status": 2, **NONE}, found)
    outcome = solve(ONE)
    assert (outcome.proof, outcome.bound, outcome.states.tolist()) == ("optimal", -1.0, [[1]])


def test_a_start_refutes_a_bound(monkeypatch):
    wrong = {"status": 0, "x": np.array([0.0]), "fun": 0.0, "mip_dual_bound": 0.0}
    answer(monkeypatch, wrong, wrong)
    outcome = solve(ONE, start=np.array([1]))
    assert (outcome.proof, outcome.bound) == (None, None)
    assert "an assignment of cost -1.0 refutes" in outcome.notes[0]


def test_an_infeasible_optimum_proves_nothing(monkeypatch):
    impossible = Problem([Variable(0, "binary", 2, linear=-1.0)], rows=[Row("r", "<=", 0.5, {0: 1.0})])
    wrong = {"status": 0, "x": np.array([1.0]), "fun": -1.0, "mip_dual_bound": -1.0}
    answer(monkeypatch, wrong, wrong)
    outcome = solve(impossible)
    assert (outcome.proof, outcome.bound) == (None, -1.0)


def test_a_bound_below_a_whole_number_is_rounded_up(monkeypatch):
    """All costs are whole, so -1.7 proves -1; with the incumbent at -1 the time limit does not matter."""
    late = {"status": 1, "x": np.array([1.0]), "fun": -1.0, "mip_dual_bound": -1.7}
    answer(monkeypatch, late)
    outcome = solve(ONE)
    assert (outcome.proof, outcome.bound) == ("optimal", -1.0)
    answer(monkeypatch, {**late, "x": np.array([0.0])})
    outcome = solve(ONE)
    assert (outcome.proof, outcome.bound) == (None, -1.0)


def test_a_bound_is_not_rounded_where_a_product_may_be_a_fraction(monkeypatch):
    """The table is [-1, -2] times [1, 1/2]: whole factors on one side, the optimum is -1/2."""
    monkeypatch.setattr("hybrid_opt.solvers.linear_pairs.BLOCK_PRODUCTS", 0)
    table = np.zeros((3, 3))
    table[1:, 1:] = np.outer([-1.0, -2.0], [1.0, 0.5])
    variables = [Variable(i, "level", 3, table=np.zeros(3)) for i in range(2)]
    rows = [Row("first", "<=", 1.0, {0: 1.0}), Row("second", ">=", 2.0, {1: 1.0})]
    outcome = solve(Problem(variables, [Pair(0, 1, table=table)], rows))
    assert (outcome.proof, outcome.bound, outcome.notes) == ("optimal", -0.5, [])


def test_no_answer_is_reported(monkeypatch):
    answer(monkeypatch, {"status": 4, **NONE}, {"status": 4, **NONE})
    outcome = solve(ONE)
    assert (outcome.proof, outcome.bound, len(outcome.states)) == (None, None, 0)
    assert outcome.notes == ["HiGHS gave no answer: test"]


@pytest.mark.parametrize("decimals", [6, 13])
def test_weights_of_many_digits_cut_off_no_optimum(decimals):
    """HiGHS's presolve has called plans optimal that were not, from weights of 1e13 on."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        values = rng.uniform(-3, 3, (9, 3)).round(3)
        costs = rng.uniform(0, 20, (9, 3)).round(decimals)
        costs[:, 0] = 0.0
        weights = np.rint(costs * 10**decimals).astype(np.int64)
        chosen = rng.integers(0, 3, 9)
        limit = int(weights[np.arange(9), chosen].sum())
        model = dimod.ConstrainedQuadraticModel()
        names = [[f"x{g}{o}" for o in range(3)] for g in range(9)]
        model.set_objective(
            dimod.BinaryQuadraticModel(
                {names[g][o]: -values[g, o] for g in range(9) for o in range(3)}, {}, 0.0, "BINARY"
            )
        )
        for group in names:
            model.add_discrete(group)
        model.add_constraint(
            [(names[g][o], int(weights[g, o])) for g in range(9) for o in range(3) if weights[g, o]],
            sense="<=", rhs=limit,
        )  # fmt: skip
        picks = np.array(list(itertools.product(range(3), repeat=9)))
        allowed = weights[np.arange(9), picks].sum(axis=1) <= limit
        best = -values[np.arange(9), picks].sum(axis=1)[allowed].max()
        outcome = MILP().solve(Request(read_model(model), seed=0))
        assert outcome.bound is None or outcome.bound <= best + 1e-9
        if outcome.proof == "optimal":
            assert outcome.bound == pytest.approx(best)


def test_two_answers_of_a_wide_row_prove_what_both_say():
    def answer(value, proof):
        bound = None if proof == "infeasible" else float(value)
        return Outcome(np.array([[value]]), bound=bound, proof=proof)

    agreed = milp._agreed(answer(3, "optimal"), answer(3, "optimal"))
    assert (agreed.bound, agreed.proof, agreed.notes) == (3.0, "optimal", [])
    differing = milp._agreed(answer(3, "optimal"), answer(2, "optimal"))
    assert (differing.bound, differing.proof) == (2.0, None)
    assert "differ" in differing.notes[0]
    assert differing.states.tolist() == [[3], [2]]
    assert milp._agreed(answer(3, "infeasible"), answer(2, "infeasible")).proof == "infeasible"
    one = milp._agreed(answer(3, "optimal"), answer(2, "infeasible"))
    assert (one.bound, one.proof) == (None, None)
