"""Relaxed choices of k out of n: sums, closed forms, gradients; masks."""

import pytest
import torch

from hybrid_opt.classical.errors import ComponentError
from hybrid_opt.classical.subset_relaxation import subset_marginals, subset_mask


def doubles(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("k", [1, 2, 5, 6])
@pytest.mark.parametrize("scale", [0.0, 1.0, 30.0])
def test_marginals_are_sigmoids_over_one_threshold_of_sum_k(k, scale):
    logits = scale * doubles(20, 7)
    marginals = subset_marginals(logits, k)
    torch.testing.assert_close(marginals.sum(-1), torch.full((20,), float(k), dtype=torch.float64))
    assert ((marginals >= 0) & (marginals <= 1)).all()
    inner = ((marginals > 1e-6) & (marginals < 1 - 1e-6)).all(-1)
    thresholds = (logits - torch.logit(marginals))[inner]
    torch.testing.assert_close(thresholds, thresholds[:, :1].expand_as(thresholds), rtol=0, atol=1e-8)


def test_two_logits_have_a_closed_form():
    logits = torch.tensor([1.4, -0.2], dtype=torch.float64)
    torch.testing.assert_close(subset_marginals(logits, 1)[0], torch.sigmoid(logits.diff()[0] / -2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_far_logits_are_a_mask(dtype):
    marginals = subset_marginals(torch.tensor([300.0, -500.0, 900.0, 0.0], dtype=dtype), 2)
    assert marginals.tolist() == pytest.approx([1.0, 0.0, 1.0, 0.0])


def test_gradients_are_exact():
    logits = doubles(3, 5).requires_grad_()
    assert torch.autograd.gradcheck(lambda given: subset_marginals(given, 2), logits)
    with torch.no_grad():
        slopes = (marginals := subset_marginals(logits, 2)) * (1 - marginals)
    (gradient,) = torch.autograd.grad(subset_marginals(logits, 2)[0, 1], logits)
    expected = -slopes[0, 1] * slopes[0] / slopes[0].sum()
    expected[1] += slopes[0, 1]
    torch.testing.assert_close(gradient[0], expected)


def test_saturated_gradients_are_finite():
    logits = torch.tensor([1e4, -1e4, 1e4], requires_grad=True)
    (subset_marginals(logits, 2) * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert logits.grad.isfinite().all()


def test_masks_pass_gradients_through():
    scores = torch.tensor([0.3, 0.1, 0.3, 0.3], requires_grad=True)
    mask = subset_mask(scores, 2)
    assert mask.tolist() == [1.0, 0.0, 1.0, 0.0]
    (mask * torch.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    assert scores.grad.tolist() == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("choose", [subset_marginals, subset_mask])
@pytest.mark.parametrize("k", [0, 3, -1, 1.0, True])
def test_numbers_that_are_no_choice(choose, k):
    with pytest.raises(ComponentError, match=r"k is .* from 1 to 2"):
        choose(torch.zeros(3), k)
