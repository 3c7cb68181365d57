"""The ground state that chooses bins, alone and at work in a model."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from hybrid_opt.classical.attention_scale import no_decay_parameter_names
from hybrid_opt.classical.bin_controllers import START_PROBABILITY, SoftmaxBinsController, start_bin
from hybrid_opt.classical.components import build_component, component_names
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.control_signals import check_control_signal
from hybrid_opt.classical.errors import ComponentError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.layers.ground_state_choice import option_signs
from hybrid_opt.layers.vqe_bins import VQEBinsController, build_vqe_bins

TOKENS = (torch.arange(24).reshape(2, 12) * 7) % 20


def controller_of(n_bins: int = 4, **settings) -> VQEBinsController:
    return VQEBinsController(3, n_bins=n_bins, **{"simulator": "native", "seed": 2, **settings})


def ground_probabilities(energies: np.ndarray, field: float) -> np.ndarray:
    """By diagonalization, of bins in Gray order."""
    numbers = np.arange(len(energies))
    codes = numbers ^ (numbers >> 1)
    flips = np.array([[bin(a ^ b).count("1") == 1 for b in codes] for a in codes])
    return np.linalg.eigh(np.diag(energies) - field * flips)[1][:, 0] ** 2


@pytest.mark.parametrize("n_bins", [2, 4, 8])
def test_signs_span_every_energy_and_neighbors_differ_in_one_bit(n_bins: int):
    signs = option_signs(n_bins)
    whole = np.column_stack([np.ones(n_bins), signs])
    np.testing.assert_allclose(whole.T @ whole, n_bins * np.eye(n_bins))
    singles = signs[:, : n_bins.bit_length() - 1]
    assert (np.abs(np.diff(singles, axis=0)).sum(1) == 2).all()


@pytest.mark.parametrize(("n_bins", "field"), [(2, 1.0), (4, 1.0), (4, 0.3), (8, 1.0)])
def test_probabilities_are_those_of_the_exact_ground_state(n_bins: int, field: float):
    torch.manual_seed(1)
    controller = controller_of(n_bins, transverse_field=field).double()
    torch.nn.init.normal_(controller.coefficients, std=1.5)
    found = controller.probabilities().detach().numpy()
    for row, coefficients in zip(found, controller.coefficients.detach().numpy(), strict=True):
        exact = ground_probabilities(option_signs(n_bins) @ coefficients, field)
        np.testing.assert_allclose(row, exact, atol=1e-7)
    assert controller.choice.converged == 1.0


def test_the_gradient_is_that_of_the_exact_ground_state():
    torch.manual_seed(1)
    controller = controller_of().double()
    torch.nn.init.normal_(controller.coefficients)
    controller.probabilities()[:, 2].sum().backward()
    step, base = 1e-5, controller.coefficients.detach().numpy()
    for head in range(3):
        for term in range(3):
            ends = []
            for sign in (1, -1):
                moved = base[head].copy()
                moved[term] += sign * step
                ends.append(ground_probabilities(option_signs(4) @ moved, 1.0)[2])
            slope = (ends[0] - ends[1]) / (2 * step)
            assert controller.coefficients.grad[head, term].item() == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize(("n_bins", "field"), [(2, 1.0), (4, 1.0), (8, 1.0), (4, 0.2)])
def test_it_starts_at_one_with_three_fifths(n_bins: int, field: float):
    controller = controller_of(n_bins, transverse_field=field)
    signal = check_control_signal(controller(None), 3)
    assert signal.scale_factor.tolist() == [1.0] * 3
    assert signal.dropout_factor == 1.0
    likely = controller.probabilities()[:, start_bin(n_bins)]
    torch.testing.assert_close(likely, torch.full((3,), START_PROBABILITY), atol=1e-3, rtol=0.0)


def test_it_learns_another_choice():
    controller = controller_of()
    wanted = torch.tensor([4.0, 0.5, 2.0])
    optimizer = torch.optim.Adam(controller.parameters(), lr=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        (controller(None).scale_factor.log() - wanted.log()).square().sum().backward()
        optimizer.step()
    assert controller(None).scale_factor.tolist() == wanted.tolist()


def test_aer_and_the_native_simulator_agree():
    aer = controller_of(simulator="aer")
    assert "Aer" in aer.choice.label
    torch.testing.assert_close(aer.probabilities(), controller_of().probabilities(), atol=1e-6, rtol=0.0)


@pytest.mark.parametrize("n_bins", [2, 4, 8])
def test_the_softmax_it_is_compared_with_has_as_many_parameters(n_bins: int):
    quantum = sum(part.numel() for part in controller_of(n_bins).parameters())
    assert quantum == 3 * (n_bins - 1)
    softmax = SoftmaxBinsController(3, n_bins=n_bins)
    assert sum(part.numel() for part in softmax.parameters()) >= quantum


def test_at_work_in_a_model_saved_and_loaded_bit_for_bit(tmp_path):
    torch.manual_seed(0)
    config = DistanceTransformerConfig(
        vocab_size=20,
        hidden_size=16,
        num_attention_heads=4,
        num_hidden_layers=2,
        controller={"name": "vqe_bins", "simulator": "native"},
    )
    model = DistanceGPT(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(4):
        optimizer.zero_grad()
        model(input_ids=TOKENS, labels=TOKENS).loss.backward()
        optimizer.step()
    for block in model.model.stack.blocks:
        assert (block.control.controller.coefficients.grad.abs().max(1).values > 0).all()
    logits = model.eval()(input_ids=TOKENS).logits
    assert torch.equal(model(input_ids=TOKENS).logits, logits)
    model.save_pretrained(tmp_path)
    loaded = DistanceGPT.from_pretrained(tmp_path)
    for name, saved in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name].to(saved.dtype), saved), name
    assert torch.equal(loaded(input_ids=TOKENS).logits, logits)


def test_without_gradient_ground_states_are_computed_once(monkeypatch):
    controller, calls = controller_of(), []
    whole = type(controller)._ground_states

    def counted(self, coefficients):
        calls.append(1)
        return whole(self, coefficients)

    monkeypatch.setattr(type(controller), "_ground_states", counted)
    with torch.no_grad():
        first = controller.probabilities()
        assert torch.equal(controller.probabilities(), first)
        assert len(calls) == 1
        torch.nn.init.normal_(controller.coefficients)
        assert not torch.equal(controller.probabilities(), first)
    assert len(calls) == 2
    assert controller.probabilities().requires_grad
    assert len(calls) == 3
    with torch.inference_mode():
        assert torch.equal(controller.probabilities(), controller.probabilities())


def test_weight_decay_leaves_choices_alone():
    assert no_decay_parameter_names(controller_of()) == ["coefficients"]
    assert no_decay_parameter_names(SoftmaxBinsController(2)) == ["bin_logits"]


def test_copies_casts_and_first_values():
    controller = controller_of()
    first = {name: value.clone() for name, value in controller.state_dict().items()}
    twin = copy.deepcopy(controller)
    assert torch.equal(twin.probabilities(), controller.probabilities())
    assert twin.to(torch.float64)(None).scale_factor.dtype == torch.float64
    assert copy.deepcopy(controller).to(torch.bfloat16)(None).scale_factor.dtype == torch.float32
    for tensor in (controller.coefficients, controller.choice.starting_weights):
        torch.nn.init.constant_(tensor, 0.7)
    controller.reset_parameters()
    for name, value in controller.state_dict().items():
        assert torch.equal(value, first[name]), name


def test_it_is_offered_by_name():
    assert "vqe_bins" in component_names("controller")
    spec = {"name": "vqe_bins", "simulator": "native", "n_bins": 2}
    assert build_component("controller", spec, num_heads=2, layer_index=0).n_bins == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"n_bins": 3},
        {"n_bins": 6},
        {"n_bins": 16},
        {"transverse_field": 0.0},
        {"simulator": "gpu"},
        {"seed": 0.5},
        {"bins": 4},
    ],
)
def test_illegal_settings(settings):
    with pytest.raises(ComponentError, match="controller 'vqe_bins'"):
        build_vqe_bins(settings, num_heads=2)
