"""The circuit that controls attention, alone and at work in a model."""

from __future__ import annotations

import copy
import subprocess
import sys

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.classical.attention_scale import no_decay_parameter_names
from hybrid_opt.classical.components import build_component, component_names
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.control_signals import check_control_signal
from hybrid_opt.classical.controller_ranges import squashed_statistics
from hybrid_opt.classical.errors import ComponentError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.mlp_controller import MLPController
from hybrid_opt.layers.qnn_controller import (
    QNNController,
    build_qnn_controller,
    build_separable_controller,
)

STATISTICS = torch.tensor([[1.0, 1.0, 0.0], [0.4, 2.0, 0.05], [0.7, 0.3, 2.0]])
TOKENS = (torch.arange(24).reshape(2, 12) * 7) % 20


def controller_of(**settings) -> QNNController:
    return QNNController(3, simulator="native", seed=3, **settings)


def model_of(name: str, **settings) -> DistanceGPT:
    torch.manual_seed(0)
    config = DistanceTransformerConfig(
        vocab_size=20,
        hidden_size=16,
        num_attention_heads=4,
        num_hidden_layers=2,
        attention_dropout=0.1,
        controller={"name": name, "simulator": "native", **settings},
    )
    return DistanceGPT(config)


def trained(model: DistanceGPT, steps: int = 3) -> DistanceGPT:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        model(input_ids=TOKENS, labels=TOKENS).loss.backward()
        optimizer.step()
    return model


@pytest.mark.parametrize("ansatz", ["strongly_entangling", "separable"])
def test_factors_are_those_of_the_circuit_written_out(ansatz: str):
    controller = controller_of(ansatz=ansatz).double()
    torch.nn.init.constant_(controller.gain, 1.3)
    torch.nn.init.constant_(controller.shift, -0.2)
    angles = squashed_statistics(STATISTICS.double(), 3).numpy() * np.pi / 2
    weights = controller.circuit.weights.detach().numpy()

    @qml.qnode(qml.device("default.qubit", wires=3))
    def circuit(row):
        for number in range(2):
            for wire in range(3):
                qml.RX(row[wire], wire)
            for wire in range(3):
                qml.Rot(*weights[number, wire], wires=wire)
            if ansatz == "strongly_entangling":
                for wire in range(3):
                    qml.CNOT([wire, (wire + number % 2 + 1) % 3])
        singles = [qml.expval(qml.Z(wire)) for wire in range(3)]
        return singles + [qml.expval(qml.Z(wire) @ qml.Z((wire + 1) % 3)) for wire in range(3)]

    values = np.array([circuit(row) for row in angles]).reshape(3, 2, 3).mean(2)
    outputs = np.tanh(1.3 * values - 0.2)
    signal = check_control_signal(controller(STATISTICS.double()), 3)
    np.testing.assert_allclose(signal.scale_factor.detach().numpy(), 4 ** outputs[:, 0], atol=1e-10)
    np.testing.assert_allclose(signal.dropout_factor.item(), 1 + outputs[:, 1].mean(), atol=1e-10)


def test_aer_and_the_native_simulator_agree():
    native, aer = controller_of(), QNNController(3, seed=3)
    assert "Aer" in aer.circuit.label
    torch.testing.assert_close(aer(STATISTICS).scale_factor, native(STATISTICS).scale_factor)


@pytest.mark.parametrize("name", ["qnn", "separable"])
def test_it_starts_near_one_and_stays_in_range(name: str):
    spec = {"name": name, "simulator": "native", "seed": 1, "gain": 0.2}
    controller = build_component("controller", spec, num_heads=3, layer_index=0)
    signal = controller(STATISTICS)
    assert (signal.scale_factor.log2() / 2).abs().max() <= 0.2
    assert (signal.scale_factor != 1.0).all()
    torch.nn.init.constant_(controller.gain, 1e6)
    signal = controller(STATISTICS)
    assert signal.scale_factor.min() >= 0.25
    assert signal.scale_factor.max() <= 4.0
    assert 0.0 <= signal.dropout_factor <= 2.0


def test_separable_reads_every_statistic_and_has_no_gate_of_two_qubits():
    controller = build_separable_controller({"simulator": "native", "seed": 2}, num_heads=3)
    assert controller.circuit.resources()["two_qubit_gates"] == 0
    assert controller_of().circuit.resources()["two_qubit_gates"] == 6
    statistics = torch.tensor([[0.6, 1.2, 0.02]] * 3, requires_grad=True)
    controller(statistics).scale_factor.sum().backward()
    assert (statistics.grad.abs() > 1e-7).all()


def test_more_qubits_read_the_statistics_again():
    controller = controller_of(n_qubits=5, n_layers=1, reupload=False)
    assert controller.circuit.n_inputs == 5
    assert controller(STATISTICS).scale_factor.shape == (3,)


def test_the_network_it_is_compared_with_has_as_many_parameters():
    def number(module) -> int:
        return sum(part.numel() for part in module.parameters())

    assert number(controller_of()) == number(controller_of(ansatz="separable")) == 22
    assert number(MLPController(3)) >= 22


