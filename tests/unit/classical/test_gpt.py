"""The decoder: loss, cache, checkpointing, continuous series; generation and saving are tested elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT, DistanceGPTModel
from hybrid_opt.classical.metrics import METRICS
from hybrid_opt.classical.transformers_import import DynamicCache


def model_of(cls: type = DistanceGPT, **settings: Any) -> Any:
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2}
    return cls(DistanceTransformerConfig(**{**sizes, "max_position_embeddings": 32, **settings})).eval()


def ids(batch: int = 2, length: int = 9) -> torch.Tensor:
    return torch.randint(50, (batch, length), generator=torch.Generator().manual_seed(1))


def test_reference_has_the_quoted_number_of_parameters():
    with torch.device("meta"):
        model = DistanceGPT(DistanceTransformerConfig.reference())
    assert sum(parameter.numel() for parameter in model.parameters()) == 6_243_872


def test_logits_are_products_with_the_tied_embeddings():
    model = model_of()
    output = model(input_ids=ids(), output_hidden_states=True, output_attentions=True)
    hidden = model.model(input_ids=ids()).last_hidden_state
    torch.testing.assert_close(output.logits, hidden @ model.get_input_embeddings().weight.T)
    assert len(output.hidden_states) == 3
    assert len(output.attentions) == 2
    untied = model_of(tie_word_embeddings=False)
    assert untied.lm_head.weight is not untied.get_input_embeddings().weight


def test_loss_is_that_of_the_next_token():
    model, labels = model_of(), ids()
    labels[0, 5:] = -100
    output = model(input_ids=ids(), labels=labels)
    expected = functional.cross_entropy(output.logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
    torch.testing.assert_close(output.loss, expected)


def test_loss_of_experts_is_added_and_reported():
    model = model_of(feed_forward="moe", moe={"num_experts": 2, "top_k": 1}).train()
    output = model(input_ids=ids(), labels=ids())
    logits = output.logits[:, :-1].flatten(0, 1)
    expected = functional.cross_entropy(logits, ids()[:, 1:].flatten()) + output.aux_loss
    torch.testing.assert_close(output.loss, expected)
    share = model(input_ids=ids(), labels=ids(), num_items_in_batch=32)
    torch.testing.assert_close(share.loss, expected / 2, rtol=0.01, atol=0)


@pytest.mark.parametrize("settings", [{}, {"attention_window": 3}, {"attention_window": [3, None]}])
@pytest.mark.parametrize("position", ["learned", "rotary", "none"])
def test_cached_decoding_equals_the_full_pass(position: str, settings: dict[str, Any]):
    metrics = [["l1", "l2", "squared_l2", "lp"], ["cosine", "chebyshev", "dot", "l1"]]
    model = model_of(metric=metrics, metric_p=3.0, position=position, num_key_value_heads=2, **settings)
    mask = torch.ones(2, 9, dtype=torch.long)
    mask[0, :3] = 0
    whole = model(input_ids=ids(), attention_mask=mask).logits
    cache, parts, done = DynamicCache(config=model.config), [], 0
    for length in (4, 1, 1, 3):
        until = done + length
        step = model(
            input_ids=ids()[:, done:until],
            attention_mask=mask[:, :until],
            past_key_values=cache,
            use_cache=True,
        )
        parts.append(step.logits)
        cache, done = step.past_key_values, until
    torch.testing.assert_close(torch.cat(parts, 1)[mask.bool()], whole[mask.bool()], rtol=0, atol=1e-5)
    if settings == {"attention_window": 3}:
        assert cache.layers[0].keys.shape[2] == 2  # a window of 3 needs two old keys beside the new one


@pytest.mark.parametrize("metric", METRICS)
def test_cached_decoding_equals_the_full_pass_for_every_metric(metric: str):
    model = model_of(metric=metric, metric_p=1.5)
    whole = model(input_ids=ids()).logits
    first = model(input_ids=ids()[:, :5])
    second = model(input_ids=ids()[:, 5:], past_key_values=first.past_key_values)
    torch.testing.assert_close(torch.cat([first.logits, second.logits], 1), whole, rtol=0, atol=1e-5)


def test_a_cache_is_kept_outside_training_only():
    model = model_of()
    assert model(input_ids=ids()).past_key_values.get_seq_length() == 9
    assert model(input_ids=ids(), use_cache=False).past_key_values is None
    assert model.train()(input_ids=ids()).past_key_values is None


def test_last_logits_alone():
    model = model_of()
    whole = model(input_ids=ids()).logits
    torch.testing.assert_close(model(input_ids=ids(), logits_to_keep=2).logits, whole[:, -2:])
    chosen = model(input_ids=ids(), logits_to_keep=torch.tensor([0, 4])).logits
    torch.testing.assert_close(chosen, whole[:, [0, 4]])


def test_tuples_on_request():
    model = model_of()
    loss, logits = model(input_ids=ids(), labels=ids(), use_cache=False, return_dict=False)
    torch.testing.assert_close(logits, model(input_ids=ids()).logits)
    assert loss.shape == ()


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpointing_gives_the_same_gradients(reentrant: bool):
    settings: dict[str, Any] = {
        "attention_dropout": 0.2,
        "hidden_dropout": 0.2,
        "feed_forward": ["moe", "dense"],
        "moe": {"num_experts": 2, "top_k": 1, "balance": "loss_free"},
        "controller": {"name": "constant"},
    }
    gradients, states = [], []
    for checkpointing in (False, True):
        model = model_of(**settings).train()
        if checkpointing:
            model.activation_checkpointing_enable({"use_reentrant": reentrant})
        for step in range(2):
            torch.manual_seed(step)
            model.zero_grad()
            model(input_ids=ids(), labels=ids()).loss.backward()
        gradients.append({name: parameter.grad for name, parameter in model.named_parameters()})
        states.append(dict(model.named_buffers()))
    for name, gradient in gradients[0].items():
        assert gradient is not None, name
        torch.testing.assert_close(gradients[1][name], gradient, msg=name)
    for name, buffer in states[0].items():
        torch.testing.assert_close(states[1][name], buffer, msg=name)


@pytest.mark.parametrize("metric", METRICS)
def test_bfloat16_stays_near_single_precision(metric: str):
    model = model_of(metric=metric)
    exact = model(input_ids=ids()).logits
    rounded = model.to(torch.bfloat16)(input_ids=ids()).logits
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded.float(), exact, rtol=0, atol=0.03)


def test_autocast_trains():
    model = model_of().train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(input_ids=ids(), labels=ids()).loss
    loss.backward()
    assert loss.dtype == torch.float32
    assert all(bool(torch.isfinite(parameter.grad).all()) for parameter in model.parameters())


def test_series_predict_the_next_value():
    model = model_of(value_width=3)
    values = torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(0))
    output = model(input_values=values, labels=values)
    torch.testing.assert_close(output.loss, functional.mse_loss(output.logits[:, :-1], values[:, 1:]))
    mask = torch.ones(2, 6, dtype=torch.long)
    mask[1, 4:] = 0
    loss = model(input_values=values, labels=values, attention_mask=mask).loss
    errors = (output.logits[:, :-1] - values[:, 1:]).square()
    torch.testing.assert_close(loss, torch.cat([errors[0].flatten(), errors[1, :3].flatten()]).mean())
    assert model.lm_head.weight.shape == (3, 16)


def test_forecast_feeds_predictions_back():
    model = model_of(value_width=1).train()
    values = torch.randn(1, 5, 1, generator=torch.Generator().manual_seed(0))
    predicted = model.forecast(values, steps=3)
    assert model.training
    model.eval()
    for step in range(3):
        expected = model(input_values=values).logits[:, -1:].detach()
        torch.testing.assert_close(predicted[:, step : step + 1], expected, rtol=0, atol=1e-5)
        values = torch.cat([values, expected], dim=1)


def test_tokens_and_series_are_not_confused():
    with pytest.raises(ConfigurationError, match="has no tokens; use forecast"):
        model_of(value_width=1).generate(torch.zeros(1, 3, 1))
    with pytest.raises(ConfigurationError, match="forecast needs a model with value_width, not None"):
        model_of().forecast(torch.zeros(1, 3, 1), steps=2)
    with pytest.raises(ConfigurationError, match="steps of 1 or more, not 0"):
        model_of(value_width=1).forecast(torch.zeros(1, 3, 1), steps=0)
    with pytest.raises(ConfigurationError, match=r"labels have the shape \(1, 3\)"):
        model_of(value_width=1)(input_values=torch.zeros(1, 3, 1), labels=torch.zeros(1, 3))


def test_an_argument_that_does_not_exist_is_refused():
    with pytest.raises(TypeError, match="attention_masks"):
        model_of()(input_ids=ids(), attention_masks=torch.ones(2, 9))


def test_the_trunk_has_no_head():
    trunk = model_of(DistanceGPTModel)
    assert not hasattr(trunk, "lm_head")
    assert trunk(input_ids=ids()).past_key_values.get_seq_length() == 9
