"""The experts of a mixture: E feed-forward networks in stacked tensors, run on the tokens each was given.

Shapes: N tokens, C hidden size, I intermediate size, E experts, K slots, M assignments of a token to an
    expert.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from .errors import ConfigurationError
from .moe_routing import Selection

__all__ = ["Activation", "Experts", "activation_named", "mix_experts"]

Activation = Callable[[Tensor], Tensor]


def _gelu_tanh(values: Tensor) -> Tensor:
    """GELU by its tanh approximation."""
    return functional.gelu(values, approximate="tanh")


_ACTIVATIONS: dict[str, Activation] = {
    "gelu": functional.gelu,
    "gelu_new": _gelu_tanh,
    "gelu_pytorch_tanh": _gelu_tanh,
    "gelu_tanh": _gelu_tanh,
    "relu": functional.relu,
    "silu": functional.silu,
    "tanh": torch.tanh,
}


def activation_named(activation: str | Activation) -> Activation:
    """An activation by its name, as in Hugging Face configurations.

    Args:
        activation: a name, or any function of a tensor, which is returned as it is.

    Returns:
        The function.

    Raises:
        ConfigurationError: an unknown name.

    Example:
        >>> activation_named("relu")(torch.tensor([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """
    if callable(activation):
        return activation
    if not isinstance(activation, str) or activation not in _ACTIVATIONS:
        raise ConfigurationError(
            f"there is no activation {activation!r}; choose one of {', '.join(_ACTIVATIONS)}, "
            "or give a function"
        )
    return _ACTIVATIONS[activation]


class Experts(nn.Module):
    """E networks y = W2 activation(W1 x + b1) + b2; weights from N(0, std^2), biases 0 at first.

    Args:
        num_experts: E.
        hidden_size: C.
        intermediate_size: I.
        activation: between the two products.
        bias: whether there are b1 and b2.
        dropout: probability of a zero behind the activation, in training.
        initializer_std: standard deviation of the first weights.

    Example:
        >>> experts = Experts(2, 8, 16, activation_named("gelu"))
        >>> experts(torch.zeros(5, 8), [3, 2]).shape
        torch.Size([5, 8])
    """

    def __init__(
        self,
        num_experts: int,
        hidden_size: int,
        intermediate_size: int,
        activation: Activation,
        *,
        bias: bool = True,
        dropout: float = 0.0,
        initializer_std: float = 0.02,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.dropout = dropout
        self.initializer_std = initializer_std
        self.input_weight = nn.Parameter(torch.empty(num_experts, intermediate_size, hidden_size))
        self.output_weight = nn.Parameter(torch.empty(num_experts, hidden_size, intermediate_size))
        self.input_bias = nn.Parameter(torch.empty(num_experts, intermediate_size)) if bias else None
        self.output_bias = nn.Parameter(torch.empty(num_experts, hidden_size)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights from torch's default generator and set the biases to 0."""
        for weight in (self.input_weight, self.output_weight):
            nn.init.normal_(weight, std=self.initializer_std)
        for bias in (self.input_bias, self.output_bias):
            if bias is not None:
                nn.init.zeros_(bias)

    def forward(self, tokens: Tensor, counts: list[int]) -> Tensor:
        """Run each expert on its own tokens.

        An expert without tokens runs on none, which gives its parameters zero gradients instead of no
        gradient: training on several processes needs a gradient for every parameter.

        Args:
            tokens: shape (M, C), sorted by expert.
            counts: tokens per expert, E numbers that sum to M.

        Returns:
            Shape (M, C), in the same order.
        """
        # Indexing a stack would allocate a gradient of the whole stack once per expert; unbind does not.
        first, second = self.input_weight.unbind(0), self.output_weight.unbind(0)
        first_bias = [None] * len(counts) if self.input_bias is None else self.input_bias.unbind(0)
        second_bias = [None] * len(counts) if self.output_bias is None else self.output_bias.unbind(0)
        outputs = []
        for e, part in enumerate(torch.split(tokens, counts)):
            inner = self.activation(functional.linear(part, first[e], first_bias[e]))
            inner = functional.dropout(inner, self.dropout, self.training)
            outputs.append(functional.linear(inner, second[e], second_bias[e]))
        return torch.cat(outputs)


def mix_experts(
    tokens: Tensor, selection: Selection, weights: Tensor, experts: Experts
) -> tuple[Tensor, list[int]]:
    """Sum of the chosen experts' outputs, each times its weight: output_n = sum_k w_nk expert_(n,k)(x_n).

    Assignments are sorted by expert once, so that every expert multiplies one contiguous slice. Equal to
    running all experts on all tokens up to the rounding of matrix products.

    Args:
        tokens: shape (N, C).
        selection: experts per token.
        weights: shape (N, K), float32 or float64.
        experts: the networks.

    Returns:
        Outputs (N, C), 0 for tokens without an expert, and the number of tokens per expert.

    Example:
        >>> from hybrid_opt.classical.moe_routing import select_top_k
        >>> chosen = select_top_k(torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]), 1)
        >>> networks = Experts(2, 8, 16, activation_named("gelu"))
        >>> mix_experts(torch.zeros(3, 8), chosen, chosen.weights(normalize=False), networks)[1]
        [2, 1]
    """
    num_experts, slots = experts.input_weight.shape[0], selection.experts.shape[1]
    # Slots that do not count get the number E, which sorts behind all experts.
    numbers = torch.where(selection.chosen, selection.experts, num_experts).reshape(-1)
    counts: list[int] = torch.bincount(numbers, minlength=num_experts + 1)[:num_experts].tolist()
    order = numbers.argsort(stable=True)[: sum(counts)]
    token = torch.div(order, slots, rounding_mode="floor")
    outputs = experts(tokens.index_select(0, token), counts)
    outputs = outputs * weights.reshape(-1).index_select(0, order).to(outputs.dtype).unsqueeze(-1)
    mixed = outputs.new_zeros(tokens.shape[0], outputs.shape[1]).index_add(0, token, outputs)
    return mixed, counts
