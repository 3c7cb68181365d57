"""Everything a configuration refuses, each with the message a user reads."""

from __future__ import annotations

from typing import Any

import pytest

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.configuration_checks import check_configuration
from hybrid_opt.classical.errors import ConfigurationError

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"metric": "l3"}, "metric 'l3' is not known; take one of l1"),
    ({"metric": ["l1", "l2", "dot"]}, r"metric has 3 names; give one, 8 \(one per head\), or 4"),
    ({"metric": ["l1", "l1", "l1", ["l1"]]}, "metric of a layer has 1 names for 8 heads"),
    ({"metric": [["l1"] * 8] * 3}, "metric has 3 entries for 4 layers"),
    ({"metric": 2}, "metric 2 is not known"),
    ({"metric_p": 0.5}, "metric_p is 0.5; below 1"),
    ({"metric_p": "2"}, "metric_p is '2'"),
    ({"metric_p": float("nan")}, "metric_p is nan"),
    ({"metric_p": float("inf")}, "metric_p is inf"),
    ({"metric": [[["l1"]] * 8] + ["l1"] * 3}, "metric of a layer is .*; give a name, or one per head"),
    ({"learn_p": "no"}, "learn_p is 'no'; it must be True or False"),
    ({"learn_scale": 1}, "learn_scale is 1; it must be True or False"),
    ({"rope_theta": float("inf")}, "rope_theta is inf; it must be a number above 0, and finite"),
    ({"layer_norm_eps": float("nan")}, "layer_norm_eps is nan"),
    ({"metric_p": [2.0, 3.0]}, "metric_p has 2 entries for 8 heads"),
    ({"metric": "lp", "metric_p": 1.0, "learn_p": True}, "must start above 1"),
    ({"attention_window": 0}, "attention_window is 0; it must be a whole number, 1 or more"),
    ({"attention_window": 2.5}, "attention_window is 2.5"),
    ({"attention_window": [4]}, "attention_window has 1 entries for 4 layers"),
    ({"scale_factor": 0.0}, "scale_factor is 0.0; it must be a number above 0"),
    ({"scale_factor": "2"}, "scale_factor is '2'"),
    ({"scale_factor": float("inf")}, "scale_factor is inf"),
    ({"scale_factor": [1.0, 1.0, 1.0, -1.0]}, "scale_factor is -1.0"),
    ({"scale_factor": [2.0]}, "scale_factor has 1 entries for 4 layers"),
    ({"num_attention_heads": 7}, "hidden_size 256 is no multiple of num_attention_heads 7"),
    ({"num_key_value_heads": 3}, "num_key_value_heads is 3; it must divide num_attention_heads, 8"),
    ({"position": "rotary", "head_dim": 5}, "rotary positions need an even head width, not 5"),
    ({"position": "sinusoidal"}, "position is 'sinusoidal'; it must be one of learned, rotary, none"),
    ({"scale_init": "half"}, "scale_init is 'half'"),
    ({"attention_backend": "flash"}, "attention_backend is 'flash'"),
    ({"hidden_act": "swiglu"}, "hidden_act is 'swiglu'"),
    ({"classifier_pooling": "max"}, "classifier_pooling is 'max'"),
    ({"hidden_size": 0}, "hidden_size is 0; it must be a whole number, 1 or more"),
    ({"vocab_size": None}, "vocab_size is None"),
    ({"num_hidden_layers": 2.0}, "num_hidden_layers is 2.0"),
    ({"value_width": 0}, "value_width is 0"),
    ({"hidden_dropout": 1.0}, "hidden_dropout is 1.0; it must be at least 0 and below 1"),
    ({"attention_dropout": "0.1"}, "attention_dropout is '0.1'"),
    ({"initializer_range": 0}, "initializer_range is 0; it must be a number above 0"),
    ({"feed_forward": "sparse"}, "feed_forward is 'sparse'"),
    ({"feed_forward": ["dense"]}, "feed_forward has 1 entries for 4 layers"),
    ({"moe": {"num_experts": 2}}, 'no layer has feed_forward="moe"'),
    ({"router": {"name": "softmax"}}, 'no layer has feed_forward="moe"'),
    ({"feed_forward": "moe", "moe": 4}, "moe is 4; it must be a dictionary"),
    ({"feed_forward": "moe", "moe": {"experts": 4}}, "moe has no setting experts; its settings: num_experts"),
    ({"feed_forward": "moe", "moe": {"top_k": 9}}, "top_k"),
    ({"head_gate": "learned"}, "head_gate is 'learned'; it must be"),
    ({"feed_forward": "moe", "router": ["softmax"] * 4}, "router is 'softmax'; it must be"),
    ({"feed_forward": "moe", "router": [None]}, "router has 1 entries for 4 layers"),
    ({"controller": {"scale": 1}}, "controller is {'scale': 1}"),
    ({"pad_token_id": -1}, "pad_token_id is -1; ids run from 0 to 9999"),
    ({"eos_token_id": [3, 10000]}, "eos_token_id is 10000"),
    (
        {"is_encoder_decoder": True, "num_encoder_layers": 2, "attention_window": [1, 1]},
        "encoder and decoder differ in layers",
    ),
]


@pytest.mark.parametrize(("settings", "message"), WRONG, ids=[str(settings) for settings, _ in WRONG])
def test_wrong_settings_are_refused(settings: dict[str, Any], message: str):
    with pytest.raises(ConfigurationError, match=message):
        DistanceTransformerConfig(**settings)


@pytest.mark.parametrize(
    ("wrong", "right"), [("metirc", "metric"), ("num_attention_head", "num_attention_heads")]
)
def test_a_name_close_to_a_setting_is_refused(wrong: str, right: str):
    with pytest.raises(ConfigurationError, match=f"no setting '{wrong}'; did you mean '{right}'"):
        DistanceTransformerConfig(**{wrong: "l2"})


def test_settings_of_transformers_are_taken():
    config = DistanceTransformerConfig(num_labels=3, tokenizer_class="X", torch_dtype="bfloat16", foo=1)
    assert (config.num_labels, config.foo) == (3, 1)


def test_token_ids_do_not_matter_without_tokens():
    check_configuration(DistanceTransformerConfig(value_width=3, vocab_size=1, pad_token_id=5))
