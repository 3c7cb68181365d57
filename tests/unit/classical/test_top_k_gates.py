"""TopKGate and GumbelTopKGate: formulas, choices that change in training, noise, settings."""

import copy
from itertools import combinations

import pytest
import torch

from hybrid_opt.classical.errors import ComponentError
from hybrid_opt.classical.subset_relaxation import subset_marginals
from hybrid_opt.classical.top_k_gates import (
    GumbelTopKGate,
    TopKGate,
    build_gumbel_top_k_gate,
    build_top_k_gate,
    gate_settings,
)

BUILDERS = [build_top_k_gate, build_gumbel_top_k_gate]


def with_importance(gate, values):
    with torch.no_grad():
        gate.importance.copy_(torch.tensor(values))
    return gate


@pytest.mark.parametrize("make", [TopKGate, GumbelTopKGate])
@pytest.mark.parametrize("keep", [1, 2, 3])
def test_hard_gates_are_the_top_k_of_importance_where_there_is_no_redundancy(make, keep):
    gate = with_importance(make(4, keep=keep).eval(), [0.2, -0.4, 0.9, 0.1])
    expected = [0.0] * 4
    for head in (2, 0, 3)[:keep]:
        expected[head] = 1.0
    assert gate(None).tolist() == expected


def test_marginals_are_a_mean_field():
    gate = TopKGate(3, keep=1, mode="marginals", steps=2, temperature=0.5).double()
    with torch.no_grad():
        gate.redundancy.copy_(torch.tensor([0.7, -0.3, 0.2]))
        gate.strengths.copy_(torch.tensor([0.5, 2.0]))
    table = torch.tensor([[0.0, 0.7, -0.3], [0.7, 0.0, 0.2], [-0.3, 0.2, 0.0]], dtype=torch.float64)
    expected = torch.full((3,), 1 / 3, dtype=torch.float64)
    # The parameters were made in float32: so were 0.7 and log 0.5.
    table, temperature = table.float().double(), gate.log_temperatures[0].exp()
    for strength in (0.5, 2.0):
        expected = subset_marginals((gate.importance - strength * table @ expected) / temperature, 1)
    torch.testing.assert_close(gate(None), expected)
    assert gate(None).sum().item() == pytest.approx(1.0)


def test_redundant_heads_are_not_kept_together():
    gate = with_importance(TopKGate(4, keep=2), [0.9, 0.8, 0.7, 0.1])
    assert gate(None).tolist() == [1.0, 1.0, 0.0, 0.0]
    with torch.no_grad():
        gate.redundancy[0] = 1.5  # of the pair (0, 1)
    assert gate(None)[:2].sum().item() == 1.0
    assert gate(None)[2].item() == 1.0


@pytest.mark.parametrize("mode", ["hard", "marginals"])
@pytest.mark.parametrize("make", [TopKGate, GumbelTopKGate])
def test_heads_that_are_off_get_gradients(make, mode):
    torch.manual_seed(0)
    gate = make(6, keep=2, mode=mode)
    (gate(None) * torch.arange(6.0)).sum().backward()
    assert (gate.importance.grad != 0).all()
    assert (gate.redundancy.grad != 0).all()
    assert (gate.log_temperatures.grad[-1:] != 0).all()


