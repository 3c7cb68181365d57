"""The last round on fresh seeds."""

from __future__ import annotations

import json
import math

import optuna
import pytest

from hybrid_opt.classical.errors import DivergenceError
from hybrid_opt.tuning.finalists import GIVEN, Finalist, best_trials, half_width, measure_finalists
from hybrid_opt.tuning.tuning_folder import TuningFolder


class Objective:
    """Losses that follow from settings and seed; counts trainings."""

    def __init__(self, fails: frozenset[int] = frozenset()) -> None:
        self.trained: list[tuple[str, int]] = []
        self.fails = fails

    def train(self, params, seed):
        self.trained.append((json.dumps(params), seed))
        if seed in self.fails:
            raise DivergenceError("the loss is nan at step 1")
        return seed, params.get("x", 0.0) + seed

    def held_out(self, model):
        return 10.0 * model


def study_of(rows):
    study = optuna.create_study(directions=["minimize"] * len(rows[0][1]))
    kind = {"x": optuna.distributions.FloatDistribution(0, 9)}
    for x, values in rows:
        study.add_trial(optuna.create_trial(params={"x": x}, distributions=kind, values=values))
    return study


def test_the_best_are_different_and_finite():
    study = study_of([(1.0, [3.0]), (2.0, [1.0]), (2.0, [1.0]), (3.0, [math.inf]), (4.0, [2.0])])
    assert [trial.number for trial in best_trials(study, 5)] == [1, 4, 0]
    assert [trial.number for trial in best_trials(study, 1)] == [1]


def test_of_several_objectives_the_front_by_its_first():
    study = study_of([(1.0, [1.0, 5.0]), (2.0, [2.0, 2.0]), (3.0, [3.0, 3.0])])
    assert [trial.number for trial in best_trials(study, 3)] == [0, 1]


def test_all_are_trained_on_the_same_seeds_and_kept(tmp_path):
    folder, objective, counts = TuningFolder(tmp_path), Objective(), []
    wanted = [Finalist(GIVEN, {}), Finalist("qubo, trial 3", {"x": 0.5}, (0.25,))]
    given, other = measure_finalists(wanted, objective, [1, 2], folder, counts.append)
    assert (given.validation, given.test) == ((1.0, 2.0), (10.0, 20.0))
    assert (other.name, other.validation, other.trial_values) == ("qubo, trial 3", (1.5, 2.5), (0.25,))
    assert counts == [0, 1, 2, 3]
    again = Objective()
    assert measure_finalists(wanted, again, [1, 2], TuningFolder(tmp_path), counts.append) == [given, other]
    assert again.trained == []
    measure_finalists(wanted, again, [1, 2, 5], TuningFolder(tmp_path), counts.append)
    assert [seed for _, seed in again.trained] == [5, 5]


def test_a_diverged_training_is_infinitely_bad_also_when_read_again(tmp_path):
    wanted = [Finalist(GIVEN, {})]
    for _ in range(2):
        (one,) = measure_finalists(
            wanted, Objective(frozenset({2})), [1, 2], TuningFolder(tmp_path), lambda done: None
        )
        assert (one.validation, one.test) == ((1.0, math.inf), (10.0, math.inf))


def test_what_was_measured_before_ctrl_c_is_kept(tmp_path):
    class Interrupted(Objective):
        def train(self, params, seed):
            if seed == 2:
                raise KeyboardInterrupt
            return super().train(params, seed)

    wanted = [Finalist(GIVEN, {})]
    with pytest.raises(KeyboardInterrupt):
        measure_finalists(wanted, Interrupted(), [1, 2], TuningFolder(tmp_path), lambda done: None)
    objective = Objective()
    measure_finalists(wanted, objective, [1, 2], TuningFolder(tmp_path), lambda done: None)
    assert [seed for _, seed in objective.trained] == [2]


def test_half_widths():
    assert half_width([1.0, 2.0, 4.0]) == pytest.approx(4.302653 * 1.527525 / 3**0.5, rel=1e-5)
    assert half_width([1.0]) == math.inf
