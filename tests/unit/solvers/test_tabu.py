"""Tabu search: right answers, repeatable because effort is counted, interruptible."""

import dimod
import numpy as np
import pytest
from dwave.samplers import TabuSampler

import hybrid_opt as ho
from hybrid_opt.errors import OptionError
from hybrid_opt.qubo import read_model
from hybrid_opt.solvers import Request, Tabu


def random_bqm(n: int, seed: int, vartype: str = "BINARY") -> dimod.BinaryQuadraticModel:
    return dimod.BinaryQuadraticModel(
        np.triu(np.random.default_rng(seed).integers(-9, 10, (n, n))).astype(float), vartype
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_finds_the_optimum_of_small_models(seed, vartype):
    bqm = random_bqm(12, seed, vartype)
    assert ho.solve(bqm, "tabu", seed=seed).objective == pytest.approx(ho.solve(bqm, "exact").objective)


def test_same_seed_same_draws_whatever_the_time_limit():
    problem = read_model(random_bqm(40, 1))
    solver = Tabu(reads=6, restarts=1, updates=5)
    first = solver.solve(Request(problem, seed=5, time_limit=60.0))
    second = solver.solve(Request(problem, seed=5, time_limit=30.0))
    assert np.array_equal(first.states, second.states)
    assert np.array_equal(first.counts, second.counts)
    assert first.deterministic
    assert first.effort == {"reads": 6, "restarts": 1, "updates": 5}
    assert not np.array_equal(first.states, solver.solve(Request(problem, seed=6)).states)


def test_effort_is_restarts_not_time(monkeypatch):
    seen = []
    sample = TabuSampler.sample

    def spy(self, bqm, **options):
        result = sample(self, bqm, **options)
        seen.append((options["num_restarts"], result.record.num_restarts.tolist(), options["timeout"]))
        return result

    monkeypatch.setattr(TabuSampler, "sample", spy)
    Tabu(reads=3, restarts=4).solve(Request(read_model(random_bqm(10, 1)), seed=0, time_limit=60.0))
    assert [entry[:2] for entry in seen] == [(4, [4, 4, 4])]
    assert 50_000 < seen[0][2] <= 60_000


def test_infinite_time_limit_fits_into_the_sampler():
    solution = ho.solve(random_bqm(10, 1), "tabu", seed=0, time_limit=float("inf"))
    assert solution.deterministic


def test_time_limit_ends_it_and_is_said():
    bqm = random_bqm(60, 2)
    solution = ho.solve(bqm, Tabu(reads=2, restarts=10**6), seed=1, time_limit=0.2)
    assert solution.feasible
    assert not solution.deterministic
    assert "time limit" in " ".join(solution.notes)
    assert solution.timings["total"] < 8.0


def test_draw_is_one_search_per_sample(monkeypatch):
    seen = []
    sample = TabuSampler.sample

    def spy(self, bqm, **options):
        seen.append(options["num_restarts"])
        return sample(self, bqm, **options)

    monkeypatch.setattr(TabuSampler, "sample", spy)
    problem = read_model(random_bqm(10, 1))
    assert Tabu().draw(Request(problem, seed=0), draws=25).draws == 25
    assert set(seen) == {0}
    timed = Tabu().draw(Request(problem, seed=0), seconds=0.01)
    assert timed.draws >= 1
    assert not timed.deterministic


def test_ctrl_c_keeps_the_batches_before(monkeypatch):
    monkeypatch.setattr("hybrid_opt.solvers.tabu.BATCH_STEPS", 1.0)
    sample, calls = TabuSampler.sample, []

    def press(self, bqm, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return sample(self, bqm, **options)

    monkeypatch.setattr(TabuSampler, "sample", press)
    solution = ho.solve(random_bqm(8, 2), "tabu", seed=1)
    assert solution.interrupted
    assert solution.samples == 2
    assert "ctrl-C" in " ".join(solution.notes)


def test_first_read_begins_at_the_start(monkeypatch):
    seen = {}
    sample = TabuSampler.sample

    def spy(self, bqm, **options):
        seen["states"], seen["labels"] = options["initial_states"]
        return sample(self, bqm, **options)

    monkeypatch.setattr(TabuSampler, "sample", spy)
    start = np.array([1, 0, 0, 1])
    Tabu(reads=2).solve(Request(read_model(random_bqm(4, 1)), seed=0, start=start))
    assert seen["states"][0].tolist() == start.tolist()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_and_constant_models(n):
    bqm = dimod.BinaryQuadraticModel(dict.fromkeys(range(n), 0.0), {}, 2.5, "BINARY")
    solution = ho.solve(bqm, Tabu(reads=3, tenure=10), seed=1)
    assert solution.objective == 2.5
    assert solution.samples == 3


@pytest.mark.parametrize(
    "settings",
    [
        {"reads": 0}, {"reads": float("nan")}, {"restarts": -1}, {"updates": 0}, {"tenure": -1},
        {"tenure": 2.5},
    ],
)  # fmt: skip
def test_illegal_settings(settings):
    with pytest.raises(OptionError, match=next(iter(settings))):
        Tabu(**settings)
