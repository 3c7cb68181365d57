"""A study is stoppable inside our loops, and nowhere else."""

from __future__ import annotations

import optuna
import pytest

from hybrid_opt.tuning.study_stop import is_stopped, stoppable


def test_a_stop_is_seen_and_forgotten_by_the_next_loop():
    study = optuna.create_study()
    with stoppable(study):
        study.stop()
        assert is_stopped(study)
    with stoppable(study):
        assert not is_stopped(study)
    with pytest.raises(RuntimeError, match="supposed to be invoked inside"):
        study.stop()


def test_an_error_leaves_the_study_as_it_was():
    study = optuna.create_study()
    with pytest.raises(ZeroDivisionError), stoppable(study):
        raise ZeroDivisionError
    study.optimize(lambda trial: 1.0, 1)  # would refuse within a loop
    assert len(study.trials) == 1
