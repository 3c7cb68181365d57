"""A mixture of experts in a model: saved with its state, checkpointed, generating with a cache or without."""

import copy

import pytest
import torch

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.moe_layer import MoELayer

IDS = torch.randint(0, 50, (2, 12), generator=torch.Generator().manual_seed(0))
KINDS = {
    "loss-free": {"balance": "loss_free", "bias_speed": 0.01},
    "controlled, with a capacity": {"target_active": 1.5, "capacity_factor": 1.2},
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def model(request):
    """A small model after four training steps."""
    torch.manual_seed(0)
    config = DistanceTransformerConfig(
        vocab_size=50, hidden_size=16, num_attention_heads=2, num_hidden_layers=2, intermediate_size=24,
        max_position_embeddings=64, feed_forward="moe", moe=request.param, router={"name": "cosine"},
    )  # fmt: skip
    made = DistanceGPT(config).train()
    optimizer = torch.optim.Adam(made.parameters(), 1e-2)
    for _ in range(4):
        optimizer.zero_grad()
        made(input_ids=IDS, labels=IDS).loss.backward()
        optimizer.step()
    return made


def test_saving_and_loading_keeps_everything_bit_for_bit(model, tmp_path):
    model.save_pretrained(tmp_path)
    again = DistanceGPT.from_pretrained(tmp_path)
    assert model.state_dict().keys() == again.state_dict().keys()
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert any(name.endswith(("steps", "error_sum")) for name in again.state_dict())
    assert torch.equal(model.eval()(input_ids=IDS).logits, again.eval()(input_ids=IDS).logits)


def test_half_precision_keeps_the_state_of_routing(model, tmp_path):
    model.save_pretrained(tmp_path)
    half = DistanceGPT.from_pretrained(tmp_path, dtype=torch.bfloat16)
    pairs = zip(model.modules(), half.modules(), strict=True)
    for one, two in ((one, two) for one, two in pairs if isinstance(one, MoELayer)):
        assert two.experts.input_weight.dtype == torch.bfloat16
        assert one.statistics().bias == two.statistics().bias
        assert one.statistics().probability_mass == two.statistics().probability_mass


def test_generation_with_a_cache_equals_generation_without(model):
    model.eval()
    settings = {"max_new_tokens": 8, "do_sample": False}
    assert torch.equal(
        model.generate(IDS[:, :4], use_cache=True, **settings),
        model.generate(IDS[:, :4], use_cache=False, **settings),
    )


def test_gradient_checkpointing_moves_the_same_state_by_the_same_gradients(model):
    saving = copy.deepcopy(model)
    saving.activation_checkpointing_enable()
    for _ in range(3):
        for one in (model, saving):
            one.zero_grad()
            one(input_ids=IDS, labels=IDS).loss.backward()
        for one, two in zip(model.parameters(), saving.parameters(), strict=True):
            assert torch.equal(one.grad, two.grad)
    for name, value in model.state_dict().items():
        assert torch.equal(value, saving.state_dict()[name]), name


def test_the_loss_holds_the_router_in_training_alone(model):
    for training in (True, False):
        output = model.train(training)(input_ids=IDS, labels=IDS)
        assert (output.aux_loss is not None) == (training and model.config.moe.get("balance") is None)


def test_padding_reaches_no_expert(model):
    layers = [part for part in model.eval().modules() if isinstance(part, MoELayer)]
    for layer in layers:
        layer.reset_statistics()
    mask = torch.ones_like(IDS)
    mask[0, 7:] = 0
    model(input_ids=IDS, attention_mask=mask)
    assert [layer.statistics().tokens for layer in layers] == [19, 19]
