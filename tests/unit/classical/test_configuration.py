"""The configuration: defaults, lists, round trips; what it refuses is tested with the checks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig, DynamicCache

from hybrid_opt.classical.auto_classes import register_auto_classes
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError


def test_reference_is_the_quoted_one():
    config = DistanceTransformerConfig.reference()
    assert (config.hidden_size, config.num_attention_heads, config.num_hidden_layers) == (256, 8, 4)
    assert (config.vocab_size, config.max_position_embeddings, config.intermediate_size) == (
        10000,
        2048,
        1024,
    )
    assert (config.metric, config.learn_scale, config.tie_word_embeddings) == ("l1", True, True)
    assert DistanceTransformerConfig.reference(metric="l2").metric == "l2"


def test_sizes_that_follow_from_others():
    config = DistanceTransformerConfig(hidden_size=24, num_attention_heads=4)
    assert (config.intermediate_size, config.head_width) == (96, 6)
    assert DistanceTransformerConfig(hidden_size=24, num_attention_heads=4, head_dim=8).head_width == 8


@pytest.mark.parametrize(
    ("metric", "of_layers"),
    [
        ("l2", ["l2", "l2"]),
        (("l1", "l2", "dot", "lp"), [["l1", "l2", "dot", "lp"]] * 2),
        (["l1", "l2"], ["l1", "l2"]),
        (["l1", ("l1", "l2", "dot", "lp")], ["l1", ["l1", "l2", "dot", "lp"]]),
    ],
)
def test_metric_per_head_and_per_layer(metric: Any, of_layers: list[Any]):
    config = DistanceTransformerConfig(
        hidden_size=32, num_attention_heads=4, num_hidden_layers=2, metric=metric
    )
    assert [config.layer_metric(layer) for layer in range(2)] == of_layers


def test_a_flat_list_that_fits_both_is_read_per_head():
    config = DistanceTransformerConfig(num_attention_heads=2, num_hidden_layers=2, metric=["l1", "l2"])
    assert config.layer_metric(0) == ["l1", "l2"]


def test_windows_and_feed_forward_per_layer():
    config = DistanceTransformerConfig(
        num_hidden_layers=2, attention_window=[None, 3], feed_forward=["dense", "moe"]
    )
    assert [config.layer_window(0), config.layer_window(1)] == [None, 3]
    assert [config.layer_feed_forward(0), config.layer_feed_forward(1)] == ["dense", "moe"]


def test_factors_on_lambda_per_layer_or_for_all(tmp_path):
    config = DistanceTransformerConfig(num_hidden_layers=2, scale_factor=(0.5, 2.0))
    assert [config.layer_scale_factor(0), config.layer_scale_factor(1)] == [0.5, 2.0]
    config.save_pretrained(tmp_path)
    assert DistanceTransformerConfig.from_pretrained(tmp_path).scale_factor == [0.5, 2.0]
    assert DistanceTransformerConfig(scale_factor=4).layer_scale_factor(3) == 4


def test_caches_slide_where_all_layers_do():
    def kinds(**settings: Any) -> set[str]:
        config = DistanceTransformerConfig(num_hidden_layers=2, **settings)
        return {type(layer).__name__ for layer in DynamicCache(config=config).layers}

    assert kinds(attention_window=4) == {"DynamicSlidingWindowLayer"}
    for settings in (
        {},
        {"attention_window": [4, None]},
        {"attention_window": 4, "is_encoder_decoder": True},
    ):
        assert kinds(**settings) == {"DynamicLayer"}


def test_save_and_load_gives_an_equal_configuration(tmp_path: Path):
    register_auto_classes()
    config = DistanceTransformerConfig(
        vocab_size=50,
        metric=("l1",) * 8,
        metric_p=(1.5,) * 8,
        head_gate={"name": "learned"},
        feed_forward=("dense", "moe", "dense", "moe"),
        moe={"num_experts": 2},
        num_labels=3,
        eos_token_id=1,
    )
    config.save_pretrained(tmp_path)
    loaded = AutoConfig.from_pretrained(tmp_path)
    assert type(loaded) is DistanceTransformerConfig
    assert {**loaded.to_dict(), "_name_or_path": ""} == config.to_dict()
    assert DistanceTransformerConfig.from_dict(config.to_dict()).to_dict() == config.to_dict()


def test_a_broken_file_is_refused_when_it_is_loaded(tmp_path: Path):
    DistanceTransformerConfig().save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps({**settings, "metric": "l7"}))
    with pytest.raises(ConfigurationError, match="'l7'"):
        DistanceTransformerConfig.from_pretrained(tmp_path)


def test_overrides_of_a_loaded_configuration_are_checked():
    with pytest.raises(ConfigurationError, match="attention_window is 0"):
        DistanceTransformerConfig.from_dict({}, attention_window=0)
    built, unused = DistanceTransformerConfig.from_dict({}, other=1, return_unused_kwargs=True)
    assert unused == {"other": 1}
    assert built.metric == "l1"


def test_assigned_settings_are_checked_on_saving(tmp_path: Path):
    config = DistanceTransformerConfig()
    config.metric = "l7"
    with pytest.raises(ConfigurationError, match="'l7'"):
        config.save_pretrained(tmp_path)
    assert not (tmp_path / "config.json").exists()
