"""Controllers that choose a factor on lambda from a few: learned by a softmax, or given.

Shapes: H heads, K bins, L layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .component_settings import read_settings, whole_number_setting
from .control_signals import ControlSignal
from .controller_ranges import scale_factors
from .errors import ComponentError

__all__ = [
    "START_PROBABILITY",
    "FixedBinsController",
    "SoftmaxBinsController",
    "bin_exponents",
    "build_fixed_bins",
    "build_softmax_bins",
    "chosen_factors",
    "start_bin",
]

START_PROBABILITY = 0.6
"""Probability of the bin of factor 1 at the start of a learned choice."""

_MOST_BINS = 64


def bin_exponents(n_bins: int) -> Tensor:
    """The bins on a logarithmic scale: bin k stands for the factor 4^(2 (k + 1) / K - 1).

    With an even K they are evenly spaced up to 4, none is below 1/4, and bin K / 2 - 1 is 1: a choice can
    change nothing.

    Args:
        n_bins: K, even.

    Returns:
        Exponents of 4, (K,).

    Example:
        >>> scale_factors(bin_exponents(4)).tolist()
        [0.5, 1.0, 2.0, 4.0]
    """
    return torch.arange(1, n_bins + 1, device="cpu") * (2.0 / n_bins) - 1.0


def start_bin(n_bins: int) -> int:
    """The bin of factor 1.

    Args:
        n_bins: K, even.

    Returns:
        K / 2 - 1.

    Example:
        >>> start_bin(4)
        1
    """
    return n_bins // 2 - 1


def chosen_factors(probabilities: Tensor) -> Tensor:
    """The factor of the most likely bin of each head, with the gradient of the probabilities.

    Forward, the choice is one-hot (the lower bin where two are equal); backward, it passes its gradient to
    the probabilities as it is. Y. Bengio, N. Leonard, A. Courville, "Estimating or Propagating Gradients
    Through Stochastic Neurons for Conditional Computation", arXiv 1308.3432: not the gradient of the choice,
    which is 0 almost everywhere.

    Args:
        probabilities: (H, K).

    Returns:
        (H,), from 1/4 to 4.

    Example:
        >>> probabilities = torch.tensor([[0.1, 0.2, 0.6, 0.1]], requires_grad=True)
        >>> chosen_factors(probabilities)
        tensor([2.], grad_fn=<Exp2Backward0>)
    """
    n_bins = probabilities.shape[-1]
    best = probabilities.detach().argmax(-1, keepdim=True)
    choice = torch.zeros_like(probabilities).detach().scatter(-1, best, 1.0)
    # The bracket is exactly 0, so that the factors are exactly those of the bins.
    choice = choice + (probabilities - probabilities.detach())
    exponents = bin_exponents(n_bins).to(probabilities)
    return scale_factors((choice * exponents).sum(-1))


class SoftmaxBinsController(nn.Module):
    """Each head chooses one of K factors on lambda by K learnable logits; the statistics are not read.

    scale_factor is that of the most likely bin, in training and evaluation alike; the gradient is that of
    softmax(logits) (`chosen_factors`). dropout_factor is 1. K parameters per head. At the start the bin of
    factor 1 has the probability 0.6, and the others have the same.

    Args:
        num_heads: H.
        n_bins: K, even.

    Example:
        >>> SoftmaxBinsController(2)(None).scale_factor.tolist()
        [1.0, 1.0]
    """

    # Decay would pull every choice to even odds.
    no_decay_parameters = ("bin_logits",)

    def __init__(self, num_heads: int, *, n_bins: int = 4) -> None:
        super().__init__()
        self.n_bins = n_bins
        self.bin_logits = nn.Parameter(torch.empty(num_heads, n_bins))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the logits to those of the start."""
        nn.init.zeros_(self.bin_logits)
        odds = START_PROBABILITY / (1.0 - START_PROBABILITY)
        nn.init.constant_(self.bin_logits[:, start_bin(self.n_bins)], math.log(odds * (self.n_bins - 1)))

    def probabilities(self) -> Tensor:
        """Of the bins, (H, K)."""
        precise = torch.promote_types(self.bin_logits.dtype, torch.float32)
        return torch.softmax(self.bin_logits.to(precise), -1)

    def forward(self, statistics: Tensor | None) -> ControlSignal:
        """The factors, whatever the statistics (H, 3)."""
        factors = chosen_factors(self.probabilities())
        return ControlSignal(factors, torch.ones_like(factors[0]).detach())


