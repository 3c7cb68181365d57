"""Search spaces over settings, and what their points mean."""

from __future__ import annotations

from typing import Any

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from transformers import AutoConfig

from hybrid_opt.classical.auto_classes import register_auto_classes
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.attention_settings import (
    apply_settings,
    attention_space,
    check_attention_space,
    settings_of,
)

TRAINING = TrainingSettings(learning_rate=0.01)


def config_of(**settings: Any) -> DistanceTransformerConfig:
    return DistanceTransformerConfig(
        **{"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, **settings}
    )


def test_the_usual_space():
    space = attention_space(config_of(), TRAINING)
    assert list(space) == [
        "metric_layer_0", "metric_layer_1", "scale_factor", "hidden_dropout", "num_attention_heads",
        "learning_rate",
    ]  # fmt: skip
    assert space["num_attention_heads"].choices == (2, 4, 8)
    assert (space["learning_rate"].low, space["learning_rate"].high) == (0.0025, 0.04)


def test_one_metric_for_all_layers_and_exponents_with_lp():
    space = attention_space(config_of(), metrics=["lp", "dot"], per_layer=False)
    assert space["metric"].choices == ("lp", "dot")
    assert "metric_p" in space


def test_experts_and_what_does_not_apply():
    moe = config_of(feed_forward="moe", moe={"num_experts": 3}, scale_factor=[1.0, 2.0], head_dim=8)
    space = attention_space(moe)
    assert (space["moe.top_k"].low, space["moe.top_k"].high) == (1, 3)
    assert "scale_factor" not in space
    assert "num_attention_heads" not in space
    rotary = config_of(hidden_size=12, num_attention_heads=6, position="rotary")
    assert attention_space(rotary)["num_attention_heads"].choices == (3, 6)  # twelve would be of width 1


def test_settings_reach_configuration_and_training():
    params = {
        "metric_layer_1": "cosine", "num_attention_heads": 2, "scale_factor_layer_0": 0.5,
        "hidden_dropout": 0.2, "learning_rate": 0.1, "weight_decay": 0.0,
    }  # fmt: skip
    config = config_of(metric="l2")
    tuned, training = apply_settings(params, config, TRAINING)
    assert [tuned.layer_metric(0), tuned.layer_metric(1)] == [["l2", "l2"], ["cosine", "cosine"]]
    assert (tuned.layer_scale_factor(0), tuned.layer_scale_factor(1)) == (0.5, 1.0)
    assert (tuned.num_attention_heads, tuned.hidden_dropout, tuned.hidden_size) == (2, 0.2, 32)
    assert (training.learning_rate, training.weight_decay, training.batch_size) == (0.1, 0.0, 16)
    assert (config.metric, config.scale_factor, config.num_attention_heads) == ("l2", 1.0, 4)


def test_layers_and_heads_of_equal_number_are_not_confused():
    tuned, _ = apply_settings({"metric_layer_0": "dot"}, config_of(num_attention_heads=2), TRAINING)
    assert [tuned.layer_metric(0), tuned.layer_metric(1)] == [["dot", "dot"], ["l1", "l1"]]


def test_experts_keep_their_other_settings():
    config = config_of(feed_forward="moe", moe={"num_experts": 4, "top_k": 1})
    tuned, _ = apply_settings({"moe.top_k": 2}, config, TRAINING)
    assert tuned.moe == {"num_experts": 4, "top_k": 2}
    assert config.moe == {"num_experts": 4, "top_k": 1}


def test_what_was_applied_is_saved_as_a_configuration(tmp_path):
    tuned, _ = apply_settings({"metric_layer_1": "dot", "scale_factor": 2.0}, config_of(), TRAINING)
    register_auto_classes()
    tuned.save_pretrained(tmp_path)
    again = AutoConfig.from_pretrained(tmp_path)
    assert (again.metric, again.scale_factor) == ([["l1"] * 4, ["dot"] * 4], 2.0)
    assert type(again) is DistanceTransformerConfig


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"metrik": "l1"}, "'metrik', which is no setting"),
        ({"seed": 1}, "'seed', which is no setting"),
        ({"metric_layer_2": "l1"}, "metric_layer_2, and the model has 2 layers"),
        ({"metric": "l1", "metric_layer_0": "l1"}, "for all layers and for single ones"),
        ({"metric": "l7"}, "do not fit together.*l7"),
        ({"num_attention_heads": 5}, "do not fit together"),
        ({"learning_rate": -1.0}, "do not fit together"),
        ({"hidden_dropout": 1.5}, "do not fit together"),
    ],
)
def test_wrong_settings_are_refused(params, message):
    with pytest.raises(OptionError, match=message):
        apply_settings(params, config_of(), TRAINING)


def test_the_point_of_a_configuration():
    config = config_of(metric=[["l1"] * 4, ["dot"] * 4])
    space = attention_space(config, TRAINING)
    point = settings_of(space, config, TRAINING)
    assert point == {
        "metric_layer_0": "l1", "metric_layer_1": "dot", "scale_factor": 1.0, "hidden_dropout": 0.0,
        "num_attention_heads": 4, "learning_rate": 0.01,
    }  # fmt: skip
    again, training = apply_settings(point, config, TRAINING)
    assert (again.to_dict(), training) == (config.to_dict(), TRAINING)


@pytest.mark.parametrize(
    "settings", [{"metric": "chebyshev"}, {"metric": ["l1", "l2", "l1", "l2"]}, {"hidden_dropout": 0.15}]
)
def test_configurations_outside_the_space_have_no_point(settings):
    config = config_of(**settings)
    assert settings_of(attention_space(config_of(), TRAINING), config, TRAINING) is None


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({}, "single point"),
        ({"metric": CategoricalDistribution(["l1"])}, "single point"),
        ({"metric": ["l1", "l2"]}, "must map names of settings"),
        (["metric"], "must map names of settings"),
        ({"heads": IntDistribution(1, 2)}, "'heads', which is no setting"),
        ({"num_attention_heads": CategoricalDistribution([2, 5])}, "do not fit together"),
        ({"hidden_dropout": FloatDistribution(0.0, 1.0)}, "do not fit together"),
    ],
)
def test_wrong_spaces_are_refused(space, message):
    with pytest.raises(OptionError, match=message):
        check_attention_space(space, config_of(), TRAINING)


@pytest.mark.parametrize("metrics", [["l1"], "l1", ["l1", "l1"], ["l1", "l7"], []])
def test_wrong_metrics_are_refused(metrics):
    with pytest.raises(OptionError, match="at least two different ones"):
        attention_space(config_of(), metrics=metrics)
