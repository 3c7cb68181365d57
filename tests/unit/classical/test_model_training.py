"""Training through other libraries: Trainer with accumulation, adapters of peft."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import Trainer, TrainingArguments

from hybrid_opt.classical.attention_scale import no_decay_parameter_names
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder_heads import DistanceEncoderForSequenceClassification
from hybrid_opt.classical.gpt import DistanceGPT


def model_of(cls: type = DistanceGPT, **settings: Any) -> Any:
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1}
    return cls(DistanceTransformerConfig(**{**sizes, **settings}))


def padded_texts(count: int = 8) -> list[dict[str, torch.Tensor]]:
    """Sequences of length 10 whose last labels are padding, each with another length."""
    generator = torch.Generator().manual_seed(2)
    rows = []
    for length in torch.randint(3, 11, (count,), generator=generator).tolist():
        tokens = torch.randint(1, 50, (10,), generator=generator)
        mask = (torch.arange(10) < length).long()
        labels = torch.where(mask.bool(), tokens, -100)
        rows.append({"input_ids": tokens * mask, "attention_mask": mask, "labels": labels})
    return rows


def trained(
    model: Any, rows: list[dict[str, torch.Tensor]], folder: Path, batch: int, accumulate: int
) -> Any:
    """The model after two steps of plain gradient descent."""
    arguments = TrainingArguments(
        str(folder),
        per_device_train_batch_size=batch,
        gradient_accumulation_steps=accumulate,
        max_steps=2,
        learning_rate=0.1,
        optim="sgd",
        lr_scheduler_type="constant",
        max_grad_norm=0.0,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
        dataloader_pin_memory=False,
        seed=0,
    )
    Trainer(model, arguments, train_dataset=rows).train()
    return model


@pytest.mark.parametrize(
    "settings", [{}, {"feed_forward": "moe", "moe": {"num_experts": 2, "top_k": 1, "auxiliary_weight": 0.0}}]
)
def test_accumulated_steps_equal_steps_of_the_whole_batch(settings: dict[str, Any], tmp_path: Path):
    rows = padded_texts()
    whole = trained(model_of(**settings), rows, tmp_path / "whole", batch=4, accumulate=1)
    parts = trained(model_of(**settings), rows, tmp_path / "parts", batch=1, accumulate=4)
    for (name, one), other in zip(whole.named_parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(other, one, rtol=1e-4, atol=1e-6, msg=name)
    start = model_of(**settings)
    assert not torch.allclose(whole.lm_head.weight, start.lm_head.weight)


def test_accumulated_regression_equals_the_whole_batch(tmp_path: Path):
    generator = torch.Generator().manual_seed(3)
    rows = [
        {
            "input_values": torch.randn(5, 3, generator=generator),
            "labels": torch.randn(2, generator=generator),
        }
        for _ in range(8)
    ]
    settings: dict[str, Any] = {"value_width": 3, "num_labels": 2, "problem_type": "regression"}
    cls = DistanceEncoderForSequenceClassification
    whole = trained(model_of(cls, **settings), rows, tmp_path / "whole", batch=4, accumulate=1)
    parts = trained(model_of(cls, **settings), rows, tmp_path / "parts", batch=2, accumulate=2)
    torch.testing.assert_close(parts.classifier.weight, whole.classifier.weight, rtol=1e-4, atol=1e-6)


def test_accumulated_series_equal_the_whole_batch(tmp_path: Path):
    generator = torch.Generator().manual_seed(3)
    series = [torch.randn(6, 1, generator=generator) for _ in range(8)]
    rows = [{"input_values": values, "labels": values} for values in series]
    whole = trained(model_of(value_width=1), rows, tmp_path / "whole", batch=4, accumulate=1)
    parts = trained(model_of(value_width=1), rows, tmp_path / "parts", batch=2, accumulate=2)
    torch.testing.assert_close(parts.lm_head.weight, whole.lm_head.weight, rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # asked by peft
def test_adapters_on_queries_and_values_learn_and_merge():
    model = model_of().eval()
    tokens = torch.arange(8).unsqueeze(0)
    before = model(input_ids=tokens).logits.detach()
    settings = LoraConfig(r=2, target_modules=["query_projection", "value_projection"], task_type="CAUSAL_LM")
    adapted = get_peft_model(model, settings)
    torch.testing.assert_close(adapted(input_ids=tokens).logits, before)  # the second factor starts at 0
    trainable = [name for name, parameter in adapted.named_parameters() if parameter.requires_grad]
    assert len(trainable) == 4
    assert all("lora" in name for name in trainable)
    optimizer = torch.optim.SGD([p for p in adapted.parameters() if p.requires_grad], lr=5.0)
    for _ in range(3):
        optimizer.zero_grad()
        adapted(input_ids=tokens, labels=tokens).loss.backward()
        optimizer.step()
    after = adapted(input_ids=tokens).logits.detach()
    assert not torch.allclose(after, before, atol=1e-4)
    merged = adapted.merge_and_unload()
    torch.testing.assert_close(merged(input_ids=tokens).logits, after, rtol=0, atol=1e-5)
    assert merged.generate(tokens, max_new_tokens=2, do_sample=False, pad_token_id=0).shape == (1, 10)


def test_scales_do_not_decay_in_a_model():
    names = set(no_decay_parameter_names(model_of(metric="lp", metric_p=3.0, learn_p=True)))
    prefix = "model.stack.blocks.0.attention."
    assert {prefix + "log_scale_ratio", prefix + "p_excess", prefix + "query_projection.bias"} <= names
    assert not {prefix + "query_projection.weight", "model.stack.embeddings.tokens.weight"} & names
