"""Losses on the router against closed forms, and the bias of loss-free balancing."""

import math

import pytest
import torch

from hybrid_opt.classical.moe_balance import (
    SelectionBias,
    auxiliary_balance_loss,
    router_entropy,
    router_z_loss,
)
from hybrid_opt.classical.moe_routing import select_top_k


def test_the_auxiliary_loss_is_one_when_even_and_the_number_of_experts_at_worst():
    assert auxiliary_balance_loss(torch.full((6, 3), 1 / 3), torch.tensor([4, 4, 4])).item() == pytest.approx(
        1.0
    )
    worst = torch.tensor([[1.0, 0.0, 0.0]]).repeat(6, 1)
    assert auxiliary_balance_loss(worst, torch.tensor([6, 0, 0])).item() == pytest.approx(3.0)


def test_the_auxiliary_loss_and_its_gradient_are_those_of_the_formula():
    probabilities = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.7, 0.2]], dtype=torch.float64, requires_grad=True)
    loss = auxiliary_balance_loss(probabilities, torch.tensor([2, 1, 1]))
    assert loss.item() == pytest.approx(3 * (0.5 * 0.3 + 0.25 * 0.5 + 0.25 * 0.2))
    loss.backward()
    torch.testing.assert_close(
        probabilities.grad, torch.tensor([[0.75, 0.375, 0.375]] * 2, dtype=torch.float64)
    )


def test_the_auxiliary_loss_evens_a_router_out():
    torch.manual_seed(0)
    tokens = torch.randn(256, 8)
    weight = torch.nn.Parameter(torch.randn(4, 8))
    torch.nn.init.constant_(weight[0:1].detach(), 0.0)
    optimizer = torch.optim.Adam([weight], lr=0.05)
    spreads = []
    for _ in range(60):
        probabilities = (tokens @ weight.T).softmax(-1)
        load = select_top_k(probabilities, 1).load(4)
        spreads.append((load.max() * 4 / load.sum()).item())
        optimizer.zero_grad()
        auxiliary_balance_loss(probabilities, load).backward()
        optimizer.step()
    assert spreads[-1] < 1.2 < spreads[0]


def test_z_loss_and_entropy_of_equal_logits():
    logits = torch.full((4, 3), 2.0, dtype=torch.float64)
    assert router_z_loss(logits).item() == pytest.approx((2.0 + math.log(3)) ** 2)
    assert router_entropy(logits).item() == pytest.approx(math.log(3))


def test_entropy_of_a_decided_router_is_zero_with_finite_gradients():
    logits = torch.tensor([[1000.0, 0.0]], requires_grad=True)
    entropy = router_entropy(logits)
    entropy.backward()
    assert entropy.item() == 0.0
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("loss", [
    lambda x: auxiliary_balance_loss(x, torch.zeros(3, dtype=torch.int64)), router_z_loss, router_entropy,
])  # fmt: skip
def test_no_tokens_give_zero_that_is_still_connected(loss):
    empty = torch.zeros(0, 3, requires_grad=True)
    value = loss(empty)
    value.backward()
    assert value.item() == 0.0
    assert empty.grad.shape == (0, 3)


def test_the_bias_steps_against_the_load_once_per_observation():
    bias = SelectionBias(3, speed=0.1)
    assert bias.bias().tolist() == [0.0] * 3
    bias.observe(torch.tensor([5, 1, 3]))
    assert bias.bias().tolist() == [0.0] * 3  # not before the next step
    for _ in range(2):
        bias.advance()
        torch.testing.assert_close(bias.bias(), torch.tensor([-0.1, 0.1, 0.0]))


def test_a_cast_to_half_precision_leaves_the_bias_exact():
    bias = SelectionBias(2, speed=0.001)
    for _ in range(700):
        bias.observe(torch.tensor([2, 0]))
        bias.advance()
        bias.bfloat16()
    torch.testing.assert_close(bias.bias(), torch.tensor([-0.7, 0.7]))


def test_the_bias_evens_out_a_router_that_prefers_one_expert():
    torch.manual_seed(0)
    probabilities = (torch.randn(512, 4) + torch.tensor([1.5, 0.0, 0.0, -1.0])).softmax(-1)
    bias = SelectionBias(4, speed=0.01)
    before = select_top_k(probabilities, 2).load(4)
    for _ in range(100):
        bias.observe(select_top_k(probabilities, 2, bias.bias()).load(4))
        bias.advance()
    after = select_top_k(probabilities, 2, bias.bias()).load(4)
    assert before.max() > 400
    assert after.max() < 1.1 * 256


def test_state_and_reset():
    first, second = SelectionBias(2, speed=0.5), SelectionBias(2, speed=0.5)
    first.observe(torch.tensor([1, 0]))
    second.load_state_dict(first.state_dict())  # what is pending belongs to the state
    second.advance()
    assert second.bias().tolist() == [-0.5, 0.5]
    second.reset_parameters()
    assert second.bias().tolist() == [0.0, 0.0]
