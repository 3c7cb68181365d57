"""Measured latencies: who shares a measurement, what is replayed, order of rounds, and a clear difference."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel

from hybrid_opt.classical import head_timing
from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.head_timing import head_latencies
from hybrid_opt.classical.seq2seq import DistanceSeq2Seq

SIZES: dict[str, Any] = {"hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2}
TOKENS = torch.tensor([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]])


class Clock:
    """A clock on which every call of a layer takes its number of heads plus one, in seconds."""

    def __init__(self) -> None:
        self.now, self.calls = 0.0, []

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock, forward = Clock(), DistanceAttention.forward

    def slow(self: Any, *arguments: Any, **keywords: Any) -> Any:
        clock.now += self.num_heads + 1
        clock.calls.append((self.metrics, keywords))
        return forward(self, *arguments, **keywords)

    monkeypatch.setattr(DistanceAttention, "forward", slow)
    monkeypatch.setattr(head_timing, "time", clock)
    return clock


def ours(cls: Any = DistanceGPT, **settings: Any) -> Any:
    return cls(DistanceTransformerConfig(**SIZES, vocab_size=50, **settings))


def test_heads_of_one_metric_share_a_measurement(clock: Clock):
    mixed = [["l1", "dot", "l1", "l1"], "l2"]
    measured = head_latencies(ours(metric=mixed), {"input_ids": TOKENS}, runs=4)
    torch.testing.assert_close(
        measured.seconds, torch.tensor([4 / 3, 2.0, 4 / 3, 4 / 3] + [5 / 4] * 4, dtype=torch.float64)
    )
    assert measured.spread.tolist() == [0.0] * 8
    assert measured.runs == 4
    # The model (2 layers), then 1 round that is not counted and 4 that are, every second backwards.
    names = [metrics[0] for metrics, _ in clock.calls]
    assert names == ["l1", "l2", *["l2", "dot", "l1", "l1", "dot", "l2"] * 2, "l2", "dot", "l1"]


def test_exponents_are_told_apart_where_they_are_read(clock: Clock):
    layer = DistanceAttention(16, 4, metric=["lp", "lp", "l1", "l1"], p=[1.0, 3.0, 1.0, 3.0])
    assert head_latencies(layer, torch.randn(1, 3, 16), runs=3).seconds.tolist() == [2.0, 2.0, 1.5, 1.5]


def test_neither_caches_nor_controllers_are_replayed_and_gates_are_those_of_the_heads(clock: Clock):
    model = ours(metric=["l1", "dot", "l1", "l1"], controller={"name": "constant"})
    gates = torch.rand(2, 2, 4)
    head_latencies(model, {"input_ids": TOKENS, "head_gates": gates, "use_cache": True}, runs=3)
    assert clock.calls[0][1]["past_key_values"] is not None
    metrics, keywords = clock.calls[-1]
    assert metrics == ("dot",)
    assert not {"past_key_values", "control"} & set(keywords)
    assert torch.equal(keywords["head_gates"], gates[1][:, [1]]) or torch.equal(
        keywords["head_gates"], gates[0][:, [1]]
    )


def test_a_mask_per_head_is_cut_too(clock: Clock):
    layer = DistanceAttention(16, 4, metric=["l1", "dot", "l1", "l1"])
    mask = torch.rand(1, 4, 3, 3) > 0.3
    head_latencies(layer, {"hidden": torch.randn(1, 3, 16), "mask": mask}, runs=3)
    shapes = {metrics: tuple(keywords["mask"].shape) for metrics, keywords in clock.calls[1:]}
    assert shapes == {("l1",) * 3: (1, 3, 3, 3), ("dot",): (1, 1, 3, 3)}


def test_the_spread_is_that_of_the_runs(monkeypatch: pytest.MonkeyPatch):
    class Watch:
        """Each measurement takes one second longer than the one before."""

        calls = 0

        def perf_counter(self) -> float:
            self.calls += 1
            return 0.0 if self.calls % 2 else self.calls / 2

    monkeypatch.setattr(head_timing, "time", Watch())
    measured = head_latencies(DistanceAttention(16, 4), torch.randn(1, 3, 16), runs=5)
    assert measured.seconds.tolist() == [1.0] * 4  # 2, 3, 4, 5, 6 seconds for four heads
    assert measured.spread.tolist() == [0.5] * 4


def gpt2() -> Any:
    return GPT2LMHeadModel(GPT2Config(n_embd=16, n_head=4, n_layer=2, vocab_size=50, n_positions=32))


def bert() -> Any:
    return BertForSequenceClassification(BertConfig(**SIZES, vocab_size=50, intermediate_size=16))


@pytest.mark.parametrize(
    "build", [ours, gpt2, bert, lambda: ours(metric=["l1", "l2", "l2", "dot"], num_key_value_heads=2)]
)
def test_every_family_and_the_model_stays_as_it_was(build: Any):
    model = build().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    batch = {"input_ids": TOKENS, "attention_mask": torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])}
    measured = head_latencies(model, batch, runs=3)
    assert measured.seconds.shape == measured.spread.shape == (8,)
    assert measured.seconds.dtype == torch.float64
    assert bool((measured.seconds > 0).all())
    assert model.training
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(part._forward_pre_hooks for part in model.modules())


def test_an_encoder_decoder():
    model = ours(DistanceSeq2Seq, bos_token_id=1)
    measured = head_latencies(model, {"input_ids": TOKENS, "labels": TOKENS}, runs=3)
    assert measured.seconds.shape == (16,)


def test_a_slow_metric_is_seen_to_be_slow():
    layer = DistanceAttention(64, 2, metric=["lp", "dot"], p=2.5, backend="dense")
    seconds = head_latencies(layer, torch.randn(1, 128, 64), runs=5).seconds
    assert seconds[0] > 2 * seconds[1]  # a power of half a million numbers against one product


@pytest.mark.parametrize("runs", [2, 0, 4.0, True, None])
def test_too_few_runs(runs: Any):
    with pytest.raises(ConfigurationError, match="whole number from 3"):
        head_latencies(DistanceAttention(8, 2), torch.zeros(1, 2, 8), runs=runs)


def test_a_layer_that_is_not_called():
    class Half(nn.Module):
        """Has two layers and uses one."""

        def __init__(self) -> None:
            super().__init__()
            self.used, self.idle = DistanceAttention(8, 2), DistanceAttention(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.used(x)[0]

    with pytest.raises(ConfigurationError, match=r"layer 1 \(idle\) is not called"):
        head_latencies(Half(), torch.zeros(1, 2, 8), runs=3)


def test_a_batch_that_does_not_fit():
    with pytest.raises(ConfigurationError, match="cannot run on this batch"):
        head_latencies(DistanceAttention(8, 2), torch.zeros(1, 2, 7), runs=3)
