"""Reports on models of every kind: numbers against direct ones, nothing disturbed, wrong batches named."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hybrid_opt.classical.attention_analysis import attention_report
from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder import DistanceEncoder
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.head_similarity import linear_cka
from hybrid_opt.classical.seq2seq import DistanceSeq2Seq


def config(**settings: Any) -> DistanceTransformerConfig:
    usual = {
        "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 32, "max_position_embeddings": 32,
    }  # fmt: skip
    return DistanceTransformerConfig(**{**usual, **settings})


def ids(batch: int = 2, length: int = 9) -> Tensor:
    return torch.randint(3, 50, (batch, length), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def gpt() -> DistanceGPT:
    torch.manual_seed(0)
    return DistanceGPT(config(metric=["l1", "cosine"], attention_dropout=0.3, hidden_dropout=0.3))


def test_equal_to_what_the_model_itself_returns(gpt: DistanceGPT):
    report = attention_report(gpt, {"input_ids": ids()}, map_items=2)
    weights = gpt.eval()(input_ids=ids(), output_attentions=True).attentions
    table = report.table()
    assert table[["layer", "head", "metric"]].values.tolist() == [
        [0, 0, "l1"], [0, 1, "cosine"], [1, 0, "l1"], [1, 1, "cosine"],
    ]  # fmt: skip
    assert (table["rows"] == 18).all()
    steps = (torch.arange(9)[:, None] - torch.arange(9)).abs()
    for layer, found in enumerate(weights):
        for head in range(2):
            row = table[(table["layer"] == layer) & (table["head"] == head)].iloc[0]
            w = found[:, head].detach().double()
            counts = torch.arange(1, 10)
            entropy = torch.special.entr(w).sum(-1)[:, 1:] / counts[1:].log()
            assert row["entropy"] == pytest.approx(float(entropy.mean()), rel=1e-5)
            assert row["range"] == pytest.approx(float((w * steps).sum(-1).mean()), rel=1e-5)
            assert row["uniform_range"] == pytest.approx(2.0)
            assert row["sink"] == pytest.approx(float(w[:, 1:, 0].mean()), rel=1e-5)
            for sequence in range(2):
                shown = report.map(layer, head, sequence=sequence)
                np.testing.assert_allclose(shown.to_numpy(), w[sequence].numpy(), atol=1e-6)
    lambdas = [x for block in gpt.model.stack.blocks for x in block.attention.effective_scale().tolist()]
    assert table["lambda"].tolist() == pytest.approx(lambdas)
    assert table["lambda_start"].tolist() == pytest.approx(lambdas)


def test_similarity_is_that_of_head_outputs():
    torch.manual_seed(0)
    layer = DistanceAttention(8, 4, num_key_value_heads=2)
    hidden = torch.randn(3, 20, 8)
    found = attention_report(layer, hidden).similarity(0).to_numpy()
    outputs: list[Tensor] = []
    handle = layer.output_projection.register_forward_pre_hook(lambda _, given: outputs.append(given[0]))
    layer(hidden)
    handle.remove()
    heads = outputs[0].detach().view(60, 4, 2).unbind(1)
    expected = [[linear_cka(a, b) for b in heads] for a in heads]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_does_not_change_the_numbers(gpt: DistanceGPT, side: str):
    tokens = ids(1)
    alone = attention_report(gpt, {"input_ids": tokens}).table()
    pad, real = torch.zeros(1, 4, dtype=torch.long), torch.ones_like(tokens)
    order = (pad, tokens) if side == "left" else (tokens, pad)
    mask = torch.cat((pad, real) if side == "left" else (real, pad), 1)
    padded = attention_report(gpt, {"input_ids": torch.cat(order, 1), "attention_mask": mask}).table()
    numbers = alone.columns[4:]
    np.testing.assert_allclose(padded[numbers].to_numpy(float), alone[numbers].to_numpy(float), rtol=2e-4)


def test_a_model_is_left_as_it_was():
    torch.manual_seed(0)
    moe = {"num_experts": 3, "top_k": 1, "balance": "loss_free"}
    model = DistanceGPT(
        config(feed_forward="moe", moe=moe, attention_dropout=0.5, controller={"name": "constant"})
    )
    model.train()
    model.model.stack.blocks[1].eval()
    model(input_ids=ids(), labels=ids()).loss.backward()
    modes = [part.training for part in model.modules()]
    before = copy.deepcopy(model.state_dict())
    gradients = [None if each.grad is None else each.grad.clone() for each in model.parameters()]
    random = torch.get_rng_state()
    report = attention_report(model, {"input_ids": ids(), "labels": ids()})
    assert len(report.layers) == 2
    assert torch.equal(torch.get_rng_state(), random)
    assert [part.training for part in model.modules()] == modes
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    for parameter, gradient in zip(model.parameters(), gradients):
        assert (parameter.grad is None) == (gradient is None)
        assert gradient is None or torch.equal(parameter.grad, gradient)
    assert all(not part._forward_pre_hooks for part in model.modules())


def test_an_encoder_has_no_order():
    torch.manual_seed(0)
    model = DistanceEncoder(config(attention_window=4))
    report = attention_report(model, ids())
    assert report.model == "DistanceEncoder"
    seen = report.layers[0].statistics.queries
    assert seen[0].tolist() == [2.0 * count for count in (4, 5, 6, 7, 7, 7, 6, 5, 4)]


def test_attention_across_has_no_range_and_leaves_padding_out():
    torch.manual_seed(0)
    model = DistanceSeq2Seq(config(pad_token_id=0, decoder_start_token_id=1))
    decoder_mask = torch.ones(2, 5, dtype=torch.long)
    decoder_mask[1, 3:] = 0
    mask = torch.ones(2, 9, dtype=torch.long)
    mask[0, 6:] = 0
    batch = {"input_ids": ids(), "attention_mask": mask, "decoder_input_ids": ids(2, 5)}
    batch["decoder_attention_mask"] = decoder_mask
    report = attention_report(model, batch)
    across = [layer for layer in report.layers if layer.across]
    assert len(report.layers) == 6
    assert len(across) == 2
    for layer in across:
        assert layer.statistics.rows == 8
        assert np.isnan(layer.statistics.range).all()
        assert np.isfinite(layer.statistics.entropy).all()
        assert layer.statistics.queries[0].tolist() == [8.0] * 6 + [3.0] * 3
    assert not np.isnan(report.layers[0].statistics.range).any()
    with_less = attention_report(model, {**batch, "decoder_attention_mask": None})
    assert [layer.statistics.rows for layer in with_less.layers if layer.across] == [10, 10]


class Foreign(nn.Module):
    """A model of someone else's with one of our layers in it."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.ModuleDict({"part": DistanceAttention(8, 2, metric="lp", p=[1.5, 4.0])})
        self.norm = nn.LayerNorm(8)

    def forward(self, x: Tensor, times: int = 1) -> Tensor:
        for _ in range(times):
            x = x + self.inner["part"](self.norm(x))[0]
        return x


