"""Numbers of objectives, and what is none."""

from __future__ import annotations

import math

import numpy as np
import optuna
import pytest
import torch
from optuna.trial import TrialState

from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.trial_values import read_values, tell_values


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        (2, (2.0,)), (np.float32(0.5), (0.5,)), (torch.tensor(0.5), (0.5,)), ([0.5], (0.5,)),
        (np.array([1.0, 2.0]), (1.0, 2.0)), ((1, 2), (1.0, 2.0)), (np.array(3.0), (3.0,)),
    ],
)  # fmt: skip
def test_numbers_of_any_kind_are_read(answer, values):
    assert read_values(answer, len(values), 0) == values


@pytest.mark.parametrize("answer", [None, "much", (1.0, 2.0, 3.0), 1.0, [[1.0], [2.0]], object()])
def test_anything_else_is_refused(answer):
    with pytest.raises(OptionError, match=r"for trial 7; it must return 2 numbers"):
        read_values(answer, 2, 7)


@pytest.mark.parametrize(
    ("values", "state"),
    [((1.0,), TrialState.COMPLETE), (None, TrialState.PRUNED), ((math.nan,), TrialState.FAIL)],
)
def test_a_study_is_told(values, state):
    study = optuna.create_study()
    tell_values(study, study.ask(), values)
    assert study.trials[0].state is state
