"""The arguments of attention brought to one form."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.attention_inputs import read_inputs
from hybrid_opt.classical.errors import AttentionError, MaskTypeError

NOTHING = {
    "scale": None, "p": None, "causal": False, "window": None, "mask": None, "dropout": 0.0,
    "head_gates": None, "seed": None,
}  # fmt: skip


def read(query=None, key=None, value=None, metric="l1", **changes):
    """Inputs of 2 sequences, 4 query heads, 2 key-value heads, 3 queries, 5 keys, widths 8 and 6."""
    query = torch.zeros(2, 4, 3, 8) if query is None else query
    key = torch.zeros(2, 2, 5, 8) if key is None else key
    value = torch.zeros(2, 2, 5, 6) if value is None else value
    return read_inputs(query, key, value, metric, **{**NOTHING, **changes})


def test_everything_is_kept_in_one_form():
    mask = torch.ones(2, 5, dtype=torch.bool)
    inputs = read(
        metric=["l1", "lp", "lp", "dot"], scale=2, p=3, causal=True, window=4, mask=mask, dropout=0.25,
        head_gates=torch.ones(4), seed=9,
    )  # fmt: skip
    assert inputs.metrics == ("l1", "lp", "lp", "dot")
    assert inputs.scale.tolist() == [2.0] * 4
    assert (inputs.p, inputs.dropout, inputs.seed) == (3.0, 0.25, 9)
    sight = inputs.visibility
    assert (sight.queries, sight.keys, sight.causal, sight.window) == (3, 5, True, 4)
    assert sight.mask.shape == (2, 1, 1, 5)
    assert inputs.gates.shape == (1, 4, 1, 1)


def test_types_are_brought_to_the_common_one():
    inputs = read(value=torch.zeros(2, 2, 5, 6, dtype=torch.float64))
    assert {inputs.query.dtype, inputs.key.dtype, inputs.scale.dtype, inputs.compute_dtype} == {torch.float64}
    half = [torch.zeros(1, 1, 2, 4, dtype=dtype) for dtype in (torch.float16, torch.bfloat16, torch.float16)]
    mixed = read(*half)
    assert (mixed.value.dtype, mixed.compute_dtype) == (torch.float32, torch.float32)
    assert read(*[half[1]] * 3).query.dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"query": torch.zeros(2, 4, 8)}, "query has shape"),
        ({"key": torch.zeros(2, 3, 5, 8)}, "no multiple"),
        ({"value": torch.zeros(2, 2, 4, 6)}, "value .* and key .* must agree in batch, heads and tokens"),
        ({"value": torch.zeros(2, 1, 5, 6)}, "must agree"),
        ({"value": "value"}, "value is str"),
        ({"value": torch.zeros(2, 2, 5, 6, device="meta")}, "value on meta"),
        ({"mask": torch.ones(2, 5, dtype=torch.bool, device="meta")}, "mask on meta"),
        ({"mask": torch.ones(2, 4, dtype=torch.bool)}, r"mask has shape \(2, 4\); legal are \(2, 5\)"),
        ({"metric": "l3"}, "unknown"),
        ({"metric": ["l1"] * 3}, "3 metrics were given for 4"),
        ({"p": 2.0}, "no head uses"),
        ({"metric": "lp", "p": 0.5}, "p is 0.5"),
        ({"scale": -1}, "scale is -1"),
        ({"window": 0}, "window is 0"),
        ({"causal": "no"}, "causal is 'no'"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"seed": 1.0}, "seed is 1.0"),
        ({"head_gates": torch.ones(3)}, "head_gates is"),
    ],
)
def test_each_wrong_argument_is_refused(changes, message):
    with pytest.raises(AttentionError, match=message):
        read(**changes)


@pytest.mark.parametrize("mask", [torch.ones(2, 5), torch.ones(2, 5, dtype=torch.long), [[True] * 5] * 2])
def test_masks_are_boolean_tensors(mask):
    with pytest.raises(MaskTypeError, match=r"give a torch.bool tensor .*attention_mask.bool\(\)"):
        read(mask=mask)
