"""What all models share: initial values, head masks, calibration, embeddings."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder import DistanceEncoder
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.metrics import METRICS


def model_of(cls: type = DistanceGPT, **settings: Any) -> Any:
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2}
    return cls(DistanceTransformerConfig(**{**sizes, **settings}))


def ids(batch: int = 2, length: int = 6, vocabulary: int = 50) -> torch.Tensor:
    return torch.randint(vocabulary, (batch, length), generator=torch.Generator().manual_seed(1))


def normalized_entropy(weights: torch.Tensor) -> torch.Tensor:
    """Per head: mean over rows with at least two visible keys of entropy / log(visible keys)."""
    visible = (weights > 0).sum(-1)
    entropy = -(weights * weights.clamp(min=1e-30).log()).sum(-1)
    kept = visible[0, 0] > 1
    return (entropy / visible.clamp(min=2).log())[..., kept].mean((0, 2))


def test_weights_start_normal_biases_at_zero_scales_in_closed_form():
    model = model_of(hidden_size=64, initializer_range=0.05, learn_p=True, metric="lp", metric_p=3.0)
    weights = torch.cat([p.flatten() for p in model.parameters() if p.dim() == 2])
    assert float(weights.detach().std()) == pytest.approx(0.05, rel=0.03)
    assert all(bool((p == 0).all()) for name, p in model.named_parameters() if name.endswith("bias"))
    for layer in model.attention_layers():
        assert bool((layer.log_scale_ratio == 0).all())
        assert bool((layer.head_mask == 1).all())
        torch.testing.assert_close(layer.effective_p(), torch.full((2,), 3.0))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("cls", [DistanceGPT, DistanceEncoder])
def test_fresh_models_start_with_informative_attention(metric: str, cls: type):
    model = model_of(cls, hidden_size=64, num_attention_heads=4, vocab_size=500, metric=metric, metric_p=3.0)
    with torch.no_grad():
        output = model.eval()(input_ids=ids(1, 256, 500), output_attentions=True)
    for weights in output.attentions:
        share = normalized_entropy(weights)
        assert share.min() > 0.88, share
        assert share.max() < 0.95, share


def test_calibration_on_data_sets_all_layers_in_order():
    model = model_of(metric=["l1", "cosine"], scale_init="unit", position="rotary")
    batch = {"input_ids": ids(4, 32), "attention_mask": torch.ones(4, 32, dtype=torch.long)}
    batch["attention_mask"][0, :8] = 0
    model.train()
    model.calibrate({**batch, "labels": batch["input_ids"]})
    assert model.training
    first = [layer.effective_scale().clone() for layer in model.attention_layers()]
    model.calibrate(batch)
    for before, layer in zip(first, model.attention_layers(), strict=True):
        torch.testing.assert_close(layer.effective_scale(), before)  # it was a fixed point: nothing moves
        assert not torch.allclose(before, torch.ones(2))
    weights = model.eval()(**batch, output_attentions=True).attentions[1][1:].detach()
    spread = weights[:, :, -1].log().std(-1).mean(0)  # the last row sees all keys
    assert ((spread > 0.6) & (spread < 1.5)).all(), spread


def test_calibration_leaves_no_hooks():
    model = model_of()
    model.calibrate({"input_ids": ids()})
    layers = [module for module in model.modules() if isinstance(module, DistanceAttention)]
    assert not any(layer._forward_pre_hooks for layer in layers)


def test_head_mask_is_set_read_and_applied():
    model = model_of().eval()
    mask = torch.tensor([[1.0, 0.0], [0.5, 1.0]])
    expected = model(input_ids=ids(), head_gates=mask).logits
    model.set_head_mask(mask)
    torch.testing.assert_close(model(input_ids=ids()).logits, expected)
    assert torch.equal(model.head_mask(), mask)
    model.set_head_mask(torch.ones(2, 2, dtype=torch.bool))
    assert bool((model.head_mask() == 1).all())


@pytest.mark.parametrize("mask", [torch.ones(2), torch.ones(3, 2), torch.tensor([[1.0, float("nan")]] * 2)])
def test_wrong_head_masks_are_refused(mask: torch.Tensor):
    with pytest.raises(ConfigurationError, match=r"it must be \(2, 2\), one finite number"):
        model_of().set_head_mask(mask)


def test_gradients_of_gates_reach_each_head():
    model = model_of().eval()
    gates = torch.ones(2, 2, requires_grad=True)
    model(input_ids=ids(), labels=ids(), head_gates=gates).loss.backward()
    assert gates.grad is not None
    assert bool((gates.grad != 0).all())


def test_vocabulary_can_grow_and_stays_tied():
    model = model_of()
    before = model(input_ids=ids()).logits
    model.resize_token_embeddings(60, mean_resizing=False)
    assert model.lm_head.weight is model.get_input_embeddings().weight
    assert model.config.vocab_size == 60
    torch.testing.assert_close(model(input_ids=ids()).logits[..., :50], before)
    model(input_ids=torch.tensor([[59]]))


def test_continuous_models_have_no_vocabulary():
    model = model_of(DistanceEncoder, value_width=3)
    assert model.get_input_embeddings().in_features == 3
    with pytest.raises(ConfigurationError, match="no vocabulary to resize"):
        model.resize_token_embeddings(60)
    replacement = torch.nn.Linear(3, 16)
    model.set_input_embeddings(replacement)
    assert model.get_input_embeddings() is replacement


def test_a_configuration_changed_into_a_wrong_one_is_refused():
    config = DistanceTransformerConfig(vocab_size=50)
    config.num_attention_heads = 7
    with pytest.raises(ConfigurationError, match="no multiple"):
        DistanceGPT(config)


def test_attention_of_another_library_is_refused_by_transformers():
    with pytest.raises(ValueError, match="does not support an attention implementation"):
        model_of(attn_implementation="sdpa")
