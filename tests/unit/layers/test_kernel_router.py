"""KernelRouter: its formula, limits, settings, learning, and life inside a model."""

import copy
from pathlib import Path

import pytest
import torch

from hybrid_opt.classical.components import build_component, component_names
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder_heads import DistanceEncoderForSequenceClassification
from hybrid_opt.classical.errors import ComponentError
from hybrid_opt.classical.rbf_router import RBFRouter
from hybrid_opt.layers.kernel_router import KernelRouter, build_kernel_router

TOKENS = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
CONTEXT = {"hidden_size": 8, "num_experts": 3}


def small(**settings):
    return build_kernel_router({"simulator": "native", **settings}, **CONTEXT)


def fidelity_with_angles(features, landmarks):
    return torch.cos((features[:, None] - landmarks[None]) / 2).square().prod(dim=2)


def test_it_is_offered_by_name():
    assert "quantum_kernel" in component_names("router")
    part = build_component("router", {"name": "quantum_kernel", "simulator": "native"}, **CONTEXT)
    assert isinstance(part, KernelRouter)


def test_angles_have_the_closed_form():
    router = small(encoding="angle", temperature=0.5)
    features = torch.pi / 2 * torch.tanh(TOKENS @ router.projection.weight.T)
    expected = fidelity_with_angles(features, router.kernel.landmarks) / 0.5
    torch.testing.assert_close(router(TOKENS), expected)


@pytest.mark.parametrize("kernel", ["fidelity", "projected"])
def test_aer_and_native_agree_on_values_and_gradients(kernel):
    native = small(kernel=kernel, gamma=0.5).double()
    aer = KernelRouter(8, 3, kernel=kernel, gamma=0.5).double()
    aer.load_state_dict(native.state_dict())
    for router in (native, aer):
        (router(TOKENS.double()) * torch.arange(3)).square().sum().backward()
    torch.testing.assert_close(aer(TOKENS.double()), native(TOKENS.double()), rtol=0, atol=1e-11)
    for one, other in zip(native.parameters(), aer.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("encoding", ["iqp", "angle"])
def test_logits_stay_in_range_whatever_the_tokens(encoding):
    logits = small(encoding=encoding)(1e6 * TOKENS)
    assert ((logits >= -1e-6) & (logits <= 10.0 + 1e-5)).all()


def test_a_token_at_its_prototype_has_the_largest_logit():
    router = small(temperature=0.1)
    with torch.no_grad():
        router.kernel.landmarks[1] = router.projection(TOKENS[:1])[0]
    assert router(TOKENS[:1])[0, 1].item() == pytest.approx(10.0)


@pytest.mark.parametrize(("value", "limit"), [(-20.0, 0.01), (20.0, 10.0)])
def test_the_temperature_stays_within_its_range(value, limit):
    router = small()
    torch.nn.init.constant_(router.log_temperature, value)
    assert router.temperature().item() == pytest.approx(limit)


@pytest.mark.parametrize("kernel", ["fidelity", "projected"])
def test_a_few_steps_learn_to_route(kernel):
    torch.manual_seed(0)
    router = small(kernel=kernel)
    targets = torch.tensor([0, 1, 2, 0, 1])
    optimizer = torch.optim.Adam(router.parameters(), lr=0.05)
    losses = []
    for _ in range(25):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(router(TOKENS), targets)
        loss.backward()
        assert all(parameter.grad.abs().sum() > 0 for parameter in router.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_the_control_has_as_many_parameters_and_the_same_range():
    for hidden_size, num_experts in ((8, 3), (64, 8)):
        quantum, control = KernelRouter(hidden_size, num_experts), RBFRouter(hidden_size, num_experts)
        counts = [sum(p.numel() for p in router.parameters()) for router in (quantum, control)]
        assert counts == [4 * hidden_size + 4 * num_experts + 1, 4 * hidden_size + 4 * num_experts + 2]
        torch.testing.assert_close(quantum.temperature(), control.temperature())


def test_copies_agree_and_types_are_kept():
    router = small()
    torch.testing.assert_close(copy.deepcopy(router)(TOKENS), router(TOKENS), rtol=0, atol=0)
    for given, wanted in ((torch.bfloat16, torch.float32), (torch.float64, torch.float64)):
        assert small().to(given)(TOKENS.to(given)).dtype == wanted


def test_reset_draws_from_the_default_generator():
    router, other = small(), small()
    assert not torch.equal(router.kernel.landmarks, other.kernel.landmarks)
    for part in (router, other):
        torch.manual_seed(1)
        part.reset_parameters()
    assert torch.equal(router(TOKENS), other(TOKENS))


def test_a_router_without_memory_gets_its_values_by_reset():
    with torch.device("meta"):
        router = small()
    router.to_empty(device="cpu")
    other = small()
    for part in (router, other):
        torch.manual_seed(1)
        part.reset_parameters()
    assert torch.equal(router(TOKENS), other(TOKENS))


def test_no_token_at_all():
    assert small()(TOKENS[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    "settings",
    [
        {"n_qubits": 0},
        {"n_qubits": 13},
        {"n_qubits": 4.0},
        {"kernel": "swap"},
        {"encoding": "amplitude"},
        {"gamma": 0.0},
        {"temperature": 0.001},
        {"simulator": "device"},
        {"seed": 1},
    ],
)
def test_settings_outside_their_range(settings):
    with pytest.raises(ComponentError, match="router 'quantum_kernel'"):
        build_kernel_router(settings, **CONTEXT)


@pytest.mark.parametrize("router", ["quantum_kernel", "rbf"])
def test_an_encoder_trains_saves_and_loads_bit_for_bit(router, tmp_path: Path):
    torch.manual_seed(0)
    spec = {"name": router, **({"simulator": "native"} if router == "quantum_kernel" else {})}
    config = DistanceTransformerConfig(
        vocab_size=20,
        hidden_size=16,
        num_attention_heads=2,
        num_hidden_layers=2,
        feed_forward="moe",
        moe={"num_experts": 3, "top_k": 2},
        router=spec,
        num_labels=3,
    )
    model = DistanceEncoderForSequenceClassification(config)
    first, second = (
        tensor
        for name, tensor in model.named_parameters()
        if name.endswith((".landmarks", ".router.prototypes"))
    )
    assert not torch.equal(first, second)
    inputs = torch.randint(20, (8, 6), generator=torch.Generator().manual_seed(1))
    labels = torch.arange(8) % 3
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(12):
        optimizer.zero_grad()
        loss = model(input_ids=inputs, labels=labels).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    routers = {n: p for n, p in model.named_parameters() if ".router." in n}
    assert all(parameter.grad.abs().sum() > 0 for parameter in routers.values())
    model.eval()
    model.save_pretrained(tmp_path)
    loaded = DistanceEncoderForSequenceClassification.from_pretrained(tmp_path)
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    # Weights mapped from a file may be aligned otherwise, and products then sum in another order.
    pair = (loaded(input_ids=inputs).logits, model(input_ids=inputs).logits)
    torch.testing.assert_close(*pair, rtol=0, atol=1e-5)
    again = DistanceEncoderForSequenceClassification(config).eval()
    again.load_state_dict(loaded.state_dict())
    assert torch.equal(again(input_ids=inputs).logits, model(input_ids=inputs).logits)
