"""The normalized entropy of each attention layer, taken from the passes of a training step as they happen.

No pass is run for it: queries and keys of a few sequences are projected once more in each layer, and the
weights of a few query rows recomputed. Padding, and heads whose gate is 0, are left out.

Shapes: B batch, H heads, T query tokens, S key tokens, R query rows.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import torch
from torch import Tensor, nn

from .attention_capture import AttentionCall, attention_layers, hear_attention
from .attention_statistics import normalized_entropy
from .attention_tiles import attention_tiles
from .performance_callback import summed_over_processes
from .recomputation import is_recomputation

__all__ = ["EntropyMeasurement"]


class EntropyMeasurement:
    """Listens to a model between ``begin`` and ``end``.

    Args:
        model: any torch model with `DistanceAttention`.
        rows: R, query rows of each sequence, evenly spread.
        sequences: sequences of each batch, the first ones.

    Raises:
        ConfigurationError: the model has no distance attention.

    Example:
        >>> from .attention_layer import DistanceAttention
        >>> layer = DistanceAttention(8, 2)
        >>> measurement = EntropyMeasurement(layer, rows=4, sequences=1)
        >>> measurement.begin()
        >>> _ = layer(torch.zeros(1, 6, 8))
        >>> {name: round(entropy, 6) for name, entropy in measurement.end().items()}
        {'': 1.0}
    """

    def __init__(self, model: nn.Module, *, rows: int, sequences: int) -> None:
        self.model = model
        self.rows = rows
        self.sequences = sequences
        self.names = {id(layer): name for name, layer in attention_layers(model).items()}
        self._sums: dict[str, Tensor] = {}
        self._hearing: ExitStack | None = None

    def begin(self) -> None:
        """Listen from now on; a measurement that was not ended is dropped."""
        self.cancel()
        self._sums = {}
        self._hearing = ExitStack()
        self._hearing.enter_context(hear_attention(self.model, self._take))

    def end(self) -> dict[str, float]:
        """Stop listening.

        Returns:
            Name of the layer -> mean over sequences, rows and heads, over all processes; without layers of
            which no row said anything.
        """
        self.cancel()
        found = {}
        for name in self.names.values():
            empty = torch.zeros(2, dtype=torch.float64, device=next(self.model.parameters()).device)
            total, count = summed_over_processes(self._sums.get(name, empty)).tolist()
            if count:
                found[name] = total / count
        self._sums = {}
        return found

    def cancel(self) -> None:
        """Stop listening without a result."""
        if self._hearing is not None:
            self._hearing.close()
        self._hearing = None

    @torch.no_grad()
    def _take(self, call: AttentionCall) -> None:
        """Add one call: sum and number of the entropies, (2,)."""
        if is_recomputation():
            return
        inputs = call.inputs.sequences(0, self.sequences)
        inputs = replace(inputs, query=inputs.query.float(), key=inputs.key.float())
        queries = inputs.query.shape[2]
        picked = torch.linspace(0, queries - 1, min(self.rows, queries), device=inputs.query.device)
        real = call.real[: self.sequences]
        open_heads = (call.gates != 0)[None, :, None]
        # Autocast would turn some of the steps back into half precision.
        with torch.autocast(inputs.query.device.type, enabled=False):
            tiles = list(attention_tiles(inputs, picked.round().long()))
        for tile in tiles:
            counts = tile.visible.expand(tile.weights.shape).sum(-1)
            entropy = normalized_entropy(tile.weights, counts)
            said = ~entropy.isnan() & real[:, None, tile.rows] & open_heads
            pair = torch.stack([entropy.masked_fill(~said, 0.0).sum().double(), said.sum().double()])
            name = self.names[id(call.layer)]
            self._sums[name] = self._sums[name] + pair if name in self._sums else pair
