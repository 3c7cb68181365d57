"""Words on quantum rows: labels, honest verdicts, and a solver that remembers what it ran."""

from __future__ import annotations

from dataclasses import replace

import dimod
import pytest

from hybrid_opt.solvers import QAOA, solve
from hybrid_opt.solvers.exact import Exact
from hybrid_opt.tuning.quantum_rows import WatchedSolver, is_quantum, quantum_label, quantum_verdict

MODEL = dimod.BinaryQuadraticModel({"x": -1.0, "y": -2.0}, {("x", "y"): 2.5}, "BINARY")


@pytest.fixture(scope="module")
def solution():
    return solve(MODEL, QAOA(depth=1, shots=50), compare=("exact",), seed=1)


def with_rows(solution, quantum, classical):
    """The same solution with other objectives."""
    own = replace(solution.own_row, objective=quantum, feasible=quantum is not None, seconds=2.0)
    rival = replace(solution.baselines[0], objective=classical, seconds=0.5)
    return replace(solution, own_row=own, baselines=[rival])


def test_names():
    assert is_quantum("qaoa (xy-exact)")
    assert is_quantum("vqe")
    assert not is_quantum("anneal (equal samples)")


def test_the_label_has_size_and_effort(solution):
    label = quantum_label(solution.quantum)
    for words in (solution.quantum.simulator, "2 qubits", "1 layers", "50 shots", "samples counted"):
        assert words in label
    assert "exact probabilities" in quantum_label(replace(solution.quantum, shots=None))
    assert "3 blocks of up to 2 qubits" in quantum_label(replace(solution.quantum, blocks=3))


@pytest.mark.parametrize(
    ("quantum", "classical", "words"),
    [
        (-2.0, -2.0, "brought nothing here: exact found as good an answer in 0.5 s, qaoa took 2 s"),
        (-1.0, -2.0, "lost here: exact found a better answer in 0.5 s"),
        (-2.0, -1.0, "found a better answer than exact here"),
        (None, -2.0, "found nothing legal; exact did"),
    ],
)
def test_verdicts(solution, quantum, classical, words):
    assert words in quantum_verdict(with_rows(solution, quantum, classical))


def test_no_verdict_without_two_sides(solution):
    assert quantum_verdict(solve(MODEL, "exact", seed=1)) == ""
    assert "No classical method" in quantum_verdict(replace(solution, baselines=[]))


def test_of_equal_classical_rows_the_quickest_is_named(solution):
    slow = replace(solution.baselines[0], method="milp", seconds=9.0)
    assert "exact found" in quantum_verdict(replace(solution, baselines=[slow, *solution.baselines]))


def test_a_watched_solver_answers_the_same_and_remembers():
    watched = WatchedSolver(QAOA(depth=1, shots=20))
    first = solve(MODEL, watched, seed=3)
    assert first.objective == solve(MODEL, QAOA(depth=1, shots=20), seed=3).objective
    solve(MODEL, watched, seed=4)
    assert watched.runs == len(watched.records) == 2
    assert watched.samples_counted == sum(record.samples_counted for record in watched.records) >= 40
    assert watched.seconds > 0
    assert (watched.name, watched.mixer, watched.max_qubits) == ("qaoa", "x", 26)
    assert WatchedSolver(Exact()).mixer is None


def test_ctrl_c_inside_a_watched_solver_is_passed_on(monkeypatch):
    from hybrid_opt.solvers.base import Outcome

    def stopped(self, request):
        import numpy as np

        return Outcome(np.zeros((0, 2), dtype=np.int64), interrupted=True)

    monkeypatch.setattr(Exact, "solve", stopped)
    with pytest.raises(KeyboardInterrupt):
        WatchedSolver(Exact()).solve(None)
