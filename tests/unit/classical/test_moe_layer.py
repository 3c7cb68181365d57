"""The layer as a whole: dense computation, masks, modes, state, types, saving, checkpointing, errors."""

import copy

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from hybrid_opt.classical.errors import ComponentError, ConfigurationError, MaskTypeError
from hybrid_opt.classical.moe_layer import MoELayer

KINDS = {
    "top 1": {"top_k": 1},
    "top 2": {"top_k": 2},
    "loss-free": {"top_k": 2, "balance": "loss_free"},
    "no balance": {"top_k": 2, "balance": "none"},
    "mass": {"probability_mass": 0.5},
    "mass, not divided": {"probability_mass": 0.5, "normalize_weights": False},
    "controlled": {"target_active": 1.5, "max_active": 3},
    "capacity": {"top_k": 2, "capacity_factor": 1.0, "balance": "loss_free"},
    "cosine": {"top_k": 2, "router": "cosine"},
}
EACH_KIND = pytest.mark.parametrize("settings", KINDS.values(), ids=KINDS)


def make(seed=0, **settings):
    torch.manual_seed(seed)
    layer = MoELayer(8, 12, **{"num_experts": 4, "initializer_std": 0.5, **settings})
    for name, parameter in layer.named_parameters():
        if name.endswith("bias") or name == "router.weight":
            nn.init.normal_(parameter, std=0.5)
    return layer


def states(*shape, seed=1):
    return torch.randn(*shape, 8, generator=torch.Generator().manual_seed(seed))


def dense(layer, hidden):
    """Every expert on every token, in plain loops; the choice as the settings of KINDS describe it."""
    probabilities = layer.router(hidden).softmax(-1)
    output = torch.zeros_like(hidden)
    settings, experts = layer.settings, layer.experts
    for n, row in enumerate(probabilities):
        order = row.argsort(descending=True).tolist()
        chosen, mass = order[: settings.slots], float(layer.statistics().probability_mass or 0.0)
        if settings.varies:
            count = next(k for k in range(1, 5) if k == settings.slots or row[order[:k]].sum() >= mass)
            chosen = order[:count]
        total = row[chosen].sum() if settings.normalizes else 1.0
        for e in chosen:
            inner = nn.functional.gelu(experts.input_weight[e] @ hidden[n] + experts.input_bias[e])
            value = experts.output_weight[e] @ inner + experts.output_bias[e]
            output[n] = output[n] + row[e] / total * value
    return output


@EACH_KIND
def test_the_output_is_that_of_the_dense_computation(settings):
    layer = make(**settings).double().eval()
    hidden = states(2, 7).double()
    output, loss = layer(hidden)
    assert loss is None
    torch.testing.assert_close(
        output.reshape(-1, 8), dense(layer, hidden.reshape(-1, 8)), rtol=1e-12, atol=1e-12
    )


@EACH_KIND
def test_padded_tokens_change_nothing_and_get_zero(settings):
    layer, other = make(**settings), make(**settings)
    hidden = states(2, 6)
    mask = torch.tensor([[True] * 4 + [False] * 2, [True] * 6])
    output, loss = layer(torch.where(mask[..., None], hidden, 1e3), mask)
    alone, loss_alone = other(hidden[mask])
    assert torch.equal(output[mask], alone)
    assert (output[~mask] == 0).all()
    assert (loss is None) == (loss_alone is None)
    if loss is not None:
        assert torch.equal(loss, loss_alone)
    assert layer.statistics() == other.statistics()
    assert layer.statistics().tokens == 10


@EACH_KIND
def test_every_parameter_gets_a_gradient_even_where_all_tokens_are_padded(settings):
    layer = make(**settings)
    for mask in (None, torch.zeros(1, 3, dtype=torch.bool)):
        layer.zero_grad()
        output, loss = layer(states(1, 3), mask)
        (output.sum() + (0.0 if loss is None else loss)).backward()
        for name, parameter in layer.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("settings", [{"top_k": 1}, {"top_k": 2}, {"probability_mass": 0.5}])
def test_the_router_learns_from_the_task_alone(settings):
    layer = make(balance="none", **settings)
    layer(states(1, 9))[0].square().sum().backward()
    assert layer.router.weight.grad.abs().max() > 1e-4


def test_losses_are_weighted_and_added_in_training_alone():
    hidden = states(1, 9)
    values = {}
    for name, given in {
        "auxiliary": {"auxiliary_weight": 0.5},
        "z": {"balance": "none", "z_loss_weight": 0.25},
        "entropy": {"balance": "none", "entropy_weight": 2.0},
        "all": {"auxiliary_weight": 0.5, "z_loss_weight": 0.25, "entropy_weight": 2.0},
        "none": {"balance": "none"},
        "zero": {"auxiliary_weight": 0.0},
    }.items():
        layer = make(**given)
        values[name] = layer(hidden)[1]
        assert layer.eval()(hidden)[1] is None
    assert values["none"] is None
    assert values["zero"] is None
    logits = make().router(hidden.reshape(-1, 8))
    assert values["z"].item() == pytest.approx(0.25 * logits.logsumexp(-1).square().mean().item())
    assert values["all"].item() == pytest.approx(sum(values[n].item() for n in ("auxiliary", "z", "entropy")))
    values["all"].backward()


