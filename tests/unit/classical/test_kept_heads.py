"""Numbers of heads that are left: the rule for shared keys and values, and what a configuration may say."""

from __future__ import annotations

from typing import Any

import pytest

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.kept_heads import key_value_heads_of


@pytest.mark.parametrize(
    ("kept", "heads", "groups", "expected"),
    [
        ([0, 2, 3], 4, 4, [0, 2, 3]),  # no sharing: each its own
        ([0, 1, 2, 3], 4, 2, [0, 1]),
        ([1, 2], 4, 2, [0, 1]),  # one of each group
        ([2, 3], 4, 2, [1]),  # a whole group goes
        ([0, 2, 3], 4, 2, [0, 1, 1]),  # one of one, two of the other
        ([0, 1, 5], 6, 1, [0]),  # all heads share one: always grouped
    ],
)
def test_keys_and_values_that_heads_read(kept: Any, heads: int, groups: int, expected: Any):
    found = key_value_heads_of(kept, heads, groups)
    assert found == expected
    shared = len(kept) // len(found)
    assert [found[place // shared] for place in range(len(kept))] == [h * groups // heads for h in kept]


def config(**settings: Any) -> DistanceTransformerConfig:
    sizes = {"hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2}
    return DistanceTransformerConfig(**{**sizes, **settings})


def test_layers_of_decoder_and_encoder():
    assert config().layer_kept_heads(0, decoder=True) is None
    plain = config(kept_heads=((0,), (1, 3)))
    assert plain.kept_heads == [[0], [1, 3]]
    assert plain.num_attention_layers == 2
    assert plain.layer_kept_heads(1, decoder=True) == ([1, 3], None)
    both = config(
        is_encoder_decoder=True,
        num_encoder_layers=1,
        num_key_value_heads=2,
        kept_heads=[[0], [1], [0, 2, 3]],
        kept_key_value_heads=[[0], [0], [0, 1, 1]],
    )
    assert both.num_attention_layers == 3
    assert both.layer_kept_heads(0, decoder=False) == ([0], [0])
    assert both.layer_kept_heads(1, decoder=True) == ([0, 2, 3], [0, 1, 1])
    assert config(is_encoder_decoder=True).num_attention_layers == 4


@pytest.mark.parametrize(
    "kept",
    [
        [[0, 1]],  # too few layers
        [[0], [1], [2]],
        {"0": [1]},
        [[0], []],
        [[0], [4]],
        [[-1], [0]],
        [[1, 0], [0]],
        [[0], [1.0]],
        [[True], [0]],
        [[0], [1, 1]],
        [0, 1],
    ],
)
def test_lists_that_are_refused(kept: Any):
    with pytest.raises(ConfigurationError, match="kept_heads"):
        config(kept_heads=kept)


def test_a_pruned_encoder_decoder_lists_all_layers():
    with pytest.raises(ConfigurationError, match=r"kept_heads is 2 lists for 4 layers .* encoder first"):
        config(is_encoder_decoder=True, kept_heads=[[0], [1]])


@pytest.mark.parametrize(
    ("key_value", "message"),
    [
        ([[0, 1]], "1 lists for 2 layers"),
        ([[0, 1], [2]], "number from 0 to 1"),
        ([[0, 0], [1]], r"layer 0 is \[0, 0\], which are not those"),
        ([[0, 1], [0]], r"layer 1 is \[0\], which are not those"),
        ([[0, 1], [1, 1]], r"layer 1 is \[1, 1\], which are not those"),
    ],
)
def test_keys_and_values_that_do_not_belong(key_value: Any, message: str):
    with pytest.raises(ConfigurationError, match=message):
        config(num_key_value_heads=2, kept_heads=[[0, 2], [3]], kept_key_value_heads=key_value)


def test_keys_and_values_without_heads():
    with pytest.raises(ConfigurationError, match="give both or neither"):
        config(kept_key_value_heads=[[0], [1]])


def test_a_misspelled_setting_is_told_apart():
    with pytest.raises(ConfigurationError, match="did you mean 'kept_heads'"):
        config(keep_heads=[[0], [1]])
