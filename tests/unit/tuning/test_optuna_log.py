"""Optuna's log is quiet inside the block only."""

from __future__ import annotations

import optuna
import pytest

from hybrid_opt.tuning.optuna_log import quiet_optuna


def test_the_log_is_as_before():
    before = optuna.logging.get_verbosity()
    with quiet_optuna():
        assert optuna.logging.get_verbosity() == optuna.logging.ERROR
    assert optuna.logging.get_verbosity() == before


def test_also_after_an_error():
    before = optuna.logging.get_verbosity()
    with pytest.raises(ZeroDivisionError), quiet_optuna():
        raise ZeroDivisionError
    assert optuna.logging.get_verbosity() == before
