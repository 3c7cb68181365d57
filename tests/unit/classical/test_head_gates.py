"""Head gates: first values, saving, one list per layer, wrong gates."""

import math

import pytest
import torch

from hybrid_opt.classical.errors import ComponentError
from hybrid_opt.classical.head_gates import (
    FixedGate,
    LearnedGate,
    build_fixed_gate,
    build_learned_gate,
    check_gates,
)

HIDDEN = torch.zeros(3, 4, 8)


def test_a_learned_gate_starts_near_one_and_learns():
    gate = build_learned_gate({}, num_heads=4)
    torch.testing.assert_close(gate(HIDDEN), torch.full((4,), 0.95))
    gate(HIDDEN).sum().backward()
    torch.testing.assert_close(gate.gate_logits.grad, torch.full((4,), 0.0475))


def test_a_learned_gate_starts_where_it_is_told():
    assert build_learned_gate({"start": 0.2}, num_heads=1)(HIDDEN).item() == pytest.approx(0.2)


def test_fixed_gates_are_saved_and_not_trained():
    gate = build_fixed_gate({"gates": [1, 0, 0.5]}, num_heads=3, layer_index=0)
    assert gate(HIDDEN).tolist() == [1.0, 0.0, 0.5]
    assert list(gate.parameters()) == []
    other = FixedGate([1, 1, 1])
    other.load_state_dict(gate.state_dict())
    assert other(HIDDEN).tolist() == [1.0, 0.0, 0.5]
    other.reset_parameters()
    assert other(HIDDEN).tolist() == [1.0, 1.0, 1.0]


def test_fixed_gates_per_layer_and_none_at_all():
    gates = [[1, 0], [0, 1]]
    assert build_fixed_gate({"gates": gates}, num_heads=2, layer_index=1)(HIDDEN).tolist() == [0.0, 1.0]
    assert build_fixed_gate({}, num_heads=2, layer_index=5)(HIDDEN).tolist() == [1.0, 1.0]


def test_gates_without_memory_get_their_values_by_reset():
    for make in (lambda: FixedGate([1, 0]), lambda: LearnedGate(2)):
        with torch.device("meta"):
            gate = make()
        gate.to_empty(device="cpu").reset_parameters()
        torch.testing.assert_close(gate(HIDDEN), make()(HIDDEN))


@pytest.mark.parametrize("gates", [[1], [1, 0, 1], [1, "0"], [1, math.nan], "10", None, 1.0])
def test_fixed_gates_that_are_not_one_number_per_head(gates):
    with pytest.raises(ComponentError, match="2 finite numbers, one per head"):
        build_fixed_gate({"gates": gates}, num_heads=2, layer_index=0)


def test_fixed_gates_for_too_few_layers():
    with pytest.raises(ComponentError, match="gates for 1 layers, but the layer of index 1"):
        build_fixed_gate({"gates": [[1, 1]]}, num_heads=2, layer_index=1)


@pytest.mark.parametrize("settings", [{"start": 1.0}, {"start": 0.0}, {"begin": 0.5}])
def test_learned_gates_with_wrong_settings(settings):
    with pytest.raises(ComponentError, match="head_gate 'learned'"):
        build_learned_gate(settings, num_heads=2)


def test_gates_of_both_shapes_are_legal():
    for shape in ((2,), (5, 2)):
        gates = torch.ones(shape)
        assert check_gates(gates, 2, 5) is gates


@pytest.mark.parametrize(
    "gates", [torch.ones(5, 1), torch.ones(2, dtype=torch.int64), torch.ones(()), [1.0, 1.0]]
)
def test_gates_of_wrong_shape_or_type(gates):
    with pytest.raises(ComponentError, match=r"floating-point gates of shape \(2,\) or \(5, 2\)"):
        check_gates(gates, 2, 5)
