from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.errors import AttentionError
from hybrid_opt.classical.second_derivatives import refuse_second_derivatives


def test_gradients_are_handed_on_as_they_are():
    inputs = [torch.ones(2), torch.ones(2, requires_grad=True)]
    found = refuse_second_derivatives(inputs, [torch.arange(2.0), torch.ones(3), None])
    assert torch.equal(found[0], torch.arange(2.0))
    assert torch.equal(found[1], torch.ones(3))
    assert found[2] is None


def test_their_graph_leads_to_an_error():
    one = torch.ones(2, requires_grad=True)
    (found,) = refuse_second_derivatives([one], [torch.ones(2)])
    with pytest.raises(AttentionError, match='backend="dense"'):
        found.sum().backward()


def test_without_a_graph_nothing_is_added():
    given = torch.ones(2)
    with torch.no_grad():
        assert refuse_second_derivatives([torch.ones(1, requires_grad=True)], [given])[0] is given