@pytest.mark.parametrize("ansatz", ["strongly_entangling", "separable"])
def test_it_learns_to_tell_heads_apart(ansatz: str):
    controller = controller_of(ansatz=ansatz)
    wanted = torch.tensor([0.7, 1.0, 1.6])
    optimizer = torch.optim.Adam(controller.parameters(), lr=0.1)
    for _ in range(100):
        loss = (controller(STATISTICS).scale_factor - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.02
    assert all(part.grad is not None for part in controller.parameters())  # DistributedDataParallel needs it


@pytest.mark.parametrize("name", ["qnn", "separable"])
def test_gradients_reach_the_circuit_of_every_layer_of_a_model(name: str):
    model = trained(model_of(name), steps=2)
    for block in model.model.stack.blocks:
        assert block.control.controller.circuit.weights.grad.abs().max() > 0
        assert block.control.controller.gain.grad[0] != 0
    statistics = model.model.stack.blocks[1].control.attention_statistics
    assert (statistics[:, 2] > 0).all()  # of the step before


@pytest.mark.parametrize("name", ["qnn", "vqe_bins"])
def test_a_block_that_is_run_again_for_its_gradient_gives_the_same_one(name: str):
    gradients = []
    for again in (False, True):
        model = model_of(name, seed=4)
        if again:
            model.activation_checkpointing_enable()
        for _ in range(2):
            torch.manual_seed(1)
            model.zero_grad()
            model(input_ids=TOKENS, labels=TOKENS).loss.backward()
        gradients.append([part.grad for part in model.model.stack.blocks[0].control.parameters()])
    assert max(part.abs().max() for part in gradients[0]) > 0
    torch.testing.assert_close(gradients[1], gradients[0])


def test_evaluation_is_deterministic_and_saved_bit_for_bit(tmp_path):
    model = trained(model_of("qnn")).eval()
    first = model(input_ids=TOKENS).logits
    assert torch.equal(model(input_ids=TOKENS).logits, first)
    model.save_pretrained(tmp_path)
    loaded = DistanceGPT.from_pretrained(tmp_path)
    for name, saved in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], saved), name
    assert torch.equal(loaded(input_ids=TOKENS).logits, first)
    script = (
        "import sys, torch\n"
        "from hybrid_opt.classical.gpt import DistanceGPT\n"
        "model = DistanceGPT.from_pretrained(sys.argv[1])\n"
        "tokens = (torch.arange(24).reshape(2, 12) * 7) % 20\n"
        "torch.save(model(input_ids=tokens).logits, sys.argv[2])\n"
    )
    result = tmp_path / "logits.pt"
    subprocess.run([sys.executable, "-c", script, str(tmp_path), str(result)], check=True)
    assert torch.equal(torch.load(result), first)


def test_copies_casts_and_first_values():
    controller = controller_of()
    first = {name: value.clone() for name, value in controller.state_dict().items()}
    twin = copy.deepcopy(controller)
    assert torch.equal(twin(STATISTICS).scale_factor, controller(STATISTICS).scale_factor)
    assert twin.to(torch.float64)(STATISTICS.double()).scale_factor.dtype == torch.float64
    half = copy.deepcopy(controller).to(torch.bfloat16)(STATISTICS.to(torch.bfloat16))
    assert half.scale_factor.dtype == torch.float32
    for part in controller.parameters():
        torch.nn.init.constant_(part, 0.7)
    controller.reset_parameters()
    for name, value in controller.state_dict().items():
        assert torch.equal(value, first[name])


def test_weight_decay_leaves_the_circuit_alone():
    assert no_decay_parameter_names(controller_of()) == ["gain", "shift", "circuit.weights"]


def test_torchs_generator_draws_the_weights_where_no_seed_is_given():
    torch.manual_seed(5)
    first = QNNController(3, simulator="native").circuit.weights
    torch.manual_seed(5)
    assert torch.equal(QNNController(3, simulator="native").circuit.weights, first)
    assert not torch.equal(QNNController(3, simulator="native").circuit.weights, first)


def test_both_are_offered_by_name():
    assert {"qnn", "separable"} <= set(component_names("controller"))


@pytest.mark.parametrize(
    "settings",
    [
        {"n_qubits": 2},
        {"n_qubits": 13},
        {"n_layers": 0},
        {"ansatz": "no such"},
        {"reupload": 1},
        {"gain": -1},
        {"simulator": "gpu"},
        {"seed": -1},
        {"shots": 10},
    ],
)
def test_illegal_settings(settings):
    with pytest.raises(ComponentError, match="controller 'qnn'"):
        build_qnn_controller(settings, num_heads=2)


def test_separable_has_no_choice_of_ansatz():
    with pytest.raises(ComponentError, match="no setting ansatz"):
        build_separable_controller({"ansatz": "brick_wall"}, num_heads=2)


@pytest.mark.parametrize("statistics", [None, torch.ones(2, 3)])
def test_statistics_are_needed(statistics):
    with pytest.raises(ComponentError, match=r"shape \(3, 3\)"):
        controller_of()(statistics)
