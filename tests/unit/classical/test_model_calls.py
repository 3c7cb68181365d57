"""Batches of every form, and errors that name the batch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.model_calls import call_model


class Sum(nn.Module):
    """Notes what it is called with."""

    def forward(self, first: torch.Tensor, second: torch.Tensor | None = None) -> torch.Tensor:
        self.seen = (first, second)
        return first + (0 if second is None else second)


@pytest.mark.parametrize(
    ("batch", "seen"),
    [
        (torch.ones(2), [1, None]),
        ((torch.ones(2), 2 * torch.ones(2)), [1, 2]),
        ({"second": 3 * torch.ones(2), "first": torch.ones(2)}, [1, 3]),
    ],
)
def test_batches(batch: Any, seen: list[Any]):
    model = Sum()
    call_model(model, batch)
    assert [part if part is None else float(part[0]) for part in model.seen] == seen


def test_batches_that_do_not_fit():
    with pytest.raises(
        ConfigurationError, match=r"Sum cannot run on this batch \(torch.float32 \(2,\), torch.f"
    ):
        call_model(Sum(), (torch.ones(2), torch.ones(3)))
    with pytest.raises(ConfigurationError, match=r"\(third: str\).*unexpected keyword"):
        call_model(Sum(), {"third": "x"})
    with pytest.raises(ConfigurationError, match="batch is list; give a mapping"):
        call_model(Sum(), [torch.ones(2)])


def test_errors_of_this_package_are_handed_on():
    model = DistanceGPT(DistanceTransformerConfig(vocab_size=9, hidden_size=8, num_attention_heads=2))
    with pytest.raises(ConfigurationError, match=r"^the largest token id is 9"):
        call_model(model, {"input_ids": torch.tensor([[9]])})