def test_any_torch_model_and_a_layer_called_twice():
    report = attention_report(Foreign(), (torch.randn(2, 5, 8), 2))
    assert [layer.name for layer in report.layers] == ["inner.part", "inner.part (2)"]
    assert report.table()["p"].tolist() == pytest.approx([1.5, 4.0] * 2)


def test_fewer_rows_are_spread_evenly(gpt: DistanceGPT):
    full = attention_report(gpt, {"input_ids": ids(2, 32)})
    some = attention_report(gpt, {"input_ids": ids(2, 32)}, max_rows=4)
    assert (some.table()["rows"] == 8).all()
    assert some.layers[0].statistics.queries[0].max() == 8
    assert some.layers[0].statistics.queries[0, 10] == 6  # rows 0, 10, 21, 31
    assert attention_report(gpt, {"input_ids": ids(2, 32)}, max_rows=32).table().equals(full.table())


def test_half_precision_models_are_read():
    report = attention_report(DistanceAttention(8, 2).bfloat16(), torch.randn(1, 6, 8).bfloat16())
    assert np.isfinite(report.table()["entropy"]).all()
    assert np.isfinite(report.similarity(0).to_numpy()).all()


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({"input": ids()}, r"cannot run on this batch \(input: torch.int64 \(2, 9\)\)"),
        ({"input_ids": ids() + 40}, "vocabulary has 50"),
        ((ids(), ids(1, 3), ids(1, 3)), "attention_mask"),
        ([1, 2], "batch is list"),
        (torch.zeros(2, 9), "token ids are torch.float32"),
    ],
)
def test_batches_that_do_not_fit(gpt: DistanceGPT, batch: Any, message: str):
    gpt.train()
    with pytest.raises(ConfigurationError, match=message):
        attention_report(gpt, batch)
    assert gpt.training


def test_a_failure_in_foreign_code_is_an_error_of_the_batch():
    with pytest.raises(ConfigurationError, match=r"Foreign cannot run on this batch .*\(2, 5, 7\)"):
        attention_report(Foreign(), torch.randn(2, 5, 7))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_rows": 0}, "max_rows must be a whole number from 1; 0"),
        ({"max_rows": True}, "max_rows"),
        ({"map_items": -1}, "map_items must be a whole number from 0; -1"),
        ({"map_items": None}, "map_items"),
        ({"tokens": ["a"] * 8}, "8 tokens were given; the first sequence has 9"),
    ],
)
def test_wrong_arguments(gpt: DistanceGPT, settings: dict[str, Any], message: str):
    with pytest.raises(ConfigurationError, match=message):
        attention_report(gpt, {"input_ids": ids()}, **settings)


def test_no_attention_at_all_and_attention_that_does_not_run():
    with pytest.raises(ConfigurationError, match="Linear has no DistanceAttention"):
        attention_report(nn.Linear(2, 2), torch.ones(1, 2))
    with pytest.raises(ConfigurationError, match="none of its attention layers"):
        attention_report(Foreign(), (torch.randn(2, 5, 8), 0))
