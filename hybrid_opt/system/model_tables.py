"""Parameters, memory and attention patterns of the model, as given and in the end, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..reports import Table
from .step_results import mean_of
from .table_figures import figure, to_the_right

if TYPE_CHECKING:
    from .report import HybridReport

__all__ = ["attention_table", "parameter_table"]

_MEBI = 2**20


def parameter_table(report: HybridReport) -> Table:
    """Parameters by part, weights and training memory.

    Args:
        report: the answer.

    Returns:
        One row per figure; no row before the end of a run.
    """
    known = {name: facts for name, facts in report.facts.items() if facts}
    if len(known) < 2:
        return Table(["Part"], [])
    first, last = known["as given"], known["in the end"]
    rows = [
        [f"parameters, {part}", f"{count:,}", f"{last['parameters'][part]:,}"]
        for part, count in first["parameters"].items()
    ]
    totals = [sum(facts["parameters"].values()) for facts in (first, last)]
    rows.append(["parameters", *(f"{total:,}" for total in totals)])
    rows.append(["weights, MiB", *(f"{facts['bytes'] / _MEBI:.3f}" for facts in (first, last))])
    names = ("as given", list(report.records)[-1])
    memory = [mean_of(report.records[name], "memory") for name in names]
    rows.append(
        ["training step, MiB", *(figure(None if one is None else one / _MEBI, 3) for one in memory)]
    )
    return Table(
        ["Figure", "As given", "In the end"],
        rows,
        title="Parameters and memory",
        align=["left", "right", "right"],
        note="Counted: weights, gradients, both moments of Adam and what the backward pass needs.",
    )


def attention_table(report: HybridReport) -> Table:
    """Attention by layer, as given and in the end.

    Args:
        report: the answer.

    Returns:
        One row per layer; no row before the end of a run.
    """
    rows = []
    for name, facts in report.facts.items():
        for layer in facts.get("layers", ()):
            positions = ", ".join(map(str, facts["positions"].get(str(layer["layer"]), [])))
            rows.append(
                [name, str(layer["layer"]), layer["metric"], f"{layer['lambda']:.3g}",
                 f"{layer['entropy']:.3f}", f"{layer['sparsity']:.3f}",
                 f"{layer['range']:.2f} ({layer['uniform_range']:.2f})", f"{layer['sink']:.3f}", positions]
            )  # fmt: skip
    return Table(
        ["Model", "Layer", "Metric", "Lambda", "Entropy", "Sparsity", "Range (if even)", "First token",
         "Looked at most"],
        rows,
        title="Attention by layer",
        align=["left", "right", "left", *to_the_right(5), "left"],
        note="Means over heads on validation examples, from the training of the first seed. Entropy: 1 for "
        "even weights. Range: mean distance in tokens, beside that of even weights.",
    )  # fmt: skip
