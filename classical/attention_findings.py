"""What an attention report holds: numbers of every layer and head, as tables, pictures, a page and JSON.

Shapes: L layers, H heads, S key tokens, R chosen query rows.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .attended_positions import rank_positions
from .attention_maps import recomputed_map
from .errors import ConfigurationError
from .layer_attention import LayerAttention

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

__all__ = ["AttentionReport"]

_STATISTICS = (
    "entropy", "sparsity", "keys_95", "range", "uniform_range", "sink",
    "mean_distance", "std_distance", "min_distance", "max_distance",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class AttentionReport:
    """Attention of a model on a batch, as `attention_report` finds it.

    Attributes:
        model: name of the model's class.
        layers: in the order in which they ran.
        sequences: number of sequences in the batch.
        head_width: D of the widest heads.
        tokens: text of the tokens of the first sequence, or None.
    """

    model: str
    layers: tuple[LayerAttention, ...]
    sequences: int
    head_width: int
    tokens: tuple[str, ...] | None = None

    def layer(self, layer: int | str) -> LayerAttention:
        """One layer.

        Args:
            layer: its number, from 0, or its name.

        Returns:
            The layer.

        Raises:
            ConfigurationError: there is no such layer.
        """
        names = [each.name for each in self.layers]
        if isinstance(layer, str) and layer in names:
            return self.layers[names.index(layer)]
        whole = isinstance(layer, int) and not isinstance(layer, bool)
        if whole and 0 <= int(layer) < len(self.layers):
            return self.layers[int(layer)]
        raise ConfigurationError(
            f"there is no layer {layer!r}; give a number from 0 to {len(self.layers) - 1} or one of "
            f"{', '.join(names[:6])}{', …' if len(names) > 6 else ''}"
        )

    def table(self, per: str = "head") -> pandas.DataFrame:
        """All numbers.

        Args:
            per: "head", or "layer" for means over heads (least and largest distance: over all heads).

        Returns:
            Per head: layer, name, head, metric, p, lambda, lambda_start, gate, entropy (0 to 1), sparsity (0
            to 1), keys_95 (share of visible keys), range and uniform_range (tokens), sink (weight on the
            first token), mean_distance, std_distance, min_distance, max_distance (in units of the metric),
            rows (query rows in the means). Per layer the same without head, p and lambda.

        Raises:
            ConfigurationError: ``per`` is something else.
        """
        import pandas

        if per not in ("head", "layer"):
            raise ConfigurationError(f'per is {per!r}; it must be "head" or "layer"')
        rows = []
        for number, layer in enumerate(self.layers):
            for head, metric in enumerate(layer.metrics):
                row: dict[str, Any] = {"layer": number, "name": layer.name, "head": head, "metric": metric}
                row |= {"p": layer.p[head], "lambda": layer.scale[head]}
                row |= {"lambda_start": layer.start_scale[head], "gate": layer.gates[head]}
                row |= {name: float(getattr(layer.statistics, name)[head]) for name in _STATISTICS}
                rows.append({**row, "rows": layer.statistics.rows})
        table = pandas.DataFrame(rows)
        if per == "head":
            return table
        how: dict[str, Any] = dict.fromkeys(("gate", *_STATISTICS), "mean")
        how |= {"min_distance": "min", "max_distance": "max", "rows": "first"}
        how = {"metric": lambda names: ", ".join(dict.fromkeys(names)), **how}
        return table.groupby(["layer", "name"], sort=False, as_index=False).agg(how)

    def most_attended(
        self,
        count: int = 5,
        *,
        by: str = "weight",
        first_token: bool = False,
        least_queries: int | None = None,
    ) -> pandas.DataFrame:
        """The positions that each head looks at most, over the queries that can see them.

        Args:
            count: positions per head.
            by: "weight", the mean weight, or "times_uniform", the mean of weight times number of visible
                keys: under a causal order early queries have few keys to choose from, and give each of them
                much.
            first_token: whether position 0 takes part; its weight is the column ``sink`` of the table.
            least_queries: a position that fewer query rows see is left out, since a mean over few rows says
                little; by default a tenth of those that see the position seen most.

        Returns:
            layer, name, head, rank, position, token (where the report knows the tokens of its only sequence),
            weight, times_uniform, queries.

        Raises:
            ConfigurationError: ``count`` or ``least_queries`` below 1, ``by`` is something else.
        """
        names_known = self.tokens if self.sequences == 1 else None
        return rank_positions(self.layers, count, by, first_token, least_queries, names_known)

    def similarity(self, layer: int | str) -> pandas.DataFrame:
        """How alike the outputs of a layer's heads are.

        Args:
            layer: number or name.

        Returns:
            Linear CKA, heads by heads, from 0 to 1; see `head_similarity`. NaN for a head of constant output.

        Raises:
            ConfigurationError: there is no such layer.
        """
        import pandas

        found = self.layer(layer)
        heads = pandas.RangeIndex(found.num_heads, name="head")
        return pandas.DataFrame(found.similarity, index=heads, columns=heads)

    def map(self, layer: int | str, head: int, *, rows: Any = None, sequence: int = 0) -> pandas.DataFrame:
        """Attention weights of one head on one sequence, recomputed.

        Args:
            layer: number or name.
            head: number of the head.
            rows: positions of the queries; all by default.
            sequence: which sequence of the batch, below ``map_items`` of the report.

        Returns:
            Query positions by key positions, (R, S).

        Raises:
            ConfigurationError: no such layer, head, sequence or row.
        """
        return recomputed_map(self.layer(layer), head, rows, sequence)[0]

    def plot(self) -> Figure:
        """Draw entropy, sparsity, range and first-token weight of all heads, and their similarity by layer.

        Returns:
            A matplotlib figure that belongs to no window; save it with ``savefig``.
        """
        from .attention_charts import draw_report

        return draw_report(self)

    def plot_map(self, layer: int | str, head: int, *, rows: Any = None, sequence: int = 0) -> Figure:
        """Draw the attention weights of one head on one sequence.

        Args:
            layer: as in ``map``.
            head: as in ``map``.
            rows: as in ``map``.
            sequence: as in ``map``.

        Returns:
            A matplotlib figure that belongs to no window; save it with ``savefig``.

        Raises:
            ConfigurationError: as in ``map``.
        """
        from .attention_charts import draw_map

        found = self.layer(layer)
        weights, visible = recomputed_map(found, head, rows, sequence)
        tokens = self.tokens if sequence == 0 else None
        title = f"layer {self.layers.index(found)}, head {head}: {found.metrics[head]}"
        return draw_map(weights, title, visible=visible, across=found.across, tokens=tokens)

    def to_html(self, path: str | Path, *, title: str = "Attention report") -> Path:
        """Write everything as one page that needs no network.

        Args:
            path: of the page; a file that is there is replaced.
            title: heading of the page.

        Returns:
            The path.

        Raises:
            ConfigurationError: the folder is not there.
        """
        from .attention_page import write_page

        return write_page(self, Path(path), title)

    def to_dict(self) -> dict[str, Any]:
        """Everything but maps as plain numbers; what is not defined is None.

        Returns:
            model, sequences and layers; of each layer name, across, rows, one list per statistic with an
            entry per head, similarity, and the five positions that each head attends most.
        """
        attended = self.most_attended()
        layers = []
        for number, layer in enumerate(self.layers):
            statistics = {name: _plain(getattr(layer.statistics, name)) for name in _STATISTICS}
            mine = attended[attended["layer"] == number]
            layers.append(
                {
                    "name": layer.name,
                    "across": layer.across,
                    "metric": list(layer.metrics),
                    "p": _plain(layer.p),
                    "lambda": _plain(layer.scale),
                    "lambda_start": _plain(layer.start_scale),
                    "gate": _plain(layer.gates),
                    **statistics,
                    "rows": layer.statistics.rows,
                    "similarity": _plain(layer.similarity),
                    "most_attended": mine.drop(columns=["layer", "name"]).to_dict("records"),
                }
            )
        return {"model": self.model, "sequences": self.sequences, "layers": layers}

    def to_json(self, path: str | Path | None = None) -> str:
        """The same as JSON.

        Args:
            path: where to write it as well, or None.

        Returns:
            The text.

        Raises:
            ConfigurationError: the folder of the path is not there.
        """
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        if path is not None:
            from .attention_page import write_whole

            write_whole(Path(path), text)
        return text


def _plain(values: Any) -> Any:
    """Nested lists of numbers, None for what is not finite."""
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, list):
        return [_plain(value) for value in values]
    return value if math.isfinite(value := float(values)) else None
