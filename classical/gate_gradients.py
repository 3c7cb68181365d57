"""How much the loss would feel a gate on each head, taken from the passes of a training step as they happen.

Importance of head h (Michel, Levy and Neubig 2019, "Are Sixteen Heads Really Better than One?", arXiv
1905.10650): the mean over examples of |dL / dg_h|, with g_h a factor on the output of the head. It is taken
at the gates as they are, 0 or 1; for a head with gate 0 it says how much opening it would change the loss.

Shapes: B batch, H heads of a layer, T tokens, D head width.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from .head_sites import HeadSite
from .performance_callback import summed_over_processes
from .recomputation import is_recomputation

__all__ = ["GateGradients"]


class GateGradients:
    """Adds up |dL / dg| per head between ``begin`` and ``end``.

    While it listens, the layer's own ``head_mask`` is taken out for the length of the layer's forward pass
    and applied before the output projection instead, where closed heads still have an output to weigh. The
    model computes the same.

    Args:
        sites: layers of `DistanceAttention`.

    Example:
        >>> from .attention_layer import DistanceAttention
        >>> from .head_sites import find_head_sites
        >>> _ = torch.manual_seed(0)
        >>> layer = DistanceAttention(8, 2)
        >>> _ = layer.head_mask.copy_(torch.tensor([1.0, 0.0]))
        >>> gradients = GateGradients(find_head_sites(layer))
        >>> gradients.begin()
        >>> layer(torch.randn(3, 5, 8))[0].square().sum().backward()
        >>> [value > 0 for value in gradients.end()[0]], layer.head_mask.tolist()
        ([True, True], [1.0, 0.0])
    """

    def __init__(self, sites: list[HeadSite]) -> None:
        self.sites = sites
        self._sums: dict[int, Tensor] = {}
        self._masks: dict[int, Tensor] = {}
        self._handles: list[Any] = []

    def begin(self) -> None:
        """Listen from now on; a measurement that was not ended is dropped."""
        self.cancel()
        for site in self.sites:
            self._handles += [
                site.attention.register_forward_pre_hook(partial(self._open, site)),
                site.projection.register_forward_pre_hook(partial(self._gate, site)),
                # Also after an error inside the layer: the mask must come back.
                site.attention.register_forward_hook(partial(self._close, site), always_call=True),
            ]

    def end(self) -> list[list[float]]:
        """Stop listening.

        Returns:
            For each layer the sum over examples of |dL / dg|, over all processes; a gradient that is no
            number (a step that overflowed in float16) counts as 0.
        """
        sums = self._sums
        self.cancel()
        found = []
        for site in self.sites:
            device = next(site.projection.parameters()).device
            empty = torch.zeros(site.num_heads, dtype=torch.float64, device=device)
            found.append(summed_over_processes(sums.get(site.layer, empty)).tolist())
        return found

    def cancel(self) -> None:
        """Stop listening without a result."""
        for handle in self._handles:
            handle.remove()
        self._handles, self._sums = [], {}

    def _open(self, site: HeadSite, layer: Any, inputs: Any) -> None:
        self._masks[site.layer] = layer.head_mask
        layer.head_mask = torch.ones_like(layer.head_mask)

    def _close(self, site: HeadSite, layer: Any, inputs: Any, output: Any) -> None:
        if site.layer in self._masks:
            layer.head_mask = self._masks.pop(site.layer)

    def _gate(self, site: HeadSite, module: Any, inputs: tuple[Any, ...]) -> Any:
        """Multiply each example's heads by gates of its own, whose gradients are noted."""
        states: Tensor = inputs[0]
        gates = self._masks[site.layer].to(states.dtype).expand(len(states), -1).clone()
        if torch.is_grad_enabled() and states.requires_grad:
            gates.requires_grad_()
            if not is_recomputation():
                gates.register_hook(partial(self._note, site))  # type: ignore[no-untyped-call]
        factors = gates.unsqueeze(-1).expand(*gates.shape, site.head_width).flatten(-2)
        return (states * factors.view(len(states), *([1] * (states.dim() - 2)), -1), *inputs[1:])

    def _note(self, site: HeadSite, gradient: Tensor) -> None:
        sizes = gradient.detach().double().abs().sum(0).nan_to_num(0.0, 0.0, 0.0)
        before = self._sums.get(site.layer)
        self._sums[site.layer] = sizes if before is None else before + sizes
