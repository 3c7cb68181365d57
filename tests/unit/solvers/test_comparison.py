"""Baselines beside a quantum row: equal samples and equal time, on the same model."""

import dimod
import numpy as np
import pytest

import hybrid_opt as ho
from hybrid_opt.qubo import read_model
from hybrid_opt.solvers import QAOA, Anneal, Exact, Outcome, QuantumRecord, Request, Tabu, Uniform
from hybrid_opt.solvers.comparison import Sampler, best_bound, run_baselines
from hybrid_opt.solvers.judge import judge


def model() -> dimod.ConstrainedQuadraticModel:
    cqm = dimod.ConstrainedQuadraticModel()
    items = list(dimod.Binaries(["a", "b", "c", "d", "e"]))
    cqm.set_objective(dimod.quicksum(-value * item for value, item in zip((5, 4, 3, 2, 6), items)))
    cqm.add_constraint(dimod.quicksum(items) == 2, label="two")
    return cqm


def test_samplers_are_those_whose_effort_can_be_set():
    assert [isinstance(solver, Sampler) for solver in (Anneal(), Tabu(), Uniform())] == [True] * 3
    assert [isinstance(solver, Sampler) for solver in (Exact(), QAOA())] == [False] * 2


def test_two_rows_per_sampler_with_the_counted_samples():
    solver = QAOA(depth=1, shots=200, optimizer="COBYLA", max_evaluations=2)
    compare = ["anneal", "exact", Tabu(), "uniform"]
    solution = ho.solve(model(), solver, compare=compare, seed=4)
    assert solution.quantum.samples_counted == 2200
    rows = {row.method: row for row in solution.baselines}
    assert list(rows) == [
        "anneal (equal samples)", "anneal (equal time)", "exact", "tabu (equal samples)", "tabu (equal time)",
        "uniform (equal samples)", "uniform (equal time)",
    ]  # fmt: skip
    for name in ("anneal", "tabu", "uniform"):
        assert rows[f"{name} (equal samples)"].samples == 2200
        assert rows[f"{name} (equal samples)"].deterministic
        assert rows[f"{name} (equal time)"].samples >= 1
        assert not rows[f"{name} (equal time)"].deterministic
        assert rows[f"{name} (equal samples)"].objective == -11.0
        assert 0.0 < rows[f"{name} (equal samples)"].optimum_share <= 1.0
    uniform = rows["uniform (equal samples)"]
    # ten feasible pairs, one optimal; five standard deviations
    assert uniform.optimum_share == pytest.approx(0.1, abs=5 * np.sqrt(0.09 / 2200))
    assert uniform.feasible_share == 1.0


def test_exact_probabilities_count_as_a_thousand_samples():
    solution = ho.solve(model(), QAOA(depth=1, shots=None), compare=["uniform"], seed=4)
    assert solution.baselines[0].samples == 1000


def test_a_quantum_baseline_sets_the_effort_wherever_it_stands():
    solution = ho.solve(model(), "exact", compare=["uniform", QAOA(depth=1, shots=70)], seed=4)
    names = [row.method for row in solution.baselines]
    assert names == ["uniform (equal samples)", "uniform (equal time)", "qaoa"]
    assert solution.baselines[0].samples == 70
    assert solution.quantum is not None
    assert solution.baselines[2].optimum_share is not None


def test_without_a_quantum_row_samplers_keep_their_own_effort():
    solution = ho.solve(model(), "exact", compare=[Anneal(reads=7), Uniform(draws=9)], seed=4)
    assert [(row.method, row.samples) for row in solution.baselines] == [("anneal", 7), ("uniform", 9)]
    assert solution.quantum is None


class Quantum:
    """A quantum method with a known effort."""

    name = "quantum"

    def __init__(self, seconds):
        self.seconds = seconds

    def solve(self, request):
        record = QuantumRecord(
            simulator="none", qubits=5, depth=1, two_qubit_gates=0, two_qubit_depth=0, shots=11,
            evaluations=0, samples_counted=11, gammas=(0.0,), betas=(0.0,), p_optimum=None,
            feasible_share=1.0, expected_energy=0.0, expected_value=0.0, source="shots", qubo_optimum=None,
            seconds=self.seconds,
        )  # fmt: skip
        return Outcome(np.array([[1, 1, 0, 0, 0]]), quantum=record)


class Spy:
    """A sampler that records how it was asked."""

    name = "spy"

    def __init__(self):
        self.asked = []

    def solve(self, request):
        return self.draw(request)

    def draw(self, request, *, draws=None, seconds=None):
        self.asked.append((draws, seconds, request.start))
        return Outcome(np.array([[1, 0, 0, 0, 1]]), draws=draws or 5)


def test_what_a_sampler_is_asked():
    spy = Spy()
    start = dict(zip("abcde", (1, 1, 0, 0, 0)))
    solution = ho.solve(model(), Quantum(0.25), compare=[spy], seed=1, start=start)
    assert spy.asked == [(11, None, None), (None, 0.25, None)]
    assert [row.samples for row in solution.baselines] == [11, 5]
    assert solution.baselines[0].optimum_share is None  # nobody proved the optimum


def test_samplers_run_on_the_qubo_of_the_circuit_unless_told_otherwise(monkeypatch):
    seen = []
    draw = Anneal.draw

    def spy(self, request, **effort):
        seen.append((self.encoding, self.penalty))
        return draw(self, request, **effort)

    monkeypatch.setattr(Anneal, "draw", spy)
    solver = QAOA(depth=1, shots=20, encoding="one-hot", penalty=30.0)
    ho.solve(model(), solver, compare=["anneal", Anneal(penalty=40.0)], seed=1)
    assert seen == [("one-hot", 30.0)] * 2 + [("one-hot", 40.0)] * 2
    seen.clear()
    ho.solve(model(), "exact", compare=["anneal", solver], seed=1)
    assert seen == [("one-hot", 30.0)] * 2


def test_ctrl_c_ends_the_comparison_and_keeps_its_rows():
    class Pressed(Spy):
        def draw(self, request, *, draws=None, seconds=None):
            return Outcome(np.zeros((0, 5), dtype=np.int64), interrupted=True, deterministic=False)

    request = Request(read_model(model()), seed=1)
    answer = judge("quantum", request.problem, Quantum(0.1).solve(request))
    runs = run_baselines([Pressed(), Spy(), Exact()], request, Quantum(0.1), answer)
    assert [run.name for run in runs] == ["spy (equal samples)", "exact"]


def test_the_highest_bound_counts():
    problem = read_model(model())
    states = np.array([[1, 0, 0, 0, 1]])
    claims = [("a", -20.0), ("b", -12.0), ("c", None)]
    runs = [judge(name, problem, Outcome(states, bound=bound)) for name, bound in claims]
    assert best_bound(runs) == (-12.0, "b")
    assert best_bound(runs[2:]) == (None, "")
