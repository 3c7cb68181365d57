"""Gates on heads: the same as editing weights, per example, with gradients, and never left behind."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    RobertaConfig,
    RobertaForMaskedLM,
)

from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.attention_swap import replace_attention
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.head_masking import masked_heads
from hybrid_opt.classical.head_sites import find_head_sites

TOKENS = torch.tensor([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3], [5, 8, 9, 7, 9]])
SIZES: dict[str, Any] = {"hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2}
SIZES["vocab_size"] = 50
BERT = {**SIZES, "intermediate_size": 16}


def distance_model(**settings: Any) -> DistanceGPT:
    torch.manual_seed(0)
    return DistanceGPT(DistanceTransformerConfig(**{**SIZES, "initializer_range": 0.2, **settings})).eval()


def gpt2() -> Any:
    torch.manual_seed(0)
    sizes = {"n_embd": 16, "n_head": 4, "n_layer": 2, "vocab_size": 50, "n_positions": 32}
    return GPT2LMHeadModel(GPT2Config(**sizes, initializer_range=0.2, bos_token_id=0, eos_token_id=0)).eval()


def bert() -> Any:
    torch.manual_seed(0)
    return BertForSequenceClassification(BertConfig(**BERT, initializer_range=0.2)).eval()


def roberta() -> Any:
    torch.manual_seed(0)
    return RobertaForMaskedLM(RobertaConfig(**BERT, initializer_range=0.2)).eval()


MODELS = [distance_model, gpt2, bert, roberta]


def hooks(model: nn.Module) -> int:
    return sum(len(part._forward_pre_hooks) for part in model.modules())


@torch.no_grad()
def zeroed(model: nn.Module, gates: torch.Tensor) -> nn.Module:
    """A copy whose output projections carry the gates in their weights."""
    model, first = copy.deepcopy(model), 0
    for site in find_head_sites(model):
        factors = gates[first : first + site.num_heads].repeat_interleave(site.head_width)
        weight: Any = site.projection.weight
        weight *= factors if isinstance(site.projection, nn.Linear) else factors[:, None]
        first += site.num_heads
    return model


@pytest.mark.parametrize("build", MODELS)
def test_gates_are_factors_on_the_columns_of_the_projection(build: Any):
    model = build()
    gates = torch.tensor([1.0, 0.0, 0.5, 1.0, -2.0, 1.0, 1.0, 0.0])
    with torch.no_grad():
        plain, expected = model(input_ids=TOKENS).logits, zeroed(model, gates)(input_ids=TOKENS).logits
        with masked_heads(model, gates):
            found = model(input_ids=TOKENS).logits
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
        assert not torch.allclose(found, plain, atol=1e-3)
        assert torch.equal(model(input_ids=TOKENS).logits, plain)
    assert hooks(model) == 0


@pytest.mark.parametrize("build", MODELS)
def test_a_row_of_gates_per_example(build: Any):
    model = build()
    gates = torch.rand(3, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad(), masked_heads(model, gates):
        together = model(input_ids=TOKENS).logits
    for row, tokens, logits in zip(gates, TOKENS, together, strict=True):
        with torch.no_grad(), masked_heads(model, row):
            torch.testing.assert_close(model(input_ids=tokens[None]).logits[0], logits, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("build", [distance_model, gpt2])
def test_one_backward_pass_gives_the_gradients_of_every_example(build: Any):
    model = build().double()
    gates = torch.ones(3, 8, dtype=torch.float64, requires_grad=True)
    with masked_heads(model, gates):
        logits = model(input_ids=TOKENS).logits
    loss = nn.functional.cross_entropy(logits[:, :-1].mT, TOKENS[:, 1:], reduction="none").sum(1)
    loss.sum().backward()
    for example in range(3):
        single = torch.ones(8, dtype=torch.float64, requires_grad=True)
        with masked_heads(model, single):
            tokens = TOKENS[example : example + 1]
            (4 * model(input_ids=tokens, labels=tokens).loss).backward()
        torch.testing.assert_close(gates.grad[example], single.grad)
    assert gates.grad.abs().min() > 0


def test_every_kind_of_number_and_container():
    model = distance_model()
    keep = [True, False, True, True, False, True, True, True]
    with torch.no_grad():
        expected = zeroed(model, torch.tensor(keep).float())(input_ids=TOKENS).logits
        read = torch.tensor(keep)
        for gates in (keep, np.array(keep), read, read.int(), read.double()):
            with masked_heads(model, gates):
                torch.testing.assert_close(model(input_ids=TOKENS).logits, expected)


def test_nested_blocks_multiply():
    model = distance_model()
    first, second = torch.rand(8), torch.rand(8)
    with torch.no_grad():
        with masked_heads(model, first), masked_heads(model, second):
            found = model(input_ids=TOKENS).logits
        with masked_heads(model, first * second):
            torch.testing.assert_close(model(input_ids=TOKENS).logits, found)


def test_the_gates_of_the_model_act_besides():
    model = distance_model()
    model.set_head_mask(torch.full((2, 4), 0.5))
    with torch.no_grad():
        expected = zeroed(model, torch.full((8,), 0.5))(input_ids=TOKENS).logits
        with masked_heads(model, torch.full((8,), 0.5)):
            torch.testing.assert_close(model(input_ids=TOKENS).logits, expected)


def test_a_head_without_gate_adds_exactly_nothing():
    model = DistanceAttention(8, 2, bias=False)
    with torch.no_grad():
        model.value_projection.weight[4:] = 1e30
        with masked_heads(model, [1, 0]):
            found = model(torch.randn(2, 3, 8))[0]
    assert found.abs().max() < 100


@pytest.mark.parametrize("build", [distance_model, gpt2])
def test_training_with_gradient_checkpointing(build: Any):
    model = build()
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    gradients = []
    for checkpointing in (False, True):
        if checkpointing:
            model.activation_checkpointing_enable()
        model.train()
        gates = torch.full((3, 8), 0.7, requires_grad=True)
        with masked_heads(model, gates):
            model(input_ids=TOKENS, labels=TOKENS, use_cache=False).loss.backward()
        gradients.append(gates.grad)
    torch.testing.assert_close(gradients[0], gradients[1])
    with masked_heads(model, torch.full((8,), 0.7)):
        loss = model(input_ids=TOKENS, labels=TOKENS, use_cache=False).loss
    with pytest.raises(torch.utils.checkpoint.CheckpointError):
        loss.backward()  # runs the layers again, without gates


def test_under_autocast():
    model, gates = distance_model(), torch.tensor([1.0, 0, 1, 1, 0, 1, 1, 1], requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16), masked_heads(model, gates):
        found = model(input_ids=TOKENS).logits
    with masked_heads(model, gates):
        expected = model(input_ids=TOKENS).logits
    torch.testing.assert_close(found.float(), expected, atol=0.1, rtol=0.1)
    found.float().square().sum().backward()
    assert gates.grad.dtype == torch.float32
    assert bool((gates.grad != 0).all())


def test_in_generation():
    model, keep = gpt2(), torch.tensor([1, 0, 1, 0, 1, 1, 0, 1])
    settings: dict[str, Any] = {"max_new_tokens": 4, "do_sample": False, "pad_token_id": 0}
    mask = torch.ones_like(TOKENS)
    with masked_heads(model, keep):
        found = model.generate(TOKENS, attention_mask=mask, **settings)
    assert torch.equal(found, zeroed(model, keep.float()).generate(TOKENS, attention_mask=mask, **settings))


def test_replaced_attention_of_a_torch_model():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 4, 16, dropout=0.0)
    model = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    replace_attention(model, "l2")
    # Tokens come first here; the layer inside sees the batch first all the same.
    gates, x = torch.rand(3, 8), torch.randn(5, 3, 16)
    with torch.no_grad():
        with masked_heads(model.eval(), gates):
            found = model(x)
        for example in range(3):
            with masked_heads(model, gates[example]):
                alone = model(x[:, example : example + 1])
            torch.testing.assert_close(alone, found[:, example : example + 1])


def test_hooks_are_gone_after_an_error():
    model = distance_model()
    with pytest.raises(RuntimeError, match="on purpose"), masked_heads(model, torch.ones(8)):
        raise RuntimeError("on purpose")
    assert hooks(model) == 0


class Flat(nn.Module):
    """Attention that is called on all tokens of a batch in one row."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = DistanceAttention(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention(x.flatten(0, 1)[None])[0].view_as(x)


