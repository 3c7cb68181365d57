"""What a trained model looks like: parameters, bytes, and its attention by layer.

Shapes: H heads of a layer.
"""

from __future__ import annotations

from typing import Any

from ..classical.attention_analysis import attention_report
from ..classical.task_data import TaskData
from .recipe_training import attention_batch

__all__ = ["model_facts"]

_ROWS = 64  # query rows that are looked at
_COLUMNS = ("layer", "metric", "entropy", "sparsity", "range", "uniform_range", "sink", "mean_distance")


def model_facts(model: Any, data: TaskData) -> dict[str, Any]:
    """Size and attention of a model.

    Args:
        model: a trained distance-attention model.
        data: its first validation examples are looked at.

    Returns:
        ``parameters`` by part of the model, ``bytes`` of the weights, ``layers`` (one mapping per layer:
        metric, lambda, entropy, sparsity, range, share on the first token, mean distance), ``positions`` (the
        most attended ones of each layer), ``sequences``; JSON values.
    """
    report = attention_report(model, attention_batch(model, data), max_rows=_ROWS)
    heads = report.table()
    layers = []
    for row in report.table("layer").to_dict("records"):
        own = heads[heads["layer"] == row["layer"]]
        plain = {name: row[name] if name == "metric" else float(row[name]) for name in _COLUMNS}
        layers.append({**plain, "layer": int(row["layer"]), "lambda": float(own["lambda"].mean())})
    found = report.most_attended(3)
    positions: dict[str, list[int]] = {}
    for row in found.to_dict("records"):
        place = positions.setdefault(str(row["layer"]), [])
        if int(row["position"]) not in place:
            place.append(int(row["position"]))
    return {
        "parameters": _by_part(model),
        "bytes": sum(part.numel() * part.element_size() for part in model.parameters()),
        "layers": layers,
        "positions": {layer: places[:5] for layer, places in positions.items()},
        "sequences": report.sequences,
    }


def _by_part(model: Any) -> dict[str, int]:
    """Parameters of embeddings, attention, feed-forward parts and the rest; tied weights count once."""
    sizes = dict.fromkeys(("embeddings", "attention", "feed-forward", "other"), 0)
    for name, part in model.named_parameters():
        if "embed" in name or "position" in name:
            kind = "embeddings"
        elif ".attention." in f".{name}":
            kind = "attention"
        else:
            kind = "feed-forward" if "feed_forward" in name else "other"
        sizes[kind] += part.numel()
    return sizes
