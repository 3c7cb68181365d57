import sys
from dataclasses import replace

import numpy as np
import pytest

from hybrid_opt.errors import ModelTooLargeError
from hybrid_opt.planning.dynamic_program import DynamicProgram
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.quantum_check import quantum_check


def question():
    rng = np.random.default_rng(5)
    curves = [np.sort(rng.random(25)) * 10 for _ in range(3)]
    lines = [Line(name, np.arange(25), curve) for name, curve in zip("abc", curves)]
    return LevelQuestion(lines, 36)


@pytest.fixture(scope="module")
def check():
    return quantum_check(question(), np.array([12, 12, 12]), qubits=9, depth=2, shots=200, seed=4)


def test_optimum_is_that_of_the_coarse_version(check):
    coarse = DynamicProgram(check.window.question)
    assert check.optimum == pytest.approx(coarse.value)
    assert check.surrogate_gap == 0.0
    assert check.rescored == pytest.approx(check.optimum)
    assert check.optimum <= DynamicProgram(question()).value + 1e-9


def test_rows_stand_beside_their_controls(check):
    methods = [row.method for row in check.solution.baselines]
    assert methods[0] == "exact"
    assert {"anneal (equal samples)", "anneal (equal time)", "uniform (equal samples)"} <= set(methods)
    record = check.solution.quantum
    assert record is not None
    assert record.qubits == check.qubo.n_bits <= 9
    assert record.shots == check.draws == 200
    assert record.qubo_optimum == pytest.approx(-check.optimum)


def test_uniform_figures_equal_enumeration(check):
    record = check.solution.quantum
    lines = check.window.question.lines
    grid = np.stack(np.meshgrid(*(np.arange(len(x.spends)) for x in lines), indexing="ij"), -1).reshape(-1, 3)
    feasible = [c for c in grid if check.window.question.feasible(c)]
    values = np.array([check.window.question.value(c) for c in feasible])
    assert record.uniform.n_feasible == len(feasible)
    assert check.uniform_expected == pytest.approx(values.mean())
    assert record.uniform.p_optimum == pytest.approx((values >= values.max() - 1e-9).mean())


def test_gaps(check):
    assert check.solver_gap is None or check.solver_gap >= 0.0
    assert check.coarse_gap(check.optimum) == 0.0


def test_training_counts_its_evaluations():
    trained = quantum_check(
        question(), np.array([12, 12, 12]), qubits=6, depth=1, shots=100, max_evaluations=5, seed=4
    )
    record = trained.solution.quantum
    assert 0 < record.evaluations <= 5
    assert record.samples_counted == 1000 * record.evaluations + 100


def test_too_few_qubits():
    lines = [Line(name, [0, 5, 10], [0.0, 1.0, 1.5]) for name in "ab"]
    with pytest.raises(ModelTooLargeError, match="qubits"):
        quantum_check(LevelQuestion(lines, 10), np.array([1, 1]), qubits=1)


def test_ctrl_c_inside_a_solver_leaves(check, monkeypatch):
    cut = replace(check.solution, interrupted=True)
    monkeypatch.setattr(sys.modules[quantum_check.__module__], "solve", lambda *given, **options: cut)
    with pytest.raises(KeyboardInterrupt):
        quantum_check(question(), np.array([12, 12, 12]), qubits=9, depth=2, shots=200, seed=4)
