"""The conformance suite: every solver of the package passes, and each way to break a rule is caught."""

import numpy as np
import pytest

from hybrid_opt import testing
from hybrid_opt.errors import HybridOptError, ModelTooLargeError
from hybrid_opt.solvers import (
    MILP,
    QAOA,
    VQE,
    Anneal,
    Auto,
    Decomposed,
    Exact,
    Greedy,
    Outcome,
    Tabu,
    Uniform,
)
from hybrid_opt.testing import ConformanceError, check_solver


@pytest.mark.parametrize(
    "solver",
    [
        Auto(),
        Exact(),
        MILP(),
        Anneal(reads=20, sweeps=200),
        Anneal(reads=20, sweeps=200, penalty="adaptive"),
        Tabu(reads=3),
        Greedy(),
        Greedy(restarts=1, swaps=False),
        Uniform(draws=50),
        QAOA(depth=1, shots=100),
        QAOA(depth=1, shots=None, postprocess="descent"),
        QAOA(depth=1, shots=20, optimizer="COBYLA", max_evaluations=3),
        Decomposed(),
        Decomposed("anneal", max_bits=2, exact_bits=0, fix=False, incumbent="anneal", penalty="adaptive"),
        Decomposed(QAOA(depth=1, shots=20), max_bits=3, exact_bits=1, fix=False, rounds=1),
        VQE(depth=1, shots=50, max_evaluations=20),
        VQE(depth=1, shots=None, training_shots=20, max_evaluations=20, postprocess="descent"),
        "anneal",
    ],
    ids=lambda solver: str(solver)[:60],
)
def test_our_solvers_pass(solver):
    passed = check_solver(solver, seed=3)
    assert passed[0] == "is a solver"
    assert passed[-1] == "keeps the time limit"
    assert len(passed) == 12


class Honest:
    """Enumerates; the broken ones below change one thing each."""

    name = "honest"

    def solve(self, request):
        return Exact().solve(request)


class Renamed(Honest):
    name = "Not Lower"


class WithoutName:
    def solve(self, request):
        return Exact().solve(request)


class NoOutcome(Honest):
    def solve(self, request):
        return super().solve(request).states


class WrongShape(Honest):
    def solve(self, request):
        outcome = super().solve(request)
        outcome.states = outcome.states.T
        return outcome


class ValuesInsteadOfStates(Honest):
    def solve(self, request):
        outcome = super().solve(request)
        outcome.states = request.problem.values(outcome.states).astype(np.int64)
        return outcome


class Unseeded(Honest):
    generator = np.random.default_rng()

    def solve(self, request):
        sizes = [variable.size for variable in request.problem.variables]
        if not sizes:
            return super().solve(request)
        return Outcome(self.generator.integers(sizes, size=(30, len(sizes))))


class ChangesTheModel(Honest):
    def solve(self, request):
        for pair in request.problem.pairs:
            object.__setattr__(pair, "coefficient", pair.coefficient + 1)
        return super().solve(request)


class ChangesTheStart(Honest):
    def solve(self, request):
        if request.start is not None:
            request.start[:] = 0
        return super().solve(request)


class FallsOverStart(Honest):
    def solve(self, request):
        if request.start is not None:
            raise ValueError("no idea")
        return super().solve(request)


class FallsOverEmpty(Honest):
    def solve(self, request):
        if not request.problem.variables:
            raise IndexError("list index out of range")
        return super().solve(request)


class RefusesEverything(Honest):
    def solve(self, request):
        raise ModelTooLargeError("too large")


class FalseBound(Honest):
    def solve(self, request):
        n = len(request.problem.variables)
        return Outcome(np.zeros((1, n), dtype=np.int64), bound=1e6)


class FalseOptimum(Honest):
    def solve(self, request):
        outcome = super().solve(request)
        worst = np.array([[variable.size - 1 for variable in request.problem.variables]], dtype=np.int64)
        if request.problem.feasible(worst)[0]:
            return Outcome(worst, proof="optimal")
        return outcome


class FalseInfeasibility(Honest):
    def solve(self, request):
        n = len(request.problem.variables)
        return Outcome(np.zeros((0, n), dtype=np.int64), proof="infeasible")


class OptimumOfNothing(Honest):
    def solve(self, request):
        n = len(request.problem.variables)
        if len(request.problem.rows) == 3:
            return Outcome(np.zeros((1, n), dtype=np.int64), proof="optimal")
        return super().solve(request)


class ProposesNothing(Honest):
    def solve(self, request):
        return Outcome(np.zeros((0, len(request.problem.variables)), dtype=np.int64))


@pytest.mark.parametrize(
    ("broken", "match"),
    [
        (Renamed(), "lower-case"),
        (WithoutName(), "name"),
        (Honest, "is the class Honest"),
        ("aneal", "anneal"),
        (NoOutcome(), "returned a ndarray"),
        (WrongShape(), "shape"),
        (ValuesInsteadOfStates(), r"check '(spin|integer) variables': .*no variable has"),
        (Unseeded(), "same seed differ"),
        (ChangesTheModel(), "changed the model"),
        (ChangesTheStart(), r"changed request\.start"),
        (FallsOverStart(), "ValueError: no idea"),
        (FallsOverEmpty(), "check 'empty': solve raised IndexError"),
        (RefusesEverything(), "was refused"),
        (FalseBound(), "bound"),
        (FalseOptimum(), "claims the bound"),
        (FalseInfeasibility(), "nothing is feasible"),
        (OptimumOfNothing(), "proven optimum"),
        (ProposesNothing(), "nothing was proposed"),
    ],
    ids=lambda item: getattr(type(item), "__name__", ""),
)
def test_broken_solvers_are_caught(broken, match):
    with pytest.raises(ConformanceError, match=match):
        check_solver(broken)


def test_an_honest_solver_of_a_user_passes():
    assert len(check_solver(Honest())) == 12


def test_a_solver_that_overruns_its_limit_is_caught(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(testing, "perf_counter", lambda: clock[0])

    class Slow(Honest):
        def solve(self, request):
            clock[0] += 60.0 * (request.time_limit < 1)
            return super().solve(request)

    with pytest.raises(ConformanceError, match=r"limit was 0\.5 s and the solver took 60\.0 s"):
        check_solver(Slow())


def test_the_error_is_an_assertion_and_one_of_ours():
    assert issubclass(ConformanceError, AssertionError)
    assert issubclass(ConformanceError, HybridOptError)
