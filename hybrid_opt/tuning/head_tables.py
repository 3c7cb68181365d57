"""A selection of heads as tables, the same on a terminal and on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..reports import Table
from ..solvers.solution import Baseline
from ..solvers.summary import HEADLINES
from .quantum_rows import is_quantum, quantum_label, quantum_verdict

if TYPE_CHECKING:
    from .head_choice import HeadSelection

__all__ = [
    "head_table",
    "held_out_table",
    "layer_table",
    "proof_words",
    "solver_sentences",
    "solver_table",
]


def layer_table(selection: HeadSelection) -> Table:
    """Which heads stay, by layer.

    Args:
        selection: the selection.

    Returns:
        One row per layer and the total.
    """
    rows: list[list[object]] = []
    for layer, (heads, kept) in enumerate(zip(selection.layers, selection.kept, strict=True)):
        gone = [head for head in range(heads) if head not in kept]
        rows.append([str(layer), heads, len(kept), _numbers(kept), _numbers(gone)])
    rows.append(["all", len(selection.mask), int(selection.mask.sum()), "", ""])
    align: list[Literal["left", "right"]] = ["left", "right", "right", "left", "left"]
    return Table(
        ["layer", "heads", "kept", "these stay", "these go"],
        rows,
        title=f"Heads by layer: {int(selection.mask.sum())} of {len(selection.mask)} stay",
        align=align,
        strong=[-1],
        note=f"chosen: {selection.source}",
    )


def head_table(selection: HeadSelection) -> Table:
    """Every head with what was measured of it.

    Args:
        selection: the selection.

    Returns:
        One row per head: layer, head, whether it stays, gradient, Fisher diagonal, mean absolute gradient.
    """
    rows = [
        [
            f"{row['layer']}", f"{row['head']}", "stays" if row["kept"] else "goes",
            f"{row['gradient']:+.3g}", f"{row['fisher']:.3g}", f"{row['magnitude']:.3g}",
        ]
        for row in selection.table().to_dict("records")
    ]  # fmt: skip
    align: list[Literal["left", "right"]] = ["left", "left", "left", "right", "right", "right"]
    return Table(
        ["layer", "head", "", "gradient", "Fisher diagonal", "mean |gradient|"],
        rows,
        title="Heads, measured with all of them in place",
        align=align,
        note="of the loss with respect to a head's gate, in nats: gradient of the mean, mean square and mean "
        "absolute value over examples",
    )


def proof_words(selection: HeadSelection) -> str:
    """Status, bound and gap of the quadratic model in one line.

    Args:
        selection: the selection.

    Returns:
        For example "proven optimal, bound 0.2393 nats by exact, gap 0.00 %".
    """
    solution, unit = selection.solution, selection.question.unit
    words = HEADLINES[solution.status]
    if solution.bound is not None:
        gap = "" if solution.gap is None else f", gap {_percent(solution.gap)}"
        words += f", bound {solution.bound * unit:+.4f} nats by {solution.bound_source}{gap}"
    return words


def solver_table(selection: HeadSelection) -> Table:
    """The method and what stands beside it, quantum rows with their label.

    Args:
        selection: the selection.

    Returns:
        One row per method; objectives in nats: the rise of the calibration loss that is predicted.
    """
    solution, unit = selection.solution, selection.question.unit
    rows = [_solver_row(row, unit) for row in solution.rows]
    align: list[Literal["left", "right"]] = ["left", "left", *(["right"] * 6)]  # type: ignore[list-item]
    return Table(
        ["method", "status", "objective", "gap", "samples", "P(optimum)", "feasible", "seconds"],
        rows,
        title=f"Quadratic model of the loss: {proof_words(selection)}",
        align=align,
        note="objective: predicted rise of the calibration loss in nats"
        + ("; with the redundancy term" if selection.question.redundancy else ""),
        strong=[i for i, row in enumerate(solution.rows) if is_quantum(row.method)],
    )


def solver_sentences(selection: HeadSelection) -> list[str]:
    """What stands below the table of methods: what a quantum row ran, what it brought, what was left out.

    Args:
        selection: the selection.

    Returns:
        Sentences.
    """
    solution = selection.solution
    words = [] if solution.quantum is None else [f"Quantum row: {quantum_label(solution.quantum)}."]
    words += [quantum_verdict(solution)] if solution.quantum is not None else []
    if (selection.mask != selection.answer).any():
        words.append(
            f"The answer of {solution.method} has the measured loss {selection.answer_loss:.4f} (predicted "
            f"{selection.predicted_loss:.4f}). A mask that was measured on the way has "
            f"{selection.loss_after:.4f}, and is the one that was kept."
        )
    words += [f"{note}." for note in (*selection.notes, *solution.notes)]
    words += [f"{row.method}: {row.note}." for row in solution.baselines if row.note]
    return [sentence[:1].upper() + sentence[1:] for sentence in words]


def held_out_table(held_out: Mapping[str, float]) -> Table:
    """Figures on data that played no part in the choice.

    Args:
        held_out: name -> figure.

    Returns:
        One row per figure.
    """
    rows = [[name, f"{float(value):.4f}"] for name, value in held_out.items()]
    return Table(["figure", "value"], rows, title="Held-out data", align=["left", "right"])


def _solver_row(row: Baseline, unit: float) -> list[str]:
    objective = "none" if row.objective is None or not row.feasible else f"{row.objective * unit:+.4f}"
    return [
        row.method,
        row.status.replace("_", " "),
        objective,
        "n/a" if row.gap is None else _percent(row.gap),
        "n/a" if row.samples is None else f"{row.samples:,}",
        "n/a" if row.optimum_share is None else f"{row.optimum_share:.4f}",
        "n/a" if row.feasible_share is None else f"{row.feasible_share:.4f}",
        f"{row.seconds:.3f}",
    ]


def _percent(share: float) -> str:
    """A gap; what lies below a thousandth of a percent is rounding."""
    return f"{100 * (0.0 if abs(share) < 1e-5 else share):.2f} %"


def _numbers(heads: list[int]) -> str:
    return ", ".join(map(str, np.asarray(heads).tolist())) or "none"
