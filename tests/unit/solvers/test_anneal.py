"""Simulated annealing: right answers, repeatable, interruptible."""

import dimod
import numpy as np
import pytest
from dwave.samplers import SimulatedAnnealingSampler

import hybrid_opt as ho
from hybrid_opt.errors import OptionError
from hybrid_opt.qubo import read_model
from hybrid_opt.solvers import Anneal, Request
from hybrid_opt.solvers.anneal import _beta_range


def random_bqm(n: int, seed: int, vartype: str = "BINARY") -> dimod.BinaryQuadraticModel:
    return dimod.BinaryQuadraticModel(
        np.triu(np.random.default_rng(seed).integers(-9, 10, (n, n))).astype(float), vartype
    )


def selection() -> dimod.ConstrainedQuadraticModel:
    cqm = dimod.ConstrainedQuadraticModel()
    items = list(dimod.Binaries(range(8)))
    values = (7, 2, 5, 9, 4, 6, 1, 3)
    gain = dimod.quicksum(-value * item for value, item in zip(values, items))
    cqm.set_objective(gain + 3 * items[0] * items[3])
    cqm.add_constraint(dimod.quicksum(items) == 3, label="three")
    return cqm


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_finds_the_optimum_of_small_models(seed, vartype):
    bqm = random_bqm(12, seed, vartype)
    assert ho.solve(bqm, "anneal", seed=seed).objective == pytest.approx(ho.solve(bqm, "exact").objective)


def test_constrained_model():
    solution = ho.solve(selection(), "anneal", seed=1)
    assert solution.objective == -20.0  # items 0, 3, 5 give 22 - 3 = 19; items 3, 5, 2 give 20
    assert solution.sample == {0: 0, 1: 0, 2: 1, 3: 1, 4: 0, 5: 1, 6: 0, 7: 0}
    assert solution.samples == 100
    assert solution.effort == {"reads": 100, "sweeps": 1000}


def test_same_seed_same_draws_other_seed_others():
    request = Request(read_model(random_bqm(30, 1)), seed=5)
    solver = Anneal(reads=40, sweeps=3)
    first, second = solver.solve(request), solver.solve(request)
    assert np.array_equal(first.states, second.states)
    assert np.array_equal(first.counts, second.counts)
    assert first.counts.sum() == 40
    assert first.deterministic
    other = solver.solve(Request(request.problem, seed=6))
    assert not np.array_equal(first.states, other.states)


def test_batches_draw_the_number_asked_for(monkeypatch):
    monkeypatch.setattr("hybrid_opt.solvers.anneal.BATCH_STEPS", 3 * 10 * (1 + 6 + 30))
    sizes = []
    sample = SimulatedAnnealingSampler.sample

    def spy(self, bqm, **options):
        sizes.append(options["num_reads"])
        return sample(self, bqm, **options)

    monkeypatch.setattr(SimulatedAnnealingSampler, "sample", spy)
    outcome = Anneal(reads=8, sweeps=10).solve(Request(read_model(random_bqm(6, 3)), seed=1))
    assert sizes == [3, 3, 2]
    assert outcome.draws == outcome.counts.sum() == 8


def test_time_limit_ends_it_between_batches_and_is_said(monkeypatch):
    monkeypatch.setattr("hybrid_opt.solvers.anneal.BATCH_STEPS", 1.0)
    bqm = random_bqm(20, 2)
    solution = ho.solve(bqm, Anneal(reads=10**6, sweeps=100), seed=1, time_limit=0.05)
    assert 1 <= solution.samples < 10**6
    assert not solution.deterministic
    assert "time limit" in " ".join(solution.notes)
    assert solution.timings["total"] < 5.0


def test_by_time_without_a_number():
    outcome = Anneal(sweeps=10).draw(Request(read_model(random_bqm(10, 2)), seed=1), seconds=0.02)
    assert outcome.draws >= 1
    assert not outcome.deterministic


