"""From token ids, or continuous values, to the vectors a stack of blocks starts with.

Shapes: B batch, T tokens, C hidden size, W value width.
"""

from __future__ import annotations

from torch import Tensor, nn

from .configuration import DistanceTransformerConfig
from .errors import ConfigurationError
from .input_checks import check_length, check_token_ids, check_width, one_input

__all__ = ["InputEmbeddings"]


class InputEmbeddings(nn.Module):
    """Embeddings of tokens, or a linear map of continuous values, plus learned positions where configured.

    Args:
        config: the configuration.
        with_tokens: whether there is a table of tokens; the decoder of an encoder-decoder uses the encoder's.

    Example:
        >>> import torch
        >>> embeddings = InputEmbeddings(DistanceTransformerConfig(vocab_size=9, hidden_size=8))
        >>> tuple(embeddings(torch.arange(3)[None], input_ids=torch.tensor([[1, 2, 8]])).shape)
        (1, 3, 8)
    """

    def __init__(self, config: DistanceTransformerConfig, *, with_tokens: bool = True) -> None:
        super().__init__()
        self.hidden_size, self.value_width = config.hidden_size, config.value_width
        if config.value_width is not None:
            self.values = nn.Linear(config.value_width, config.hidden_size)
        elif with_tokens:
            self.tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.positions: nn.Embedding | None = None
        if config.position == "learned":
            self.positions = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.dropout = nn.Dropout(config.hidden_dropout)

    def forward(
        self,
        positions: Tensor,
        *,
        input_ids: Tensor | None = None,
        input_values: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        length: int | None = None,
    ) -> Tensor:
        """Embed.

        Args:
            positions: (B, T) or (1, T).
            input_ids: (B, T).
            input_values: (B, T, W).
            inputs_embeds: (B, T, C), embeddings computed elsewhere, without positions.
            length: highest position plus 1, if the caller knows it.

        Returns:
            (B, T, C).

        Raises:
            ConfigurationError: an input that does not fit the configuration.
        """
        given = one_input(input_ids, input_values, inputs_embeds)
        if given is inputs_embeds:
            check_width("inputs_embeds", given, self.hidden_size)
            hidden = given
        else:
            hidden = self._embed_values(given) if given is input_values else self._embed_ids(given)
        if self.positions is not None:
            check_length(
                int(positions.max()) + 1 if length is None else length, self.positions.num_embeddings
            )
            hidden = hidden + self.positions(positions)
        embedded: Tensor = self.dropout(hidden)
        return embedded

    def _embed_ids(self, token_ids: Tensor) -> Tensor:
        """The entries of the table."""
        if self.value_width is not None:
            raise ConfigurationError(
                f"the model takes input_values (batch, tokens, {self.value_width}), because of value_width; "
                "input_ids were given"
            )
        check_token_ids(token_ids, self.tokens.num_embeddings)
        return self.tokens(token_ids)  # type: ignore[no-any-return]

    def _embed_values(self, values: Tensor) -> Tensor:
        """The linear map, in the precision of its weights."""
        if self.value_width is None:
            raise ConfigurationError(
                "the model takes input_ids; for input_values build it with value_width in the configuration"
            )
        check_width("input_values", values, self.value_width)
        return self.values(values.to(self.values.weight.dtype))  # type: ignore[no-any-return]