def test_capacity_drops_in_training_alone_unless_told_otherwise():
    layer = make(top_k=1, capacity_factor=1.0)
    nn.init.zeros_(layer.router.weight)  # everything goes to expert 0
    output, _ = layer(states(2, 4))
    assert (output == 0).all(-1).sum() == 6
    figures = layer.statistics()
    assert (figures.dropped, figures.dropped_share, figures.tokens_without_expert) == (6, 0.75, 6)
    assert figures.load == (8, 0, 0, 0)
    assert (layer.eval()(states(2, 4))[0] != 0).all()
    limited = make(top_k=1, evaluation_capacity_factor=1.0)
    nn.init.zeros_(limited.router.weight)
    assert (limited(states(2, 4))[0] != 0).all()
    assert (limited.eval()(states(2, 4))[0] == 0).all(-1).sum() == 6


def test_in_evaluation_a_token_does_not_depend_on_the_others():
    layer = make(top_k=2, capacity_factor=0.5).eval()
    hidden = states(1, 6)
    together = layer(hidden)[0]
    apart = torch.cat([layer(hidden[:, t : t + 1])[0] for t in range(6)], dim=1)
    torch.testing.assert_close(together, apart)


@pytest.mark.parametrize("settings", [KINDS["loss-free"], KINDS["controlled"]])
def test_state_moves_one_step_after_a_pass_in_training_and_not_in_evaluation(settings):
    layer = make(**settings)
    before = copy.deepcopy(layer.state_dict())
    layer.eval()(states(1, 9))
    assert all(torch.equal(before[name], value) for name, value in layer.state_dict().items())
    layer.train()(states(1, 9))
    first = layer.statistics()
    layer(states(1, 9))
    second = layer.statistics()
    assert (first.bias, first.probability_mass) != (second.bias, second.probability_mass)
    layer.init_buffers()
    assert all(torch.equal(before[name], value) for name, value in layer.state_dict().items())


def test_the_controller_holds_its_target_in_the_layer():
    layer = make(num_experts=6, target_active=2.0)
    for step in range(120):
        if step == 60:
            layer.reset_statistics()
        layer(states(4, 16, seed=step))
    assert layer.statistics().mean_active == pytest.approx(2.0, abs=0.05)


def test_under_expert_choice_loads_are_even_and_some_tokens_get_no_expert():
    layer = make(top_k=1, balance="expert_choice")
    output, loss = layer(states(16))
    figures = layer.statistics()
    assert (figures.max_violation, figures.mean_active, loss) == (0.0, 1.0, None)
    assert figures.tokens_without_expert == int((output == 0).all(-1).sum()) > 0


def test_loss_free_balancing_evens_the_load_without_a_loss():
    layer = make(balance="loss_free", bias_speed=0.01)
    for step in range(150):
        assert layer(states(4, 16, seed=step) + 1.0)[1] is None
        if step == 0:
            assert layer.statistics().max_violation > 0.3
        if step == 99:
            layer.reset_statistics()
    assert layer.statistics().max_violation < 0.1


@EACH_KIND
def test_saving_keeps_the_whole_state(settings):
    layer, other = make(**settings), make(seed=5, **settings)
    for step in range(3):
        layer(states(1, 9, seed=step))
    other.load_state_dict(layer.state_dict())
    for step in range(3):
        one, two = layer(states(1, 9, seed=step)), other(states(1, 9, seed=step))
        assert torch.equal(one[0], two[0])
        assert one[1] is None or torch.equal(one[1], two[1])
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in layer.state_dict().items())


@EACH_KIND
def test_built_without_memory_and_filled_by_resets(settings):
    with torch.device("meta"):
        layer = MoELayer(8, 12, **{"num_experts": 4, **settings})
    layer.to_empty(device="cpu")
    for part in layer.modules():
        if part is not layer and hasattr(part, "reset_parameters"):
            part.reset_parameters()
    fresh = MoELayer(8, 12, **{"num_experts": 4, **settings})
    for name, value in fresh.state_dict().items():
        filled = layer.state_dict()[name]
        assert filled.isfinite().all(), name
        assert value.is_floating_point() or torch.equal(filled, value), name


@pytest.mark.parametrize("use_reentrant", [True, False])
@EACH_KIND
def test_gradient_checkpointing_changes_neither_gradients_nor_state(settings, use_reentrant):
    plain, saving = make(**settings), make(**settings)
    for step in range(3):
        gradients = []
        for layer in (plain, saving):
            hidden = states(1, 9, seed=step).requires_grad_()
            layer.zero_grad()
            if layer is plain:
                output, loss = layer(hidden)
            else:
                output, loss = checkpoint(layer, hidden, use_reentrant=use_reentrant)
            (output.square().sum() + (0.0 if loss is None else loss)).backward()
            gradients.append([hidden.grad, *(parameter.grad for parameter in layer.parameters())])
        assert all(torch.equal(one, two) for one, two in zip(*gradients, strict=True))
    assert plain.statistics() == saving.statistics()
    assert all(torch.equal(value, saving.state_dict()[name]) for name, value in plain.state_dict().items())