def test_ctrl_c_keeps_the_batches_before(monkeypatch):
    monkeypatch.setattr("hybrid_opt.solvers.anneal.BATCH_STEPS", 1.0)
    sample, calls = SimulatedAnnealingSampler.sample, []

    def press(self, bqm, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return sample(self, bqm, **options)

    monkeypatch.setattr(SimulatedAnnealingSampler, "sample", press)
    solution = ho.solve(random_bqm(8, 2), "anneal", compare=["tabu"], seed=1)
    assert solution.interrupted
    assert solution.samples == 2
    assert solution.feasible
    assert not solution.deterministic
    assert solution.baselines == []


def test_first_read_begins_at_the_start(monkeypatch):
    seen = {}

    def spy(self, bqm, **options):
        seen["states"], seen["labels"] = options["initial_states"]
        return sample(self, bqm, **options)

    sample = SimulatedAnnealingSampler.sample
    monkeypatch.setattr(SimulatedAnnealingSampler, "sample", spy)
    start = np.array([1, 0, 0, 1, 1, 0, 0, 1])
    Anneal(reads=2).solve(Request(read_model(random_bqm(8, 1)), seed=0, start=start))
    assert seen["labels"] == list(range(8))
    assert seen["states"][0].tolist() == (2 * start - 1).tolist()


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_without_biases_the_sampler_is_not_called(vartype, monkeypatch):
    monkeypatch.setattr(SimulatedAnnealingSampler, "sample", None)
    bqm = dimod.BinaryQuadraticModel({"a": 0.0, "b": 0.0}, {}, 4.0, vartype)
    solution = ho.solve(bqm, Anneal(reads=50), seed=1)
    assert solution.objective == 4.0
    assert len(solution.sampleset) == 4
    empty = ho.solve(dimod.BinaryQuadraticModel({}, {}, 1.5, vartype), "anneal", seed=1)
    assert (empty.objective, empty.sample) == (1.5, {})


def test_draws_that_do_not_decode_are_counted():
    model = ho.LevelModel()
    for name in "ab":
        model.add_variable(name, [0.0, -1.0, 5.0, -2.0])
    # the penalty is far too small, so several bits of a one-hot group are set to collect the product
    model.add_pair("a", "b", per_unit=-9.0)
    solution = ho.solve(model, Anneal(reads=20, encoding="one-hot", penalty=0.01), seed=1)
    assert solution.samples == 20
    assert solution.sampleset.record.num_occurrences.sum() < 20
    assert "stand for no assignment" in " ".join(solution.notes)


def test_schedule_by_hand():
    # fields 1 and 3, coupling 2: largest flip field 5, smallest bias 1
    hot, cold = _beta_range(np.array([1.0, 3.0]), (np.array([0]), np.array([1]), np.array([2.0])))
    assert hot == pytest.approx(np.log(2) / 10)
    assert cold == pytest.approx(np.log(100) / 2)


def test_rounding_noise_does_not_freeze_the_schedule():
    clean = _beta_range(np.array([1.0, 3.0]), (np.array([0]), np.array([1]), np.array([2.0])))
    pairs = (np.array([0, 1]), np.array([1, 2]), np.array([2.0, 1e-15]))
    noisy = _beta_range(np.array([1.0, 3.0, 1e-14]), pairs)
    assert noisy == pytest.approx(clean)


@pytest.mark.parametrize(
    "settings",
    [
        {"reads": 0}, {"reads": 1.5}, {"reads": True}, {"sweeps": -1}, {"sweeps": "many"}, {"encoding": 3},
        {"penalty": None},
    ],
)  # fmt: skip
def test_illegal_settings(settings):
    with pytest.raises(OptionError, match=next(iter(settings))):
        Anneal(**settings)


def test_illegal_names_are_refused_by_the_compiler():
    with pytest.raises(OptionError):
        ho.solve(selection(), Anneal(penalty="huge"))
    with pytest.raises(OptionError):
        ho.solve(selection(), Anneal(penalty=-1.0))


@pytest.mark.parametrize("solver", [ho.solvers.Anneal(reads=20, sweeps=50), ho.solvers.Tabu(reads=20)])
def test_certified_weights_follow_where_adaptive_ones_lead_to_nothing_feasible(monkeypatch, solver):
    model = dimod.ConstrainedQuadraticModel()
    x = list(dimod.Binaries(range(4)))
    model.set_objective(dimod.quicksum(x))
    model.add_constraint(dimod.quicksum(x) >= 3, label="three")
    weak = "hybrid_opt.qubo.adaptive.adapt_penalties"
    monkeypatch.setattr(weak, lambda assembly, seed: assembly.build({"three": 0.01}))
    solution = ho.solve(model, solver, seed=1)
    assert solution.objective == 3.0
    assert any("certified ones were used" in note for note in solution.notes)
