"""Entropies of a pass as it happens: those of the report, without gates, padding and second passes."""

import pytest
import torch

from hybrid_opt.classical.attention_analysis import attention_report
from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.entropy_measurement import EntropyMeasurement
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT

TOKENS = torch.tensor([[1, 5, 2, 8, 3, 7], [4, 4, 1, 6, 0, 0]])


def gpt(**settings):
    torch.manual_seed(0)
    sizes = {"vocab_size": 9, "hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2}
    return DistanceGPT(DistanceTransformerConfig(**{**sizes, "initializer_range": 0.5, **settings}))


def measured(model, rows=100, sequences=100, **batch):
    measurement = EntropyMeasurement(model, rows=rows, sequences=sequences)
    measurement.begin()
    model(**batch)
    return measurement.end()


@pytest.mark.parametrize("metric", ["l2", ["l1", "cosine", "dot", "l2"]])
@pytest.mark.parametrize("padded", [False, True])
def test_they_are_those_of_the_report(metric, padded):
    model, batch = gpt(metric=metric), {"input_ids": TOKENS}
    if padded:
        batch["attention_mask"] = (TOKENS != 0).long()
    found = measured(model.eval(), **batch)
    layers = attention_report(model, batch).layers
    assert list(found) == [layer.name for layer in layers]
    for layer in layers:
        assert found[layer.name] == pytest.approx(float(layer.statistics.entropy.mean()), abs=2e-6)


def test_closed_heads_are_left_out():
    model = gpt().eval()
    whole = attention_report(model, {"input_ids": TOKENS}).layers[0].statistics.entropy
    model.set_head_mask(torch.tensor([[1, 0, 0, 1], [1, 1, 1, 1]]))
    found = measured(model, input_ids=TOKENS)
    assert next(iter(found.values())) == pytest.approx(float(whole[[0, 3]].mean()), abs=2e-6)


def test_some_sequences_and_rows():
    model = gpt().eval()
    first = measured(model, input_ids=TOKENS[:1])
    assert measured(model, sequences=1, input_ids=TOKENS) == pytest.approx(first, abs=1e-9)
    assert measured(model, rows=2, input_ids=TOKENS) != first


def test_a_checkpointed_pass_counts_once():
    model = gpt().train()
    plain = measured(model, input_ids=TOKENS)
    model.activation_checkpointing_enable({"use_reentrant": False}) if hasattr(
        model, "activation_checkpointing_enable"
    ) else model.gradient_checkpointing_enable({"use_reentrant": False})
    measurement = EntropyMeasurement(model, rows=100, sequences=100)
    measurement.begin()
    model(input_ids=TOKENS, labels=TOKENS).loss.backward()
    assert measurement.end() == pytest.approx(plain, abs=1e-9)


def test_under_autocast():
    model = gpt().eval()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = measured(model, input_ids=TOKENS)
    assert found == pytest.approx(measured(model, input_ids=TOKENS), abs=0.03)


def test_several_passes_are_averaged_and_a_new_beginning_forgets():
    layer = DistanceAttention(8, 2)
    measurement = EntropyMeasurement(layer, rows=10, sequences=10)
    torch.manual_seed(0)
    states = [torch.randn(1, 4, 8), torch.randn(1, 4, 8)]
    alone = []
    for state in states:
        measurement.begin()
        layer(state)
        alone.append(measurement.end()[""])
    measurement.begin()
    layer(100 * states[0])
    measurement.begin()
    for state in states:
        layer(state)
    assert measurement.end()[""] == pytest.approx(sum(alone) / 2)


def test_nothing_stays_on_the_model_and_one_token_says_nothing():
    layer = DistanceAttention(8, 2)
    measurement = EntropyMeasurement(layer, rows=10, sequences=10)
    measurement.begin()
    layer(torch.randn(1, 1, 8))
    assert measurement.end() == {}
    measurement.begin()
    measurement.cancel()
    assert not layer._forward_pre_hooks


def test_a_model_without_distance_attention():
    with pytest.raises(ConfigurationError, match="no DistanceAttention"):
        EntropyMeasurement(torch.nn.Linear(2, 2), rows=1, sequences=1)