def test_the_router_computes_in_float32_under_autocast():
    seen = []

    class Watching(nn.Linear):
        def forward(self, tokens):
            seen.append((tokens.dtype, super().forward(tokens).dtype))
            return super().forward(tokens)

    layer = make(router=Watching(8, 4))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, loss = layer(states(1, 5))
    assert seen == [(torch.float32, torch.float32)]
    assert (output.dtype, loss.dtype) == (torch.bfloat16, torch.float32)


def test_a_model_in_half_precision_routes_as_in_float32():
    layer = make(balance="loss_free").bfloat16()
    exact = copy.deepcopy(layer).float()
    hidden = states(2, 9).bfloat16()
    output, exact_output = layer(hidden)[0], exact(hidden.float())[0]
    assert output.dtype == torch.bfloat16
    assert layer.statistics().load == exact.statistics().load
    torch.testing.assert_close(output.float(), exact_output, rtol=0.05, atol=0.05)


def test_the_same_seed_gives_the_same_layer_and_output():
    one, two = (MoELayer(8, 12, balance="loss_free") for _ in map(torch.manual_seed, (3, 3)))
    assert torch.equal(one(states(2, 9))[0], two(states(2, 9))[0])


def test_any_leading_dimensions():
    layer = make().eval()
    hidden = states(2, 3, 4)
    assert torch.equal(layer(hidden)[0].reshape(-1, 8), layer(hidden.reshape(-1, 8))[0])


def test_a_router_of_ones_own():
    class First(nn.Module):
        def forward(self, tokens):
            return torch.cat([tokens[:, :1] * 0 + 9.0, tokens[:, :3] * 0], dim=1)

    layer = make(router=First(), top_k=1)
    layer(states(1, 5))
    assert layer.statistics().load == (5, 0, 0, 0)


def test_parameters_per_token():
    layer = make(top_k=2)
    expert = 8 * 12 * 2 + 8 + 12
    assert layer.parameters_per_token() == 2 * expert + 32
    assert make(target_active=1.5).parameters_per_token() == 1.5 * expert + 32
    fixed = make(probability_mass=1.0)
    fixed(states(1, 5))
    assert fixed.parameters_per_token() == 4 * expert + 32
    assert layer.parameters_per_token(mean_active=1.0) == expert + 32


def test_its_text_says_how_it_routes():
    assert "num_experts=4, top_k=2, balance='auxiliary'" in repr(make())
    assert "target_active=1.5" in repr(make(target_active=1.5))
    assert "probability_mass=0.5" in repr(make(probability_mass=0.5))


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "message"),
    [
        ((0, 4), {}, ConfigurationError, "hidden_size is a whole number of at least 1, not 0"),
        ((4, 2.5), {}, ConfigurationError, "intermediate_size is a whole number"),
        (
            (4, 4),
            {"experts": 3},
            ConfigurationError,
            "no setting experts; its settings: router, activation, num",
        ),
        ((4, 4), {"top_k": 9}, ConfigurationError, "top_k is a whole number from 1 to 4"),
        ((4, 4), {"activation": "swish"}, ConfigurationError, "no activation 'swish'"),
        ((4, 4), {"router": "none_such"}, ComponentError, "no router 'none_such'"),
        ((4, 4), {"router": {"name": "cosine", "temperature": 99}}, ComponentError, "temperature of router"),
    ],
)
def test_what_cannot_be_built(arguments, settings, error, message):
    with pytest.raises(error, match=message):
        MoELayer(*arguments, **settings)


@pytest.mark.parametrize(
    ("hidden", "mask", "error", "message"),
    [
        (torch.zeros(2, 3, 7), None, ConfigurationError, r"shape \(2, 3, 7\); it must be \(B, T, 8\)"),
        (torch.zeros(8), None, ConfigurationError, r"it must be \(B, T, 8\)"),
        (torch.zeros(2, 3, 8), torch.ones(2, 3), MaskTypeError, "mask has type torch.float32; give a bool"),
        (torch.zeros(2, 3, 8), [[True] * 3] * 2, MaskTypeError, "mask has type list; give a bool"),
        (
            torch.zeros(2, 3, 8),
            torch.ones(2, 4).bool(),
            ConfigurationError,
            r"mask has shape \(2, 4\); it must be",
        ),
    ],
)
def test_what_cannot_be_passed(hidden, mask, error, message):
    with pytest.raises(error, match=message):
        make()(hidden, mask)


@pytest.mark.parametrize(
    "router", [nn.Linear(8, 3), nn.Identity(), nn.Sequential(nn.Linear(8, 4), nn.Flatten(0))]
)
def test_a_router_that_returns_no_logits(router):
    with pytest.raises(ComponentError, match=r"it must return floating-point logits of shape \(6, 4\)"):
        make(router=router)(states(2, 3))
