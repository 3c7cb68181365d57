"""Search spaces from YAML."""

from __future__ import annotations

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.space_file import read_search_space


def read(tmp_path, text: str):
    path = tmp_path / "space.yaml"
    path.write_text(text)
    return read_search_space(path)


def test_choices_ranges_and_what_takes_fractions(tmp_path):
    space = read(
        tmp_path,
        "metric_layer_0: [l1, dot]\n"
        "scale_factor: {low: 1, high: 4, log: true}\n"
        "scale_factor_layer_1: {low: 1, high: 4}\n"
        "hidden_dropout: {low: 0, high: 0.3, step: 0.1}\n"
        "attention_dropout: {low: 0, high: 1}\n"
        "moe.top_k: {low: 1, high: 4}\n"
        "learning_rate: {low: 1.0e-4, high: 1.0e-2, log: true}\n",
    )
    assert space == {
        "metric_layer_0": CategoricalDistribution(["l1", "dot"]),
        "scale_factor": FloatDistribution(1, 4, log=True),
        "scale_factor_layer_1": FloatDistribution(1, 4),
        "hidden_dropout": FloatDistribution(0, 0.3, step=0.1),
        "attention_dropout": FloatDistribution(0, 1),
        "moe.top_k": IntDistribution(1, 4),
        "learning_rate": FloatDistribution(1e-4, 1e-2, log=True),
    }


@pytest.mark.parametrize(
    "entry",
    ["l1", "[]", "{low: 1}", "{low: 1, high: 2, width: 3}", "3", "{low: 4, high: 1}", "{low: a, high: b}"],
)
def test_wrong_entries_are_told(tmp_path, entry):
    with pytest.raises(OptionError, match=r"space.yaml: metric is "):
        read(tmp_path, f"metric: {entry}\n")


def test_a_file_that_is_none_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_search_space(tmp_path / "missing.yaml")
