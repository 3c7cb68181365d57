"""The encoder without a head."""

from __future__ import annotations

import torch

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder import DistanceEncoder

SIZES = {"vocab_size": 50, "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2}


def test_every_token_sees_every_other():
    torch.manual_seed(0)
    model = DistanceEncoder(DistanceTransformerConfig(**SIZES, metric=["l1", "l2"])).eval()
    tokens = torch.arange(6).unsqueeze(0)
    changed = tokens.clone()
    changed[0, 5] = 9
    first, second = (model(input_ids=part).last_hidden_state for part in (tokens, changed))
    assert not torch.allclose(first[:, 0], second[:, 0])


def test_states_and_weights_on_request_or_by_configuration():
    model = DistanceEncoder(DistanceTransformerConfig(**SIZES, output_attentions=True))
    output = model(input_ids=torch.arange(6).unsqueeze(0), output_hidden_states=True)
    assert len(output.hidden_states) == 3
    assert [tuple(weights.shape) for weights in output.attentions] == [(1, 2, 6, 6)] * 2
    assert model(input_ids=torch.arange(6).unsqueeze(0), output_attentions=False).attentions is None
    (hidden,) = model(input_ids=torch.arange(6).unsqueeze(0), output_attentions=False, return_dict=False)
    assert hidden.shape == (1, 6, 16)


def test_without_positions_the_order_does_not_matter():
    torch.manual_seed(0)
    model = DistanceEncoder(DistanceTransformerConfig(**SIZES, value_width=3, position="none")).eval()
    values, order = torch.randn(1, 6, 3), torch.tensor([3, 1, 5, 0, 2, 4])
    output = model(input_values=values).last_hidden_state
    shuffled = model(input_values=values[:, order]).last_hidden_state
    torch.testing.assert_close(shuffled, output[:, order], rtol=0, atol=1e-5)
