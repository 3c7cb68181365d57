"""The study of the sampler in a reduced form, and its problems against what is known of them."""

import json
import sys

import dimod
import numpy as np
import optuna
import pytest

import hybrid_opt as ho


@pytest.fixture
def study(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    level = optuna.logging.get_verbosity()
    import study_qubo_sampler

    yield study_qubo_sampler
    optuna.logging.set_verbosity(level)
    for name in ("record", "study_qubo_sampler", "tuning_problems"):
        sys.modules.pop(name, None)


@pytest.fixture
def problems(study):
    return sys.modules["tuning_problems"]


def shorten(study, problems, monkeypatch, arms):
    monkeypatch.setattr(study, "SEEDS", 2)
    monkeypatch.setattr(study, "TRIALS", 14)
    monkeypatch.setattr(study, "MARKS", (7, 14))
    kept = {name: study.ARMS[name] for name in arms}
    kept["random"] = study.Arm(study.ARMS["random"].make, trials=28)
    monkeypatch.setattr(study, "ARMS", kept)
    monkeypatch.setitem(problems._MAKERS, "bqp", lambda rng: problems._bqp(rng, bits=6))


def test_it_goes_on_where_it_stopped(study, problems, tmp_path, monkeypatch):
    shorten(study, problems, monkeypatch, ["qubo", "qubo, random points", "tpe, grid"])
    path = tmp_path / "sampler.json"
    original = study.run
    calls = []

    def stopping(*arguments):
        calls.append(arguments)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(study, "run", stopping)
    with pytest.raises(KeyboardInterrupt):
        study.main(str(path), "bqp")
    parts = path.with_suffix(".parts.json")
    before = json.loads(parts.read_text())["parts"]
    assert len(before) == 1 + 3
    monkeypatch.setattr(study, "run", original)
    study.main(str(path), "bqp")
    after = json.loads(parts.read_text())["parts"]
    assert len(after) == 2 * (1 + 4)
    assert {name: after[name] for name in before} == before
    content = json.loads(path.read_text())
    assert content["versions"]["optuna"]
    summary = content["parts"]["summary"]
    assert set(summary["qubo / tpe, grid"]) == {"bqp"}
    table = summary["problems"]["bqp"]
    assert set(table["arms"]) == {"qubo", "qubo, random points", "tpe, grid", "random"}
    assert table["arms"]["qubo"]["regret"]["14"][0] <= table["arms"]["qubo"]["regret"]["7"][0]
    assert set(table["comparisons"]) == {
        "qubo / qubo, random points",
        "qubo / tpe, grid",
        "qubo / random",
        "qubo / random, twice the trials",
    }


def test_every_quick_arm_runs(study, problems, monkeypatch):
    monkeypatch.setitem(problems._MAKERS, "bqp", lambda rng: problems._bqp(rng, bits=4))
    problem = problems.make_problem("bqp", 0)
    slow = {"gp", "qubo, qaoa"}  # the first loads torch; the second is tested with the sampler
    for name in study.ARMS.keys() - slow:
        arm = study.ARMS[name]
        short = study.Arm(arm.make, arm.own_space, trials=12)
        part = study.run(problem, short, 0)
        assert len(part["values"]) == 12, name
        assert min(part["values"]) >= problem.optimum() - 1e-9, name


def test_a_higher_median_is_worse_and_equal_ones_are_no_worse(study):
    low, high = np.zeros((6, 3)), np.ones((6, 3))
    assert study.verdict(low, high)["result"] == "no worse"
    assert study.verdict(high, low)["result"] == "worse"
    same = study.verdict(low, low)
    assert (same["result"], same["p"], same["seeds better, equal, worse"]) == ("no worse", 1.0, [0, 6, 0])
    assert study.verdict(low, high)["p"] == pytest.approx(0.031)  # 2 / 2**6
    assert study.verdict(low[:, :2], high)["trials"] == 2


def test_an_unknown_problem_is_named(study):
    with pytest.raises(SystemExit, match="no such problem: sphere"):
        study.main("unused.json", "sphere")


def test_known_optima_are_found(problems):
    labs = problems._labs(np.random.default_rng(1), bits=13)
    assert labs.optimum() == pytest.approx(-(13**2) / (2 * 6))  # Barker's sequence of 13 has the energy 6
    rng = np.random.default_rng(3)
    bqp = problems._bqp(rng, bits=12)
    table = np.random.default_rng(3).normal(size=(12, 12))
    model = dimod.BinaryQuadraticModel(table, "BINARY")
    assert bqp.optimum() == pytest.approx(ho.solve(model, "exact", seed=0).objective)


def test_instances_differ_and_are_repeatable(problems):
    points = np.random.default_rng(0).integers(2, size=(20, 20)).astype(float)
    for name in ("nk", "contamination", "bqp", "labs"):
        first, again, other = (problems.make_problem(name, seed).function(points) for seed in (1, 1, 2))
        assert np.array_equal(first, again), name
        assert not np.array_equal(first, other), name


def test_functions_have_their_textbook_values(problems):
    rng = np.random.default_rng(5)
    shift = np.random.default_rng(5).uniform(-4.0, 4.0, size=5)
    rastrigin = problems._rastrigin(rng)
    assert rastrigin.function(shift[None, :]) == pytest.approx([0.0])
    assert rastrigin.function(shift[None, :] + 0.5)[0] == pytest.approx(5 * (10 + 0.25 + 10))
    shift, order = (generator := np.random.default_rng(5)).random(6), generator.permutation(6)
    best = np.array([0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573])
    point = np.empty(6)
    point[order] = (best - shift) % 1.0
    hartmann = problems._hartmann(np.random.default_rng(5))
    assert hartmann.function(point[None, :])[0] == pytest.approx(-3.32237, abs=1e-4)


def test_the_grid_holds_every_level_and_agrees_with_the_function(problems):
    for name in problems.PROBLEMS:
        if name == "transformer" and not problems.TABLE.is_file():
            continue
        problem = problems.make_problem(name, 0)
        space = ho.tuning.level_space.level_space(problem.distributions())
        assert space.sizes == problem.levels, name
        params = space.params(np.zeros(len(problem.levels), dtype=int))
        low = problem.bounds[0] if problem.bounds else 0.0
        value = problem.function(np.full((1, len(problem.levels)), low))[0]
        assert problem.on_grid(optuna.trial.FixedTrial(params)) == value
        assert problem.on_own_space(optuna.trial.FixedTrial(params)) == value
