"""Experts: equality with running all of them on all tokens, gradients for all, names of activations."""

import pytest
import torch
from torch.nn import functional

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.moe_experts import Experts, activation_named, mix_experts
from hybrid_opt.classical.moe_routing import (
    keep_within_capacity,
    select_by_experts,
    select_by_mass,
    select_top_k,
)

GENERATOR = torch.Generator().manual_seed(3)


def make(num_experts=4, bias=True, dtype=torch.float64):
    torch.manual_seed(0)
    experts = Experts(num_experts, 6, 10, functional.gelu, bias=bias, initializer_std=0.5).to(dtype)
    for stack in (experts.input_bias, experts.output_bias):
        if stack is not None:
            torch.nn.init.normal_(stack)
    return experts


def dense(tokens, selection, weights, experts):
    """All experts on all tokens, one by one, weighted."""
    total = torch.zeros_like(tokens)
    for e in range(experts.input_weight.shape[0]):
        weight = (weights * (selection.chosen & (selection.experts == e))).sum(-1, keepdim=True)
        first = 0.0 if experts.input_bias is None else experts.input_bias[e]
        second = 0.0 if experts.output_bias is None else experts.output_bias[e]
        inner = functional.gelu(tokens @ experts.input_weight[e].T + first)
        total = total + weight * (inner @ experts.output_weight[e].T + second)
    return total


CHOICES = {
    "top 1": lambda p: select_top_k(p, 1),
    "top 2": lambda p: select_top_k(p, 2),
    "all": lambda p: select_top_k(p, 4),
    "by mass": lambda p: select_by_mass(p, 0.6, 3),
    "by experts": lambda p: select_by_experts(p, 1),
    "within capacity": lambda p: keep_within_capacity(select_top_k(p, 2), 4, 0.6),
}


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("bias", [True, False])
def test_output_and_gradients_equal_the_dense_computation(choice, bias):
    experts = make(bias=bias)
    tokens = torch.randn(20, 6, generator=GENERATOR, dtype=torch.float64, requires_grad=True)
    logits = torch.randn(20, 4, generator=GENERATOR, dtype=torch.float64, requires_grad=True)
    direction = torch.randn(20, 6, generator=GENERATOR, dtype=torch.float64)
    inputs = [tokens, logits, *experts.parameters()]
    results = []
    for compute in (lambda *given: mix_experts(*given)[0], dense):
        selection = CHOICES[choice](logits.softmax(-1))
        output = compute(tokens, selection, selection.weights(normalize=True), experts)
        results.append([output, *torch.autograd.grad((output * direction).sum(), inputs)])
    torch.testing.assert_close(results[0], results[1], rtol=1e-12, atol=1e-12)


def test_gradients_by_finite_differences():
    experts = make(num_experts=3)
    tokens = torch.randn(5, 6, generator=GENERATOR, dtype=torch.float64, requires_grad=True)
    logits = torch.randn(5, 3, generator=GENERATOR, dtype=torch.float64, requires_grad=True)

    def run(tokens, logits):
        selection = select_top_k(logits.softmax(-1), 2)
        return mix_experts(tokens, selection, selection.weights(normalize=False), experts)[0]

    assert torch.autograd.gradcheck(run, (tokens, logits))


def test_counts_and_outputs_of_dropped_tokens():
    experts = make()
    probabilities = torch.tensor([[0.7, 0.1, 0.1, 0.1]] * 4, dtype=torch.float64)
    kept = keep_within_capacity(select_top_k(probabilities, 1), 4, 1.0)
    output, counts = mix_experts(torch.ones(4, 6, dtype=torch.float64), kept, kept.probabilities, experts)
    assert counts == [1, 0, 0, 0]
    assert output[0].abs().min() > 0
    assert (output[1:] == 0).all()


@pytest.mark.parametrize("tokens", [3, 0])
def test_experts_without_tokens_get_zero_gradients(tokens):
    experts = make()
    selection = select_top_k(torch.tensor([[0.4, 0.3, 0.2, 0.1]], dtype=torch.float64).repeat(tokens, 1), 1)
    output, _ = mix_experts(
        torch.ones(tokens, 6, dtype=torch.float64), selection, selection.probabilities, experts
    )
    output.sum().backward()
    for parameter in experts.parameters():
        assert (parameter.grad[1:] == 0).all()
        assert (parameter.grad[0] == 0).all() == (tokens == 0)


def test_one_large_sum_repeats_bit_for_bit():
    experts = make(dtype=torch.float32)
    tokens = torch.randn(500, 6, generator=GENERATOR)
    selection = select_top_k(torch.randn(500, 4, generator=GENERATOR).softmax(-1), 3)
    weights = selection.weights(normalize=True)
    first = mix_experts(tokens, selection, weights, experts)[0]
    for _ in range(3):
        assert torch.equal(mix_experts(tokens, selection, weights, experts)[0], first)


def test_dropout_acts_in_training_alone():
    torch.manual_seed(0)
    experts = Experts(1, 6, 10, functional.gelu, dropout=0.5, initializer_std=0.5)
    tokens = torch.ones(3, 6)
    assert not torch.equal(experts(tokens, [3]), experts(tokens, [3]))
    experts.eval()
    assert torch.equal(experts(tokens, [3]), experts(tokens, [3]))


@pytest.mark.parametrize(
    "name", ["gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_tanh", "relu", "silu", "tanh"]
)
def test_activations_are_those_of_their_names(name):
    values = torch.linspace(-3, 3, 7)
    expected = {"relu": functional.relu, "silu": functional.silu, "tanh": torch.tanh}.get(
        name, lambda x: functional.gelu(x, approximate="none" if name == "gelu" else "tanh")
    )
    torch.testing.assert_close(activation_named(name)(values), expected(values))


def test_an_activation_may_be_a_function():
    assert activation_named(torch.sin) is torch.sin


def test_an_unknown_activation():
    with pytest.raises(ConfigurationError, match="'swish'; choose one of gelu"):
        activation_named("swish")
    with pytest.raises(ConfigurationError, match="no activation"):
        activation_named(["gelu"])
