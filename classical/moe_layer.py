"""Mixture of experts as the feed-forward part of a transformer block, or of any torch model.

Shapes: B batch, T tokens, C hidden size, E experts, N tokens that are not padded, K slots.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from .components import build_component
from .errors import ComponentError, ConfigurationError, MaskTypeError
from .moe_balance import SelectionBias, auxiliary_balance_loss, router_entropy, router_z_loss
from .moe_experts import Activation, Experts, activation_named, mix_experts
from .moe_mass_control import MassController
from .moe_routing import Selection, keep_within_capacity, select_by_experts, select_by_mass, select_top_k
from .moe_settings import MoESettings
from .moe_statistics import RoutingCounts, RoutingStatistics
from .recomputation import is_recomputation

__all__ = ["MoELayer", "uncounted"]


class MoELayer(nn.Module):
    """E feed-forward networks of which every token passes through a few, chosen by a router.

    output_n = sum over chosen e of w_ne * expert_e(x_n), p_n = softmax(router(x_n)), with w_ne = p_ne, or
    p_ne over the sum of the chosen ones. The router always computes in float32 or better. A residual
    connection belongs around the layer: a token whose experts have no room gets output 0.

    The state of loss-free balancing and of the mass controller moves in training mode only, by whole
    numbers kept in persistent buffers, and is saved with the model. On several processes with one replica
    each, buffers follow the first process (the default of torch's DistributedDataParallel), so that its
    share of a batch decides.

    Args:
        hidden_size: C.
        intermediate_size: width of each expert.
        router: a name ("softmax", "cosine" or one registered), ``{"name": name, **settings}`` or a module
            that maps tokens (N, C) to logits (N, E).
        activation: name or function.
        settings: the fields of ``MoESettings``: ``num_experts``, ``top_k``, ``probability_mass``,
            ``target_active``, ``max_active``, ``capacity_factor``, ``evaluation_capacity_factor``,
            ``balance``, ``auxiliary_weight``, ``z_loss_weight``, ``entropy_weight``, ``bias_speed``,
            ``normalize_weights``, ``bias``, ``dropout``, ``initializer_std``.

    Raises:
        ConfigurationError: sizes below 1, or a setting that ``MoESettings`` refuses or does not know.
        ComponentError: a router that is not registered.

    Example:
        >>> layer = MoELayer(16, 32, num_experts=4, top_k=2)
        >>> output, loss = layer(torch.randn(2, 5, 16))
        >>> output.shape, loss.shape, layer.statistics().mean_active
        (torch.Size([2, 5, 16]), torch.Size([]), 2.0)
    """

    def __init__(
        self,
        hidden_size: int,
        intermediate_size: int,
        *,
        router: str | Mapping[str, Any] | nn.Module = "softmax",
        activation: str | Activation = "gelu",
        **settings: Any,
    ) -> None:
        super().__init__()
        for name, value in (("hidden_size", hidden_size), ("intermediate_size", intermediate_size)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ConfigurationError(f"{name} is a whole number of at least 1, not {value!r}")
        unknown = sorted(set(settings) - set(MoESettings.__dataclass_fields__))
        if unknown:
            legal = ", ".join(["router", "activation", *MoESettings.__dataclass_fields__])
            raise ConfigurationError(f"MoELayer has no setting {', '.join(unknown)}; its settings: {legal}")
        self.settings = chosen = MoESettings(**settings)
        self.hidden_size = hidden_size
        self.router = build_component(
            "router", router, hidden_size=hidden_size, num_experts=chosen.num_experts
        )
        self.experts = Experts(
            chosen.num_experts,
            hidden_size,
            intermediate_size,
            activation_named(activation),
            bias=chosen.bias,
            dropout=chosen.dropout,
            initializer_std=chosen.initializer_std,
        )
        loss_free = chosen.balance == "loss_free"
        self.selection_bias = (
            SelectionBias(chosen.num_experts, speed=chosen.bias_speed) if loss_free else None
        )
        self.mass_controller = None
        if chosen.target_active is not None:
            self.mass_controller = MassController(
                target_active=chosen.target_active, first_mass=chosen.first_mass
            )
        self._counts = RoutingCounts(chosen.num_experts)

    def forward(self, hidden: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Pass every token through its experts.

        Args:
            hidden: shape (B, T, C), or any number of leading dimensions before C.
            mask: bool, the leading dimensions of ``hidden``, True for tokens that count. Others reach no
                expert, are counted nowhere and get output 0.

        Returns:
            The output, of the shape of ``hidden``, and the weighted losses on the router to be added to the
            loss of the task, shape (): in training only, and None where no loss is asked for.

        Raises:
            ConfigurationError: a shape that does not fit.
            MaskTypeError: a mask that is no bool tensor.
            ComponentError: a router that returns no logits of shape (N, E).
        """
        self._check(hidden, mask)
        flat = hidden.reshape(-1, self.hidden_size)
        present = None if mask is None else mask.reshape(-1).nonzero().squeeze(-1)
        tokens = flat if present is None else flat.index_select(0, present)
        repeated = is_recomputation()
        if self.training and not repeated:
            self._advance()
        logits = self._logits(tokens)
        probabilities = logits.softmax(-1)
        asked = self._select(probabilities)
        load = asked.load(self.settings.num_experts)
        if self.training:
            self._observe(load, tokens.shape[0])
        weights = asked.weights(normalize=self.settings.normalizes)
        kept = self._within_capacity(asked)
        mixed, counts = mix_experts(tokens, kept, weights, self.experts)
        if not repeated:
            self._count(logits, probabilities, load, kept, counts)
        output = mixed if present is None else mixed.new_zeros(flat.shape).index_copy(0, present, mixed)
        loss = self._router_loss(logits, probabilities, load) if self.training else None
        return output.view(hidden.shape), loss

    def statistics(self) -> RoutingStatistics:
        """What the router did since the last reset, in training and evaluation alike."""
        bias = None if self.selection_bias is None else tuple(self.selection_bias.bias().tolist())
        mass = self._mass()
        return self._counts.statistics(None if mass is None else float(mass), bias)

    def reset_statistics(self) -> None:
        """Start counting anew; balancing and the controller keep their state."""
        self._counts = RoutingCounts(self.settings.num_experts)

    def init_buffers(self) -> None:
        """Give the state of balancing and of the controller its first values; parameters stay as they are."""
        for part in (self.selection_bias, self.mass_controller):
            if part is not None:
                part.reset_parameters()

    def parameters_per_token(self, mean_active: float | None = None) -> float:
        """Parameters that a token meets: the router's, and those of its experts.

        Args:
            mean_active: experts per token; where not given, ``target_active``, or the K of ``top_k``; with
                a fixed mass the mean since the last reset.

        Returns:
            Their number, for comparing models at equal active parameters.
        """
        chosen = self.settings
        if mean_active is None:
            mean_active = float(chosen.slots) if chosen.target_active is None else chosen.target_active
            if chosen.varies and chosen.target_active is None:
                mean_active = self._counts.statistics().mean_active
        router = sum(parameter.numel() for parameter in self.router.parameters())
        experts = sum(parameter.numel() for parameter in self.experts.parameters())
        return router + experts / chosen.num_experts * mean_active

    def extra_repr(self) -> str:
        """The settings that decide about routing."""
        chosen = self.settings
        number = f"top_k={chosen.slots}"
        if chosen.target_active is not None:
            number = f"target_active={chosen.target_active}"
        elif chosen.varies:
            number = f"probability_mass={chosen.probability_mass}"
        return f"num_experts={chosen.num_experts}, {number}, balance={chosen.balance!r}"

    def _check(self, hidden: Tensor, mask: Tensor | None) -> None:
        """Refuse shapes and types that do not fit."""
        if hidden.dim() < 2 or hidden.shape[-1] != self.hidden_size:
            raise ConfigurationError(
                f"hidden has shape {tuple(hidden.shape)}; it must be (B, T, {self.hidden_size}), "
                "the last dimension being the hidden size of the layer"
            )
        if mask is None:
            return
        if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
            given = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
            raise MaskTypeError(
                f"mask has type {given}; give a bool tensor, True for tokens that count (mask.bool() of "
                "a mask of ones and zeros)"
            )
        if mask.shape != hidden.shape[:-1]:
            raise ConfigurationError(
                f"mask has shape {tuple(mask.shape)}; it must be {tuple(hidden.shape[:-1])}, that of hidden "
                "without its last dimension"
            )

    def _advance(self) -> None:
        """Let what the step before observed take effect."""
        for part in (self.selection_bias, self.mass_controller):
            if part is not None:
                part.advance()

    def _observe(self, load: Tensor, tokens: int) -> None:
        """Note the load of this step; a second computation of it notes the same."""
        if self.selection_bias is not None:
            self.selection_bias.observe(load)
        if self.mass_controller is not None:
            self.mass_controller.observe(load.sum(), tokens)

    def _logits(self, tokens: Tensor) -> Tensor:
        """Router logits (N, E), at least float32, whatever autocast would do."""
        types = (p.dtype for p in self.router.parameters() if p.is_floating_point())
        with torch.autocast(device_type=tokens.device.type, enabled=False):
            logits = self.router(tokens.to(next(types, torch.float32)))
        shape = (tokens.shape[0], self.settings.num_experts)
        if not isinstance(logits, Tensor) or not logits.is_floating_point() or tuple(logits.shape) != shape:
            given = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise ComponentError(
                f"the router {type(self.router).__name__} returned {given}; it must return floating-point "
                f"logits of shape {shape}, one per token and expert"
            )
        return logits.to(torch.promote_types(logits.dtype, torch.float32))

    def _mass(self) -> float | Tensor | None:
        """The probability mass in use, None where every token gets the same number of experts."""
        return self.settings.probability_mass if self.mass_controller is None else self.mass_controller.mass()

    def _select(self, probabilities: Tensor) -> Selection:
        """The experts each token asks for, or that ask for it."""
        if self.settings.balance == "expert_choice":
            return select_by_experts(probabilities, self.settings.slots)
        bias = None if self.selection_bias is None else self.selection_bias.bias()
        mass = self._mass()
        if mass is None:
            return select_top_k(probabilities, self.settings.slots, bias)
        return select_by_mass(probabilities, mass, self.settings.slots, bias)

    def _within_capacity(self, asked: Selection) -> Selection:
        """What is left after dropping, if there is a limit in this mode."""
        chosen = self.settings
        factor = chosen.capacity_factor if self.training else chosen.evaluation_capacity_factor
        return asked if factor is None else keep_within_capacity(asked, chosen.num_experts, factor)

    def _router_loss(self, logits: Tensor, probabilities: Tensor, load: Tensor) -> Tensor | None:
        """Weighted sum of the losses that are asked for."""
        chosen = self.settings
        losses = []
        if chosen.balance == "auxiliary" and chosen.auxiliary_weight > 0.0:
            losses.append(chosen.auxiliary_weight * auxiliary_balance_loss(probabilities, load))
        if chosen.z_loss_weight > 0.0:
            losses.append(chosen.z_loss_weight * router_z_loss(logits))
        if chosen.entropy_weight > 0.0:
            losses.append(chosen.entropy_weight * router_entropy(logits))
        return torch.stack(losses).sum() if losses else None

    @torch.no_grad()
    def _count(
        self, logits: Tensor, probabilities: Tensor, load: Tensor, kept: Selection, counts: list[int]
    ) -> None:
        """Add this pass to the statistics."""
        self._counts.add(
            tokens=probabilities.shape[0],
            load=load.tolist(),
            kept=counts,
            probability_sums=probabilities.sum(0).tolist(),
            entropy=float(router_entropy(logits)),
            without=int((~kept.chosen.any(-1)).sum()),
        )


@contextmanager
def uncounted(model: nn.Module) -> Iterator[None]:
    """Passes inside the ``with`` block leave the statistics of every mixture of a model as they were.

    Args:
        model: any torch model.

    Yields:
        Nothing.

    Example:
        >>> layer = MoELayer(4, 8, num_experts=2)
        >>> with uncounted(layer):
        ...     layer(torch.zeros(3, 4))[0].shape
        torch.Size([3, 4])
        >>> layer.statistics().tokens
        0
    """
    kept = [(part, part._counts) for part in model.modules() if isinstance(part, MoELayer)]
    for part, _ in kept:
        part.reset_statistics()
    try:
        yield
    finally:
        for part, counts in kept:
            part._counts = counts
