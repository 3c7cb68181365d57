"""Random models: every method's answer is a true statement about the model."""

import dimod
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hybrid_opt as ho
from hybrid_opt.qubo import read_model
from hybrid_opt.qubo.enumeration import count_and_minimize
from hybrid_opt.solvers import MILP, QAOA, Anneal, Exact, Tabu, Uniform

small = st.integers(-6, 6)


@st.composite
def models(draw):
    """Two or three variables of mixed kinds, a quadratic objective, up to two constraints."""
    cqm = dimod.ConstrainedQuadraticModel()
    symbols = []
    for i in range(draw(st.integers(2, 3))):
        kind = draw(st.sampled_from(["binary", "spin", "integer"]))
        if kind == "integer":
            lower = draw(st.integers(-2, 2))
            upper = lower + draw(st.integers(0, 3))
            symbols.append(dimod.Integer(f"v{i}", lower_bound=lower, upper_bound=upper))
        else:
            symbols.append(dimod.Binary(f"v{i}") if kind == "binary" else dimod.Spin(f"v{i}"))
    objective = draw(small) * symbols[0] * symbols[1]
    objective += dimod.quicksum(draw(small) * symbol for symbol in symbols)
    cqm.set_objective(objective)
    for k in range(draw(st.integers(0, 2))):
        left = dimod.quicksum(draw(small) * symbol for symbol in symbols)
        right = draw(small)
        sense = draw(st.sampled_from(["<=", ">=", "=="]))
        cqm.add_constraint(left, sense=sense, rhs=right, label=f"row {k}")
    return cqm


SOLVERS = [
    Exact(), MILP(), Anneal(reads=8, sweeps=60), Tabu(reads=2, restarts=2), Uniform(draws=30),
    QAOA(depth=1, shots=30),
]  # fmt: skip


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.name)
@given(model=models(), seed=st.integers(0, 10))
@settings(max_examples=25)
def test_answers_are_true(solver, model, seed):
    census = count_and_minimize(read_model(model))
    solution = ho.solve(model, solver, seed=seed)
    if solution.sample is not None:
        assert solution.objective == pytest.approx(float(model.objective.energy(solution.sample)), abs=1e-9)
        assert solution.feasible == model.check_feasible(solution.sample)
        assert solution.feasible == (not solution.violations)
        excess = {
            label: abs(row.lhs.energy(solution.sample) - row.rhs) for label, row in model.constraints.items()
        }
        for label, amount in solution.violations.items():
            assert amount == pytest.approx(float(excess[label]))
    if census.minimum is None:
        assert solution.status in ("infeasible", "none_found")
        return
    assert solution.status != "infeasible"
    if solution.feasible:
        assert solution.objective >= census.minimum - 1e-9
    if solution.bound is not None:
        assert solution.bound <= census.minimum + 1e-6
    if solution.status == "optimal":
        assert solution.objective == pytest.approx(census.minimum, abs=1e-6)
    if solver.name in ("exact", "milp"):
        assert solution.status == "optimal"


@given(model=models(), seed=st.integers(0, 10))
@settings(max_examples=15)
def test_a_feasible_start_is_never_lost(model, seed):
    problem = read_model(model)
    census = count_and_minimize(problem)
    if census.minimum is None:
        return
    start = problem.to_sample(census.minimizers[-1])
    solution = ho.solve(model, Anneal(reads=1, sweeps=1), seed=seed, start=start)
    assert solution.feasible
    assert solution.objective == pytest.approx(census.minimum, abs=1e-9)
