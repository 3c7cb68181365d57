"""The sampler in studies: what it proposes, what it remembers, what it refuses."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

import hybrid_opt as ho
from hybrid_opt.errors import ModelTooLargeError, OptionError
from hybrid_opt.solvers import QAOA, Exact
from hybrid_opt.tuning import QuboSampler
from hybrid_opt.tuning.trial_history import PROPOSAL, proposal_sources


@pytest.fixture(autouse=True)
def _quiet():
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(level)


BITS = {f"x{i}": CategoricalDistribution([0, 1]) for i in range(10)}
TABLE = np.random.default_rng(3).normal(size=(10, 10))


def quadratic(trial):
    x = np.array([trial.suggest_categorical(name, [0, 1]) for name in BITS], dtype=float)
    return float(x @ TABLE @ x)


def best_of_all():
    points = (np.arange(1024)[:, None] >> np.arange(10)) & 1
    return float(np.einsum("si,ij,sj->s", points, TABLE, points).min())


def study_of(objective, n_trials, directions=("minimize",), **settings):
    study = optuna.create_study(directions=list(directions), sampler=QuboSampler(seed=1, **settings))
    study.optimize(objective, n_trials=n_trials, catch=(ZeroDivisionError,))
    return study


@pytest.mark.parametrize("surrogate", ["bayesian", "factorization"])
def test_it_finds_the_optimum_of_a_quadratic_function(surrogate):
    study = study_of(quadratic, 60, surrogate=surrogate)
    assert study.best_value == pytest.approx(best_of_all())


def test_maximizing_is_minimizing_the_negative():
    low = study_of(quadratic, 30)
    high = study_of(lambda trial: -quadratic(trial), 30, directions=["maximize"])
    assert [t.params for t in low.trials] == [t.params for t in high.trials]


def test_no_point_is_tried_twice_before_all_were():
    def objective(trial):
        return trial.suggest_int("a", 0, 3) * trial.suggest_categorical("b", [1, -1, 2])

    study = study_of(objective, 14)
    points = [tuple(trial.params.values()) for trial in study.trials]
    assert len(set(points[:12])) == 12
    assert study.best_value == -3
    assert [proposal_sources(study)[number] for number in (12, 13)] == ["repeat", "repeat"]


@pytest.mark.parametrize("seed", range(3))
def test_the_start_covers_every_level(seed):
    sampler = QuboSampler(seed=seed, levels=7, n_startup_trials=0)
    study = optuna.create_study(sampler=sampler)
    study.optimize(
        lambda t: t.suggest_float("x", 0, 1) + t.suggest_int("k", 1, 5) + t.suggest_categorical("c", [1, 2]),
        n_trials=8,
    )
    assert all(proposal_sources(study)[number] == "start" for number in range(1, 7))
    assert [len({t.params[name] for t in study.trials[:8]}) for name in "xkc"] == [7, 5, 2]


def test_a_space_known_beforehand_is_covered_from_the_first_trial():
    study = optuna.create_study(sampler=QuboSampler(seed=0, search_space=BITS))
    study.optimize(quadratic, n_trials=2)
    first, second = (list(trial.params.values()) for trial in study.trials)
    assert first == [1 - bit for bit in second]
    assert proposal_sources(study) == {0: "start", 1: "start"}


def test_a_study_taken_up_again_goes_on_as_if_nothing_had_happened(tmp_path):
    straight = study_of(quadratic, 28)
    for _ in range(4):
        storage = JournalStorage(JournalFileBackend(str(tmp_path / "study.log")))
        broken = optuna.create_study(
            storage=storage, study_name="s", load_if_exists=True, sampler=QuboSampler(seed=1)
        )
        broken.optimize(quadratic, n_trials=7)
    assert [t.params for t in broken.trials] == [t.params for t in straight.trials]


def test_a_copy_of_the_sampler_proposes_the_same():
    study = study_of(quadratic, 25)
    other = optuna.create_study(sampler=pickle.loads(pickle.dumps(QuboSampler(seed=1))))
    other.optimize(quadratic, n_trials=25)
    assert [t.params for t in study.trials] == [t.params for t in other.trials]


def test_trials_asked_for_at_once_are_all_different():
    study = study_of(quadratic, 25)
    asked = [study.ask(BITS) for _ in range(8)]
    points = {tuple(trial.params.values()) for trial in asked}
    assert len(points | {tuple(t.params.values()) for t in study.trials[:25]}) == 33
    lazy = [study.ask() for _ in range(4)]
    for trial in lazy:
        trial.suggest_categorical("x0", [0, 1])
    proposed = {tuple(t.system_attrs[PROPOSAL]["params"].values()) for t in study.trials[-4:]}
    assert len(proposed) == 4


def test_parallel_workers_do_not_repeat_each_other():
    study = optuna.create_study(sampler=QuboSampler(seed=0))
    study.optimize(quadratic, n_trials=40, n_jobs=2)
    # Both first trials come before any space is known and may be alike.
    assert len({tuple(trial.params.values()) for trial in study.trials[2:]}) == 38
    assert study.best_value < np.median([t.value for t in study.trials])


def test_failed_and_pruned_trials_are_passed_over_and_do_not_end_the_study():
    def objective(trial):
        a, b = trial.suggest_int("a", 0, 7), trial.suggest_int("b", 0, 7)
        if a == 0:
            return 1 / a
        trial.report(a - b, 0)
        if b == 5:
            raise optuna.TrialPruned
        return float("nan") if a == b else a - b

    study = study_of(objective, 40)
    states = Counter(trial.state for trial in study.trials)
    assert states[TrialState.FAIL] > 0 < states[TrialState.PRUNED]
    assert len({tuple(trial.params.values()) for trial in study.trials}) == 40
    assert study.best_value == -6.0


def test_a_study_of_failures_alone_goes_on_with_the_start():
    def fail(trial):
        return 1 / (0 * trial.suggest_int("a", 0, 3))

    study = optuna.create_study(sampler=QuboSampler(seed=0, search_space={"a": IntDistribution(0, 3)}))
    study.optimize(fail, n_trials=6, catch=(ZeroDivisionError,))
    assert set(proposal_sources(study).values()) == {"start"}


def test_conditional_parameters_are_learned_too():
    def objective(trial):
        if trial.suggest_categorical("kind", ["a", "b"]) == "a":
            return 2.0 + trial.suggest_float("x", 0, 1)
        return abs(trial.suggest_float("y", 0, 1) - 0.75) + 0.1 * trial.suggest_int("z", 0, 3)

    study = study_of(objective, 50, levels=5)
    assert study.best_params == {"kind": "b", "y": 0.75, "z": 0}
    assert sum(trial.params["kind"] == "b" for trial in study.trials[25:]) > 15


def test_ranges_that_change_are_followed():
    study = study_of(lambda t: t.suggest_float("x", 0, 1) + t.suggest_int("k", 0, 3), 6)
    study.optimize(lambda t: t.suggest_float("x", 5, 6) + t.suggest_int("k", 0, 3), n_trials=6)
    assert all(5 <= trial.params["x"] <= 6 for trial in study.trials[6:])


def test_constraints_are_kept():
    def objective(trial):
        x = np.array([trial.suggest_categorical(name, [0, 1]) for name in BITS])
        trial.set_constraint("at most three", float(x.sum() - 3))
        return -float(x @ np.arange(10))

    study = study_of(objective, 60)
    assert study.best_value == -24.0
    assert sum(sum(trial.params.values()) <= 3 for trial in study.trials[40:]) > 10


def test_two_objectives_reach_both_ends_of_the_front():
    def objective(trial):
        x = np.array([trial.suggest_int(name, 0, 4) for name in "abc"])
        return float((x**2).sum()), float(x.sum())

    study = study_of(objective, 40, directions=["minimize", "maximize"])
    values = {tuple(trial.values) for trial in study.best_trials}
    assert {(0.0, 0.0), (48.0, 12.0)} <= values
    assert len(values) >= 6


@pytest.mark.parametrize(
    "solver", ["exact", "anneal", "tabu", "milp", Exact(), QAOA(mixer="xy-exact", circuit_qubits=0)]
)
def test_any_solver_can_choose(solver):
    study = optuna.create_study(sampler=QuboSampler(seed=0, solver=solver, n_startup_trials=6, levels=3))
    study.optimize(lambda t: (t.suggest_float("x", 0, 1) - 0.5) ** 2 + t.suggest_int("k", 1, 3), n_trials=9)
    assert study.best_value == 1.0
    chosen = {t.system_attrs[PROPOSAL]["solver"] for t in study.trials[7:]}
    assert chosen == {solver if isinstance(solver, str) else solver.name}


def test_values_outside_the_grid_count_as_well():
    study = optuna.create_study(sampler=QuboSampler(seed=0, levels=5))
    for x in np.linspace(0, 1, 12):
        study.enqueue_trial({"x": float(x), "y": float(x)})

    def objective(trial):
        return (trial.suggest_float("x", 0, 1) - trial.suggest_float("y", 0, 1) - 0.5) ** 2

    study.optimize(objective, n_trials=22)
    assert study.best_value == 0.0


def test_the_room_loads_the_sampler_by_name():
    assert ho.tuning.QuboSampler is QuboSampler
    assert "QuboSampler" in dir(ho.tuning)
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        ho.tuning.Nothing  # noqa: B018


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"surrogate": "gaussian"}, "surrogate is 'gaussian'; legal are 'auto', 'bayesian', 'factorization'"),
        ({"solver": "aneal"}, "solver 'aneal' is unknown; did you mean 'anneal'"),
        ({"solver": Exact}, "solver is the class Exact"),
        ({"levels": 1}, "levels is 1; it must be a whole number of at least 2"),
        ({"levels": {"x": 1}}, r"levels\['x'\] is 1"),
        ({"n_startup_trials": -1}, "n_startup_trials is -1"),
        ({"exploration": -0.5}, "exploration is -0.5"),
        ({"exploration": float("nan")}, "exploration is nan"),
        ({"exploration": "much"}, "exploration is 'much'"),
        ({"seed": -3}, "seed is -3"),
        ({"time_limit": 0}, "time_limit is 0"),
        ({"search_space": ["x"]}, "search_space is .*must map parameter names"),
        ({"search_space": {}}, "has a single point"),
        ({"search_space": {"x": IntDistribution(3, 3)}}, "a single point, so there is nothing to choose"),
        (
            {"search_space": {"x": FloatDistribution(0, 1)}, "levels": {"y": 3}},
            r"levels names \['y'\], which search_space does not have; it has \['x'\]",
        ),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(OptionError, match=message):
        QuboSampler(**settings)


def test_a_grid_too_large_for_the_solver_is_refused_before_trials_are_spent():
    wide = {f"x{i}": FloatDistribution(0, 1) for i in range(8)}
    study = optuna.create_study(sampler=QuboSampler(solver=QAOA(mixer="xy-exact"), search_space=wide))
    with pytest.raises(ModelTooLargeError, match="43,046,721 points"):
        study.ask(wide)


def test_a_single_valued_parameter_in_a_larger_space_is_fine():
    study = study_of(lambda t: t.suggest_int("one", 4, 4) + t.suggest_int("k", 0, 3), 6)
    assert study.best_params == {"one": 4, "k": 0}