class FixedBinsController(nn.Module):
    """Each head has the factor of a bin that is given: one step of an exhaustive search over K^(H L) choices.

    The bins are a buffer of whole numbers, saved with the model; write into ``bins`` to change them.
    dropout_factor is 1. Nothing is trained.

    Args:
        bins: H numbers from 0 to K - 1.
        n_bins: K, even.

    Example:
        >>> FixedBinsController([0, 3])(None).scale_factor.tolist()
        [0.5, 4.0]
    """

    bins: Tensor

    def __init__(self, bins: Sequence[int], *, n_bins: int = 4) -> None:
        super().__init__()
        self.first_bins, self.n_bins = tuple(bins), n_bins
        self.register_buffer("bins", torch.empty(len(self.first_bins), dtype=torch.long))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the bins to those given at construction."""
        with torch.no_grad():
            self.bins.copy_(torch.tensor(self.first_bins, device="cpu"))

    def forward(self, statistics: Tensor | None) -> ControlSignal:
        """The factors, whatever the statistics (H, 3)."""
        factors = scale_factors(bin_exponents(self.n_bins).to(self.bins.device)[self.bins])
        return ControlSignal(factors, torch.ones_like(factors[0]))


def build_softmax_bins(settings: dict[str, Any], *, num_heads: int, **context: Any) -> SoftmaxBinsController:
    """Builder of controller "softmax_bins".

    Args:
        settings: ``n_bins``, even, 2 to 64, 4 where not given.
        num_heads: H.
        context: not used.

    Returns:
        The controller.

    Raises:
        ComponentError: settings that are not legal.

    Example:
        >>> build_softmax_bins({"n_bins": 8}, num_heads=2).bin_logits.shape
        torch.Size([2, 8])
    """
    component = "controller 'softmax_bins'"
    known = read_settings(component, settings, {"n_bins": 4})
    return SoftmaxBinsController(num_heads, n_bins=_even_bins(component, known))


def build_fixed_bins(
    settings: dict[str, Any], *, num_heads: int, layer_index: int, **context: Any
) -> FixedBinsController:
    """Builder of controller "fixed_bins".

    Args:
        settings: ``n_bins``, even, 2 to 64, 4 where not given; ``bins``, from 0 to n_bins - 1: one number
            for all heads of all layers, H numbers for every layer, or one list per layer, of H numbers or of
            one for all its heads; where not given, the bin of factor 1.
        num_heads: H.
        layer_index: which list to take.
        context: not used.

    Returns:
        The controller.

    Raises:
        ComponentError: bins that are no whole numbers of the range, or not one per head, or no list for this
            layer.

    Example:
        >>> spec = {"bins": [[1, 1], [0, 3]]}
        >>> build_fixed_bins(spec, num_heads=2, layer_index=1)(None).scale_factor.tolist()
        [0.5, 4.0]
    """
    component = "controller 'fixed_bins'"
    known = read_settings(component, settings, {"n_bins": 4, "bins": None})
    n_bins = _even_bins(component, known)
    bins = start_bin(n_bins) if known["bins"] is None else known["bins"]
    if isinstance(bins, list | tuple) and any(isinstance(entry, list | tuple) for entry in bins):
        if layer_index >= len(bins):
            raise ComponentError(
                f"{component} has bins for {len(bins)} layers, but the layer of index {layer_index} asks; "
                "give one list per layer, or one list for all"
            )
        row = bins[layer_index]
        if not isinstance(row, list | tuple):
            raise ComponentError(
                f"bins of {component} for the layer of index {layer_index} are a list where those of another "
                f"layer are, not {row!r}; [{row!r}] gives one bin to all heads of the layer"
            )
        bins = list(row) * num_heads if len(row) == 1 else row
    chosen = bins if isinstance(bins, list | tuple) else [bins] * num_heads
    whole = all(isinstance(entry, int) and not isinstance(entry, bool) for entry in chosen)
    if not whole or len(chosen) != num_heads or not all(0 <= entry < n_bins for entry in chosen):
        raise ComponentError(
            f"bins of {component} are {num_heads} whole numbers from 0 to {n_bins - 1}, one per head, or one "
            f"number for all, not {bins!r}"
        )
    return FixedBinsController(chosen, n_bins=n_bins)


def _even_bins(component: str, known: dict[str, Any]) -> int:
    """The setting n_bins."""
    n_bins: int = whole_number_setting(component, known, "n_bins", 2, _MOST_BINS)
    if n_bins % 2:
        raise ComponentError(f"n_bins of {component} is even, so that one bin is the factor 1, not {n_bins}")
    return n_bins
