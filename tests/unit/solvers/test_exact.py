import numpy as np
import pytest

from hybrid_opt.errors import ModelTooLargeError, OptionError
from hybrid_opt.qubo.enumeration import count_and_minimize
from hybrid_opt.qubo.problem import Pair, Problem, Row, Variable
from hybrid_opt.solvers.base import Request, Solver
from hybrid_opt.solvers.exact import Exact


def binaries(n, rows=(), seed=0):
    rng = np.random.default_rng(seed)
    pairs = [Pair(i, j, float(rng.integers(-9, 10))) for j in range(n) for i in range(j)]
    linear = rng.integers(-9, 10, n)
    return Problem([Variable(i, "binary", 2, linear=float(linear[i])) for i in range(n)], pairs, rows)


def test_optimum_with_proof_and_counted_effort():
    problem = binaries(10, [Row("most", "<=", 4.0, dict.fromkeys(range(10), 1.0))])
    outcome = Exact().solve(Request(problem, seed=0))
    census = count_and_minimize(problem)
    np.testing.assert_array_equal(outcome.states, census.minimizers)
    assert outcome.proof == "optimal"
    assert outcome.bound == census.minimum == problem.objective(outcome.states).min()
    assert outcome.effort == {"states": 1024}
    assert outcome.deterministic
    assert not outcome.interrupted


def test_infeasible_is_proven():
    problem = binaries(4, [Row("all", ">=", 5.0, dict.fromkeys(range(4), 1.0))])
    outcome = Exact().solve(Request(problem, seed=0))
    assert (outcome.proof, outcome.bound, outcome.states.shape) == ("infeasible", None, (0, 4))


def test_model_without_variables():
    outcome = Exact().solve(Request(Problem([], offset=1.5), seed=0))
    assert (outcome.proof, outcome.bound, outcome.states.shape) == ("optimal", 1.5, (1, 0))


def test_is_a_solver():
    assert isinstance(Exact(), Solver)
    assert Exact().name == "exact"
    assert Exact().limit == 2**20


@pytest.mark.parametrize("limit", [0, -1, 2**24 + 1, 1.5, True, None])
def test_illegal_limits(limit):
    with pytest.raises(OptionError, match=r"limit is .*at least 1 and at most 16,777,216"):
        Exact(limit=limit)


def test_too_many_assignments_name_what_would_do():
    with pytest.raises(ModelTooLargeError, match=r"2,097,152 .*1,048,576; use Exact\(limit=2\*\*24\), or"):
        Exact().solve(Request(binaries(21), seed=0))
    with pytest.raises(ModelTooLargeError, match=r"use method='milp' .* 'anneal'") as info:
        Exact(limit=2**24).solve(Request(binaries(25), seed=0))
    assert "limit=2**24" not in str(info.value)


def selection(n, k, rows=()):
    return binaries(n, [Row("k", "==", float(k), dict.fromkeys(range(n), 1.0)), *rows])


def test_a_row_that_chooses_k_is_kept_in_enumeration():
    calls = []
    layer = Row("layer", ">=", 1.0, dict.fromkeys(range(6), 1.0))
    problem = selection(24, 12, [layer])
    request = Request(problem, seed=0, progress=lambda share, text: calls.append((share, text)))
    outcome = Exact().solve(request)
    # All but the assignments with no one in the first six.
    assert outcome.effort == {"states": 2704156 - 18564}
    assert calls[-1] == (1.0, "2,685,592 of 2,685,592 assignments")
    census = count_and_minimize(problem)
    np.testing.assert_array_equal(outcome.states, census.minimizers)
    assert outcome.proof == "optimal"
    assert outcome.bound == problem.objective(outcome.states).min()


def test_the_limit_counts_what_is_looked_at():
    assert Exact(limit=2**14).solve(Request(selection(40, 3), seed=0)).effort == {"states": 9880}
    with pytest.raises(ModelTooLargeError, match="about 10"):
        Exact(limit=2**11).solve(Request(selection(60, 3), seed=0))


def test_groups_that_leave_nothing_are_proven_infeasible():
    few = [Row("few", "<=", 1.0, dict.fromkeys(range(12), 1.0))]
    few += [Row("many", ">=", 2.0, dict.fromkeys(range(11), 1.0))]
    outcome = Exact().solve(Request(selection(24, 12, few), seed=0))
    assert (outcome.proof, outcome.bound, outcome.states.shape) == ("infeasible", None, (0, 24))


def test_progress_per_block_on_request_beyond_the_automatic_limit():
    calls = []
    problem = Problem([Variable(i, "binary", 2, linear=-1.0) for i in range(21)])
    request = Request(problem, seed=0, progress=lambda share, text: calls.append((share, text)))
    outcome = Exact(limit=2**21).solve(request)
    assert outcome.bound == -21
    assert [share for share, _ in calls] == [k / 8 for k in range(1, 9)]
    assert calls[0][1] == "262,144 of 2,097,152 assignments"


def test_time_limit_ends_between_blocks_without_proof():
    problem = Problem([Variable(i, "binary", 2, linear=-1.0) for i in range(20)])
    outcome = Exact().solve(Request(problem, seed=0, time_limit=1e-9))
    assert (outcome.proof, outcome.bound, outcome.deterministic) == (None, None, False)
    assert outcome.effort == {"states": 2**18}
    assert outcome.states.tolist() == [[0, 0] + [1] * 18]


def test_time_limit_after_the_last_block_costs_nothing():
    outcome = Exact().solve(Request(binaries(6), seed=0, time_limit=1e-9))
    assert outcome.proof == "optimal"
    assert outcome.deterministic


def test_ctrl_c_keeps_the_best_so_far():
    def interrupt(share, text):
        if share > 0.4:
            raise KeyboardInterrupt

    problem = Problem([Variable(i, "binary", 2, linear=-1.0) for i in range(20)])
    outcome = Exact().solve(Request(problem, seed=0, progress=interrupt))
    assert (outcome.proof, outcome.bound) == (None, None)
    assert outcome.interrupted
    assert not outcome.deterministic
    assert outcome.effort == {"states": 2**19}
    assert outcome.states.tolist() == [[0] + [1] * 19]
