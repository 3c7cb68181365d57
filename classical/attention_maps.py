"""The attention map of one head on one sequence, recomputed from what a report kept.

Shapes: R chosen query rows, S key tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from .attention_tiles import attention_tiles
from .errors import ConfigurationError
from .layer_attention import LayerAttention

if TYPE_CHECKING:
    import pandas

__all__ = ["recomputed_map"]


def recomputed_map(
    layer: LayerAttention, head: int, rows: Any = None, sequence: int = 0
) -> tuple[pandas.DataFrame, NDArray[np.bool_]]:
    """Weights of one head, and which keys its queries can see.

    Args:
        layer: of a report.
        head: number of the head.
        rows: positions of the queries; all by default.
        sequence: which of the kept sequences.

    Returns:
        Weights with query positions as index and key positions as columns, and visibility, both (R, S).

    Raises:
        ConfigurationError: no such head, sequence or row, or no sequence was kept.
    """
    import pandas

    inputs = layer.map_inputs
    check_index("head", head, layer.num_heads)
    if inputs is None:
        raise ConfigurationError("the report kept no sequence for maps; make it with map_items=1 or more")
    check_index("sequence", sequence, len(inputs.query))
    queries, keys = inputs.query.shape[2], inputs.key.shape[2]
    chosen = list(range(queries)) if rows is None else np.atleast_1d(rows).tolist()
    for row in chosen:
        check_index("row", row, queries)
    if not chosen:
        raise ConfigurationError("rows is empty; give positions of queries, or None for all")
    one = inputs.sequences(sequence, sequence + 1)
    index = torch.tensor(chosen, dtype=torch.long, device=one.query.device)
    weights, visible = [], []
    with torch.no_grad():
        for tile in attention_tiles(one, index):
            weights.append(tile.weights[0, head].cpu())
            visible.append(tile.visible[0].expand(layer.num_heads, -1, -1)[head].cpu())
    table = pandas.DataFrame(
        torch.cat(weights).double().numpy(),
        index=pandas.Index(chosen, name="query"),
        columns=pandas.RangeIndex(keys, name="key"),
    )
    return table, torch.cat(visible).numpy()


def check_index(name: str, value: Any, size: int) -> None:
    """Refuse an index that is no whole number from 0 to size - 1."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < size:
        raise ConfigurationError(f"{name} must be a whole number from 0 to {size - 1}; {value!r} was given")
