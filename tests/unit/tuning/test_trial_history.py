"""A study as points of a grid: what counts, what is passed over, what other workers see."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from hybrid_opt.tuning.level_space import level_space
from hybrid_opt.tuning.trial_history import proposal_sources, read_history, record_proposal

X, C = FloatDistribution(0, 1), CategoricalDistribution(["a", None])
SPACE = level_space({"x": X, "c": C}, 3)


@pytest.fixture
def study():
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield optuna.create_study()
    optuna.logging.set_verbosity(level)


def trial(x, c, state=TrialState.COMPLETE, **others):
    kinds = {"x": X, "c": C} | {name: distribution for name, (_, distribution) in others.items()}
    params = {"x": x, "c": c} | {name: value for name, (value, _) in others.items()}
    value = 1.0 if state is TrialState.COMPLETE else None
    return optuna.create_trial(state=state, value=value, params=params, distributions=kinds)


def test_every_state_is_tried_and_only_complete_and_pruned_are_judged(study):
    states = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING]
    trials = [trial(0.5 * (k % 3), "a" if k < 3 else None, state) for k, state in enumerate(states)]
    history = read_history(study, trials, SPACE)
    assert history.losses.shape == (2, 1)
    assert history.features.shape == (2, 5)
    assert history.tried.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0]]
    assert history.present.shape == (4, 5)
    assert not history.conditional


def test_a_value_between_levels_is_judged_but_not_tried(study):
    history = read_history(study, [trial(0.3, None)], SPACE)
    assert history.tried.shape == (0, 2)
    assert history.features.tolist() == [[0, 1, pytest.approx(0.4), pytest.approx(0.6), 0]]


def test_trials_of_another_space_do_not_count(study):
    other = optuna.create_trial(
        value=0.0, params={"x": 0.5, "c": "a"}, distributions={"x": FloatDistribution(0, 2), "c": C}
    )
    lacking = optuna.create_trial(value=0.0, params={"x": 0.5}, distributions={"x": X})
    history = read_history(study, [other, lacking], SPACE)
    assert len(history.losses) == len(history.present) == 0


def test_other_parameters_make_repetitions_worthwhile_unless_they_are_single(study):
    fixed = trial(0.5, "a", one=(3, IntDistribution(3, 3)))
    free = trial(0.5, "a", y=(2, IntDistribution(1, 3)))
    assert not read_history(study, [fixed], SPACE).conditional
    assert read_history(study, [fixed, free], SPACE).conditional


def test_a_recorded_proposal_is_seen_before_its_parameters_are(study):
    asked = study.ask()
    frozen = study.get_trials(deepcopy=False)[0]
    assert read_history(study, [frozen], SPACE).tried.shape == (0, 2)
    record_proposal(study, frozen, SPACE, {"x": 0.5, "c": None}, source="solver")
    seen = read_history(study, study.get_trials(), SPACE)
    assert seen.tried.tolist() == [[1, 1]]
    assert proposal_sources(study) == {0: "solver"}
    # A trial that ended without its parameters tells nothing about them.
    study.tell(asked, 1.0)
    assert len(read_history(study, study.get_trials(), SPACE).present) == 0


def test_a_proposal_for_other_levels_is_read_where_it_fits(study):
    study.ask()
    frozen = study.get_trials(deepcopy=False)[0]
    wide = level_space({"x": FloatDistribution(0, 4), "c": C}, 3)
    record_proposal(study, frozen, wide, {"x": 4.0, "c": "a"}, source="solver")
    assert len(read_history(study, study.get_trials(), SPACE).present) == 0
    assert read_history(study, study.get_trials(), wide).tried.tolist() == [[0, 2]]


def test_an_empty_study_is_an_empty_history(study):
    history = read_history(study, [], SPACE)
    assert [np.shape(a) for a in (history.features, history.losses, history.broken, history.tried)] == [
        (0, 5), (0, 1), (0,), (0, 2),
    ]  # fmt: skip