@pytest.mark.parametrize("make", [TopKGate, GumbelTopKGate])
def test_training_changes_the_choice(make):
    torch.manual_seed(0)
    gate = with_importance(make(4, keep=2), [0.2, 0.1, -0.1, -0.2])
    target = torch.tensor([0.0, 1.0, 0.0, 1.0])
    optimizer = torch.optim.Adam(gate.parameters(), lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        (gate(None) - target).square().sum().backward()
        optimizer.step()
    assert gate.eval()(None).tolist() == target.tolist()


def test_pairs_alone_can_be_learned():
    """What no importance can say: heads 0 and 1 together, or 2 and 3, but never mixed."""
    torch.manual_seed(0)
    gate = with_importance(TopKGate(4, keep=2), [0.05, -0.05, 0.04, -0.04])
    gate.importance.requires_grad_(False)
    optimizer = torch.optim.Adam(gate.parameters(), lr=0.02)
    for _ in range(80):
        optimizer.zero_grad()
        gates = gate(None)
        (-gates[0] * gates[1]).backward()
        optimizer.step()
    assert gate(None).tolist() == [1.0, 1.0, 0.0, 0.0]


def test_noise_samples_subsets_with_the_stated_probabilities():
    gate = with_importance(GumbelTopKGate(3, keep=2, noise=0.5, steps=1), [0.4, 0.0, -0.3])
    torch.manual_seed(0)
    weights = torch.exp(torch.tensor([0.4, 0.0, -0.3]) / 0.5).tolist()
    total = sum(weights)
    expected = {}
    for pair in combinations(range(3), 2):
        one, two = (weights[head] for head in pair)
        expected[pair] = one / total * two / (total - one) + two / total * one / (total - two)
    with torch.no_grad():
        masks = torch.stack([gate(None) for _ in range(1500)])
    for (one, two), probability in expected.items():
        share = (masks[:, one] * masks[:, two]).mean().item()
        assert share == pytest.approx(probability, abs=0.05)  # four standard errors


def test_noise_is_repeated_by_the_seed_and_absent_in_evaluation():
    gate = with_importance(GumbelTopKGate(4, mode="marginals", noise=1.0), [0.2, 0.1, 0.0, -0.1])
    torch.manual_seed(3)
    first, second = gate(None), gate(None)
    torch.manual_seed(3)
    torch.testing.assert_close(gate(None), first, rtol=0, atol=0)
    assert not torch.equal(first, second)
    plain = with_importance(TopKGate(4, mode="marginals"), [0.2, 0.1, 0.0, -0.1])
    torch.testing.assert_close(gate.eval()(None), plain(None), rtol=0, atol=0)
    gate.noise = 0.0
    torch.testing.assert_close(gate.train()(None), plain(None), rtol=0, atol=0)


@pytest.mark.parametrize("build", BUILDERS)
def test_gates_without_memory_get_their_values_by_reset(build):
    with torch.device("meta"):
        gate = build({}, num_heads=4)
    torch.manual_seed(2)
    gate.to_empty(device="cpu").reset_parameters()
    torch.manual_seed(2)
    other = build({}, num_heads=4)
    for name, tensor in other.state_dict().items():
        assert torch.equal(gate.state_dict()[name], tensor), name


@pytest.mark.parametrize("build", BUILDERS)
def test_copies_agree_and_double_precision_is_kept(build):
    gate = build({"keep": 3}, num_heads=4).to(torch.float64).eval()
    assert copy.deepcopy(gate)(None).tolist() == gate(None).tolist()
    assert gate(None).dtype == torch.float64
    assert build({}, num_heads=4).to(torch.bfloat16)(None).dtype == torch.float32


def test_settings_reach_the_gates():
    settings = {"keep": 1, "mode": "marginals", "steps": 5, "temperature": 0.5, "initializer_std": 0.0}
    gate = build_top_k_gate(settings, num_heads=4)
    torch.testing.assert_close(gate(None), torch.full((4,), 0.25))
    assert repr(gate) == "TopKGate(4, keep=1, mode='marginals', steps=5)"
    assert gate.log_temperatures.exp().tolist() == pytest.approx([0.5] * 5)
    assert build_gumbel_top_k_gate({"noise": 0.5}, num_heads=5).noise == 0.5
    assert build_top_k_gate({}, num_heads=5).keep == 2


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize(
    "settings",
    [
        {"keep": 0},
        {"keep": 4},
        {"keep": 2.0},
        {"keep": None},
        {"mode": "soft"},
        {"steps": 0},
        {"temperature": 0.0},
        {"initializer_std": -1.0},
        {"depth": 2},
    ],
)
def test_settings_outside_their_range(build, settings):
    with pytest.raises(ComponentError, match=r"head_gate '(gumbel_)?top_k'"):
        build(settings, num_heads=4)


def test_noise_out_of_range_or_where_there_is_none():
    with pytest.raises(ComponentError, match="noise of head_gate 'gumbel_top_k'"):
        build_gumbel_top_k_gate({"noise": -1.0}, num_heads=4)
    with pytest.raises(ComponentError, match="no setting noise"):
        build_top_k_gate({"noise": 0.1}, num_heads=4)


def test_one_head_is_no_choice():
    with pytest.raises(ComponentError, match="part chooses among heads: it takes 2 at least, not 1"):
        gate_settings("part", {}, 1, {})
    with pytest.raises(ComponentError, match="of 3 heads, 1 to 2 can be kept"):
        TopKGate(3, keep=3)