def test_gates_per_example_for_another_batch():
    model = Flat()
    with torch.no_grad(), masked_heads(model, torch.ones(2)):
        model(torch.randn(3, 5, 8))
    refused = pytest.raises(ConfigurationError, match=r"3 rows, but attention was .* shape \(1, 15, 8\)")
    with refused, masked_heads(model, torch.ones(3, 2)):
        model(torch.randn(3, 5, 8))
    assert hooks(model) == 0


@pytest.mark.parametrize(
    "gates",
    [torch.ones(7), torch.ones(2, 4), torch.ones(1, 2, 8), torch.ones(()), torch.ones(8) * 1j],
)
def test_gates_of_another_shape_or_kind(gates: torch.Tensor):
    refused = pytest.raises(ConfigurationError, match=r"integers or floats of shape \(8,\)")
    with refused, masked_heads(distance_model(), gates):
        pytest.fail("the block must not run")


@pytest.mark.parametrize("gates", ["all", None, [[1, 0], [1]]])
def test_gates_that_are_no_numbers(gates: Any):
    refused = pytest.raises(ConfigurationError, match="no tensor of numbers")
    with refused, masked_heads(distance_model(), gates):
        pytest.fail("the block must not run")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_gates_that_are_not_finite(value: float):
    refused = pytest.raises(ConfigurationError, match="not all finite")
    with refused, masked_heads(distance_model(), [1.0, value] * 4):
        pytest.fail("the block must not run")


@pytest.mark.parametrize("whole", [True, False])
def test_compiled_models(whole: bool):
    model: Any = distance_model()
    if whole:
        model = torch.compile(model, backend="eager")  # nothing is compiled before the first call
    else:
        model.model.stack.blocks[1].compile(backend="eager")
    with pytest.raises(ConfigurationError, match=r"before torch.compile"), masked_heads(model, torch.ones(8)):
        pytest.fail("the block must not run")


def test_a_projection_of_another_width():
    model = DistanceAttention(8, 2)
    with pytest.raises(ConfigurationError, match="prune outside the block"), masked_heads(model, [1, 0]):
        model.output_projection(torch.zeros(1, 3, 4))
