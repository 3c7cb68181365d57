"""The attention of one layer as numbers: what a report has a list of.

Shapes: H heads.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .attention_accumulator import HeadStatistics
from .attention_tiles import WeightInputs

__all__ = ["LayerAttention"]


@dataclass(frozen=True, eq=False)
class LayerAttention:
    """One layer, or one call of it.

    Attributes:
        name: of the layer in the model.
        metrics: name per head.
        across: whether it attends to another sequence.
        scale: lambda of each head as it stands, (H,).
        start_scale: lambda of each head at the start of training, (H,).
        p: exponent of each head, (H,); NaN for heads without one.
        gates: what each head's output is multiplied with, mean over the batch, (H,).
        statistics: of each head.
        similarity: linear CKA of the head outputs, (H, H); NaN for a head whose output is constant.
        map_inputs: of the first sequences, for maps.
    """

    name: str
    metrics: tuple[str, ...]
    across: bool
    scale: NDArray[np.float64]
    start_scale: NDArray[np.float64]
    p: NDArray[np.float64]
    gates: NDArray[np.float64]
    statistics: HeadStatistics
    similarity: NDArray[np.float64]
    map_inputs: WeightInputs | None = field(repr=False)

    @property
    def num_heads(self) -> int:
        """H."""
        return len(self.metrics)
