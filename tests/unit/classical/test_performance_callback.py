"""What a checkpoint keeps of a callback, and what a new one is made of."""

import json
from types import SimpleNamespace

import pytest
import torch

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.performance_callback import (
    PerformanceCallback,
    refuse_compiled,
    summed_over_processes,
)
from hybrid_opt.classical.progress_learning_rate import ProgressLearningRate


def test_a_state_is_json_and_makes_an_equal_callback():
    callback = ProgressLearningRate(patience=1, cooldown=0, decrease=0.3)
    for step, loss in enumerate((1.0, 1.0, 0.5)):
        callback.validated(step, loss)
    state = json.loads(json.dumps(callback.state()))
    again = ProgressLearningRate.from_state(state)
    assert again.to_dict() == callback.to_dict()
    assert again.progress == callback.progress


def test_a_state_does_not_change_with_the_callback():
    callback = ProgressLearningRate(patience=1, cooldown=0)
    callback.validated(1, 1.0)
    state = callback.state()
    callback.validated(2, 1.0)
    assert state["attributes"]["history"] == []
    assert state["attributes"]["progress"]["factor"] == 1.0


def test_settings_are_checked():
    with pytest.raises(ConfigurationError, match="did you mean 'patience'"):
        ProgressLearningRate(patence=1)


def test_the_base_changes_no_log_and_leaves_nothing():
    callback, logs = PerformanceCallback(), {"learning_rate": 1.0}
    callback.logged(logs)
    callback.on_train_end(None, None, None)
    assert logs == {"learning_rate": 1.0}


def test_one_process_sums_alone():
    values = torch.tensor([1.0, 2.0])
    assert summed_over_processes(values) is values


def test_compiled_models_are_refused():
    plain, compiled = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    compiled._compiled_call_impl = compiled._call_impl  # what compile() leaves, without its imports
    refuse_compiled("head_sparsity", SimpleNamespace(torch_compile=False), plain)
    with pytest.raises(ConfigurationError, match="head_sparsity listens to the model by hooks"):
        refuse_compiled("head_sparsity", SimpleNamespace(torch_compile=True), plain)
    with pytest.raises(ConfigurationError, match="compiled code does not see"):
        refuse_compiled("head_sparsity", None, compiled)
