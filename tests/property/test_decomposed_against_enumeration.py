"""Random models taken apart: answers, bounds and fixed bits against brute force."""

import dimod
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hybrid_opt as ho
from hybrid_opt.solvers import Anneal, Decomposed
from hybrid_opt.solvers.persistency import persistent_bits
from hybrid_opt.solvers.quadratic_bits import QuadraticBits

SOLVERS = ("exact", Anneal(reads=2, sweeps=5), "uniform")


@st.composite
def models(draw):
    n = draw(st.integers(1, 11))
    largest = draw(st.sampled_from([1, 2, 9]))
    weights = draw(st.lists(st.integers(-largest, largest), min_size=n * n, max_size=n * n))
    kept = draw(st.lists(st.booleans(), min_size=n * n, max_size=n * n))
    matrix = np.triu(np.reshape(weights, (n, n)) * (np.reshape(kept, (n, n)) | np.eye(n, dtype=bool)))
    scale = draw(st.sampled_from([1.0, 0.1, 1e6]))
    vartype = draw(st.sampled_from(["BINARY", "SPIN"]))
    if vartype == "SPIN":
        matrix = matrix - np.diag(np.diag(matrix))
        return dimod.BinaryQuadraticModel.from_ising(
            {i: scale * weights[i] for i in range(n)},
            {(i, j): scale * matrix[i, j] for i in range(n) for j in range(i + 1, n) if matrix[i, j]},
        )
    return dimod.BinaryQuadraticModel(scale * matrix.astype(float), vartype)


@given(
    models(), st.sampled_from(SOLVERS), st.integers(1, 6), st.sampled_from(["chain", "connected", "impact"]),
    st.integers(0, 3), st.booleans(), st.integers(0, 10**6),
)  # fmt: skip
@settings(max_examples=60)
def test_never_worse_than_the_start_and_bounds_are_bounds(bqm, solver, bits, blocks, exact_bits, fix, seed):
    method = Decomposed(solver, max_bits=bits, blocks=blocks, rounds=1, exact_bits=exact_bits, fix=fix)
    rng = np.random.default_rng(seed)
    values = (0, 1) if bqm.vartype is dimod.BINARY else (-1, 1)
    start = {label: int(rng.choice(values)) for label in bqm.variables}
    optimum = ho.solve(bqm, "exact").objective
    noise = 1e-9 * max(1.0, abs(optimum))
    solution = ho.solve(bqm, method, seed=seed, start=start)
    assert optimum - noise <= solution.objective <= bqm.energy(start) + noise
    if solution.bound is not None:
        assert solution.bound <= optimum + noise
    if solution.status == "optimal":
        assert solution.objective == pytest.approx(optimum, abs=noise)
    if solver == "exact" and bits >= len(bqm):
        assert solution.status == "optimal"


@given(models())
@settings(max_examples=100)
def test_some_optimum_has_the_fixed_values(bqm):
    binary = bqm.change_vartype("BINARY", inplace=False)
    model = QuadraticBits.from_bqm(binary)
    fixed = persistent_bits(model)
    labels = list(binary.variables)
    found = ho.solve(binary, "exact").objective
    held = binary.copy()
    held.fix_variables({label: int(value) for label, value in zip(labels, fixed) if value >= 0})
    left = ho.solve(held, "exact").objective if len(held) else held.offset
    assert left == pytest.approx(found, abs=4 * model.noise + 1e-12)


@given(st.integers(0, 10**6), st.integers(2, 7), st.sampled_from(["certified", "adaptive", 1.0]))
@settings(max_examples=25)
def test_constrained_models(seed, bits, penalty):
    rng = np.random.default_rng(seed)
    cqm = dimod.ConstrainedQuadraticModel()
    x = [*dimod.Binaries(range(6)), dimod.Integer("y", upper_bound=3)]
    costs = rng.integers(-9, 10, (7, 7))
    cqm.set_objective(
        dimod.quicksum(int(costs[i, j]) * x[i] * x[j] for i in range(7) for j in range(i))
        + dimod.quicksum(int(costs[i, i]) * x[i] for i in range(7))
    )
    cqm.add_constraint(dimod.quicksum(int(w) * v for w, v in zip(rng.integers(1, 5, 7), x)) <= 9, label="cap")
    cqm.add_constraint(x[0] + x[1] + x[2] == 1, label="one")
    optimum = ho.solve(cqm, "exact").objective
    solution = ho.solve(cqm, Decomposed(max_bits=bits, penalty=penalty, exact_bits=2), seed=seed)
    assert solution.sample is not None
    assert solution.feasible == bool(cqm.check_feasible(solution.sample))
    assert solution.feasible == (not solution.violations)
    if solution.feasible:
        assert solution.objective >= optimum
    if solution.bound is not None:
        assert solution.bound <= optimum + 1e-9 * max(1.0, abs(optimum))
