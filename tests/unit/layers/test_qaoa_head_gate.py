"""QAOAHeadGate: choices, gradients for heads that are off, settings, and life inside a model."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hybrid_opt.classical.components import build_component, component_names
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ComponentError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.top_k_gates import GumbelTopKGate, TopKGate
from hybrid_opt.layers.qaoa import QAOALayer
from hybrid_opt.layers.qaoa_head_gate import QAOAHeadGate, build_qaoa_gate

TOKENS = torch.arange(24).reshape(3, 8) % 20


def small(num_heads=4, **settings):
    return build_qaoa_gate({"simulator": "native", **settings}, num_heads=num_heads)


def with_importance(gate, values):
    with torch.no_grad():
        gate.importance.copy_(torch.tensor(values))
    return gate


def gpt(head_gate, **more):
    config = DistanceTransformerConfig(
        vocab_size=20,
        hidden_size=16,
        num_attention_heads=4,
        num_hidden_layers=2,
        head_gate=head_gate,
        max_position_embeddings=16,
        **more,
    )
    return DistanceGPT(config)


def test_it_is_offered_by_name():
    assert "qaoa" in component_names("head_gate")
    spec = {"name": "qaoa", "keep": 1, "simulator": "native"}
    gate = build_component("head_gate", spec, num_heads=4, layer_index=0, hidden_size=16)
    assert isinstance(gate, QAOAHeadGate)


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_hard_gates_keep_the_most_important_heads(keep):
    gate = with_importance(small(keep=keep), [0.2, -0.4, 0.9, 0.1])
    expected = [0.0] * 4
    for head in (2, 0, 3)[:keep]:
        expected[head] = 1.0
    assert gate(None).tolist() == expected


def test_marginals_are_those_of_the_layer_and_sum_to_keep():
    gate = with_importance(small(keep=2, mode="marginals", depth=2), [0.2, -0.4, 0.9, 0.1])
    with torch.no_grad():
        gate.redundancy.copy_(torch.tensor([0.1, 0.2, -0.3, 0.4, 0.0, -0.1]))
    layer = QAOALayer(4, depth=2, mixer="xy", weight=2, simulator="native", seed=1)
    torch.testing.assert_close(gate(None), layer(-gate.importance, gate.redundancy))
    assert gate(None).sum().item() == pytest.approx(2.0)
    assert ((gate(None) > 0) & (gate(None) < 1)).all()


def test_redundant_heads_are_not_kept_together():
    gate = with_importance(small(keep=2), [0.9, 0.8, 0.7, 0.1])
    assert gate(None).tolist() == [1.0, 1.0, 0.0, 0.0]
    with torch.no_grad():
        gate.redundancy[0] = 1.5  # of the pair (0, 1)
    assert gate(None).tolist() == [1.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize("mode", ["hard", "marginals"])
def test_aer_and_native_agree(mode):
    native = small(keep=2, mode=mode).double()
    aer = QAOAHeadGate(4, keep=2, mode=mode).double()
    aer.load_state_dict(native.state_dict())
    for gate in (native, aer):
        (gate(None) * torch.arange(4)).sum().backward()
    torch.testing.assert_close(aer(None), native(None), rtol=0, atol=1e-11)
    torch.testing.assert_close(aer.importance.grad, native.importance.grad, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("mode", ["hard", "marginals"])
def test_heads_that_are_off_get_gradients(mode):
    torch.manual_seed(0)
    gate = small(6, keep=2, mode=mode)
    (gate(None) * torch.arange(6.0)).sum().backward()
    for parameter in gate.parameters():
        assert (parameter.grad != 0).all()


def test_training_changes_the_choice():
    torch.manual_seed(0)
    gate = with_importance(small(keep=2), [0.2, 0.1, -0.1, -0.2])
    target = torch.tensor([0.0, 1.0, 0.0, 1.0])
    assert gate(None).tolist() == [1.0, 1.0, 0.0, 0.0]
    optimizer = torch.optim.Adam(gate.parameters(), lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        (gate(None) - target).square().sum().backward()
        optimizer.step()
    assert gate(None).tolist() == target.tolist()


@pytest.mark.parametrize("num_heads", [2, 3, 4, 8])
def test_the_controls_have_as_many_parameters_and_the_same_range(num_heads):
    gates = [QAOAHeadGate(num_heads), TopKGate(num_heads), GumbelTopKGate(num_heads)]
    counts = [sum(parameter.numel() for parameter in gate.parameters()) for gate in gates]
    assert counts == [num_heads * (num_heads + 1) // 2 + 6] * 3
    for gate in gates:
        assert sorted(gate(None).tolist()) == [0.0] * (num_heads - gate.keep) + [1.0] * gate.keep


def test_copies_agree_and_double_precision_is_kept():
    gate = small(keep=3, mode="marginals").to(torch.float64)
    assert copy.deepcopy(gate)(None).tolist() == gate(None).tolist() == gate.eval()(None).tolist()
    assert gate(None).dtype == torch.float64


def test_reset_draws_importances_and_returns_to_the_first_angles():
    gate, other = small(), small()
    assert not torch.equal(gate.importance, other.importance)
    with torch.no_grad():
        gate.circuit.gammas.add_(1.0)
        gate.redundancy.add_(1.0)
    for part in (gate, other):
        torch.manual_seed(1)
        part.reset_parameters()
    for name, tensor in other.state_dict().items():
        assert torch.equal(gate.state_dict()[name], tensor), name


def test_a_gate_without_memory_gets_its_values_by_reset():
    with torch.device("meta"):
        gate = small()
    gate.to_empty(device="cpu")
    other = small()
    for part in (gate, other):
        torch.manual_seed(1)
        part.reset_parameters()
    for name, tensor in other.state_dict().items():
        assert torch.equal(gate.state_dict()[name], tensor), name


def test_parts_added_on_loading_start_afresh(tmp_path: Path):
    model = gpt(None)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01)
    model.save_pretrained(tmp_path)
    spec = {"name": "qaoa", "simulator": "native"}
    loaded = DistanceGPT.from_pretrained(tmp_path, head_gate=spec)
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    for block in loaded.model.stack.blocks:
        torch.testing.assert_close(block.head_gate.circuit.betas, small().circuit.betas)
        assert 0 < block.head_gate.importance.detach().abs().max() < 1
        assert block.head_gate(None).sum().item() == 2.0


def test_settings_reach_the_gate():
    gate = small(5, mode="marginals", depth=4, initializer_std=0.0)
    assert (gate.keep, gate.circuit.circuit.depth) == (2, 4)
    torch.testing.assert_close(gate(None), torch.full((5,), 0.4))  # all alike
    assert repr(gate).startswith("QAOAHeadGate(\n  5, keep=2, mode='marginals'")


@pytest.mark.parametrize(
    "settings",
    [
        {"keep": 0},
        {"keep": 4},
        {"keep": 2.0},
        {"mode": "soft"},
        {"depth": 0},
        {"initializer_std": -1.0},
        {"simulator": "device"},
        {"steps": 2},
    ],
)
def test_settings_outside_their_range(settings):
    with pytest.raises(ComponentError, match="head_gate 'qaoa'"):
        build_qaoa_gate(settings, num_heads=4)


def test_one_head_is_no_choice():
    with pytest.raises(ComponentError, match="2 at least, not 1"):
        build_qaoa_gate({}, num_heads=1)
    with pytest.raises(ComponentError, match="of 3 heads, 1 to 2 can be kept"):
        QAOAHeadGate(3, keep=3)


@pytest.mark.parametrize("name", ["qaoa", "top_k", "gumbel_top_k"])
@pytest.mark.parametrize("mode", ["hard", "marginals"])
def test_a_model_trains_saves_and_loads_bit_for_bit(name, mode, tmp_path: Path):
    torch.manual_seed(0)
    spec = {"name": name, "keep": 2, "mode": mode}
    model = gpt(spec | ({"simulator": "native"} if name == "qaoa" else {}))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = model(input_ids=TOKENS, labels=TOKENS).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    gates = [block.head_gate for block in model.model.stack.blocks]
    assert all((gate.importance.grad != 0).all() for gate in gates)
    assert not torch.equal(gates[0].importance, gates[1].importance)
    model.eval()
    assert torch.equal(model(input_ids=TOKENS).logits, model(input_ids=TOKENS).logits)
    model.save_pretrained(tmp_path)
    loaded = DistanceGPT.from_pretrained(tmp_path)
    for key, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], tensor), key
    again = DistanceGPT(model.config).eval()
    again.load_state_dict(loaded.state_dict())
    assert torch.equal(again(input_ids=TOKENS).logits, model(input_ids=TOKENS).logits)


def test_a_saved_model_is_found_by_its_names_in_a_new_process(tmp_path: Path):
    torch.manual_seed(0)
    model = gpt(
        {"name": "qaoa", "keep": 2, "simulator": "native"},
        feed_forward="moe",
        moe={"num_experts": 3, "top_k": 1},
        router={"name": "quantum_kernel", "simulator": "native"},
    ).eval()
    model.save_pretrained(tmp_path)
    code = (
        "import sys, torch\n"
        "import hybrid_opt.classical.gpt\n"
        "from transformers import AutoModelForCausalLM\n"
        "model = AutoModelForCausalLM.from_pretrained(sys.argv[1])\n"
        "tokens = torch.arange(24).reshape(3, 8) % 20\n"
        "block = model.model.stack.blocks[0]\n"
        "print(type(block.head_gate).__name__, type(block.feed_forward.router).__name__)\n"
        "print(model(input_ids=tokens).logits.double().sum().item())\n"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path)],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    names, total = done.stdout.splitlines()
    assert names == "QAOAHeadGate KernelRouter"
    assert float(total) == pytest.approx(model(input_ids=TOKENS).logits.double().sum().item(), rel=1e-6)
