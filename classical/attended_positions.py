"""The positions that heads look at most, ranked over the queries that can see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import ConfigurationError
from .layer_attention import LayerAttention

if TYPE_CHECKING:
    import pandas

__all__ = ["rank_positions"]

_COLUMNS = ("layer", "name", "head", "rank", "position", "token", "weight", "times_uniform", "queries")
_ORDERS = {"weight": "received", "times_uniform": "relative"}


def rank_positions(
    layers: Sequence[LayerAttention],
    count: int = 5,
    by: str = "weight",
    first_token: bool = False,
    least_queries: int | None = None,
    tokens: Sequence[str] | None = None,
) -> pandas.DataFrame:
    """A table of the most attended positions; the arguments are those of ``AttentionReport.most_attended``.

    Args:
        layers: of a report.
        count: positions per head.
        by: "weight" or "times_uniform".
        first_token: whether position 0 takes part.
        least_queries: query rows that must see a position; None for a tenth of the most.
        tokens: text of the positions, or None.

    Returns:
        One row per layer, head and rank.

    Raises:
        ConfigurationError: ``count`` or ``least_queries`` below 1, ``by`` is something else.
    """
    import pandas

    if by not in _ORDERS:
        raise ConfigurationError(f'by is {by!r}; it must be "weight" or "times_uniform"')
    for name, value in (("count", count), ("least_queries", least_queries)):
        optional = name == "least_queries" and value is None
        if not optional and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise ConfigurationError(f"{name} must be a whole number from 1; {value!r} was given")
    rows: list[tuple[Any, ...]] = []
    for number, layer in enumerate(layers):
        found = layer.statistics
        for head in range(layer.num_heads):
            queries = found.queries[head]
            least = queries.max() / 10 if least_queries is None else least_queries
            values = getattr(found, _ORDERS[by])[head]
            allowed = queries >= max(1, least)
            allowed[0] &= first_token
            # Stable, so that equal weights come in the order of the text.
            order = [place for place in np.argsort(-values, kind="stable") if allowed[place]]
            for rank, position in enumerate(order[:count]):
                token = tokens[position] if tokens is not None and not layer.across else ""
                weights = (float(found.received[head, position]), float(found.relative[head, position]))
                place = (number, layer.name, head, rank + 1, int(position), token)
                rows.append((*place, *weights, int(queries[position])))
    table = pandas.DataFrame(rows, columns=list(_COLUMNS))
    return table if tokens is not None else table.drop(columns="token")
