"""Callbacks in the settings of training: defaults filled in, wrong ones refused, YAML."""

import subprocess
import sys

import pytest

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.performance_settings import PERFORMANCE_RULES, read_performance_settings
from hybrid_opt.classical.training_run import TrainingRun
from hybrid_opt.classical.training_settings import TrainingSettings


def test_defaults_are_filled_in_and_the_order_is_fixed():
    found = read_performance_settings({"head_sparsity": None, "entropy_dropout": {"low": 0.2}})
    assert list(found) == ["entropy_dropout", "head_sparsity"]
    assert found["entropy_dropout"]["low"] == 0.2
    assert found["head_sparsity"]["target"] == 0.25
    assert read_performance_settings(None) == {}
    assert len(PERFORMANCE_RULES) == 4


def test_settings_keep_them_and_leave_the_key_out_where_there_are_none():
    settings = TrainingSettings(callbacks={"entropy_dropout": {}})
    assert TrainingSettings.from_dict(settings.to_dict()) == settings
    assert "callbacks" not in TrainingSettings().to_dict()


def test_from_a_file(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("training:\n  callbacks:\n    entropy_dropout:\n    head_sparsity: {target: 0.5}\n")
    callbacks = TrainingRun.from_yaml(path).training.callbacks
    assert callbacks["head_sparsity"]["target"] == 0.5
    assert callbacks["entropy_dropout"]["high"] == 0.9


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["entropy_dropout"], "must be a mapping from names"),
        ({"entropy_drop": {}}, "did you mean 'entropy_dropout'"),
        ({"entropy_dropout": True}, "it must be a mapping of settings"),
        ({"memory_budget": {}}, "needs a budget"),
    ],
)
def test_what_is_not_legal(given, words):
    with pytest.raises(ConfigurationError, match=words):
        TrainingSettings(callbacks=given)


def test_settings_are_read_without_torch(root):
    code = (
        "import sys, hybrid_opt.classical.training_settings as s; "
        "s.TrainingSettings(callbacks={'head_sparsity': {}}); "
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "set()"
