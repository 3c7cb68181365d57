"""A second computation of a pass is recognized as such."""

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from hybrid_opt.classical.recomputation import is_recomputation


@pytest.mark.parametrize("use_reentrant", [True, False])
def test_under_gradient_checkpointing(use_reentrant):
    seen = []

    def block(values):
        seen.append(is_recomputation())
        return values.sin().cos()

    values = torch.ones(2, requires_grad=True)
    checkpoint(block, values, use_reentrant=use_reentrant).sum().backward()
    assert seen == [False, True]
    assert not is_recomputation()
