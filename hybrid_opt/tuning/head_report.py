"""The page of a selection of heads: losses, the mask over importance, proof, every method, every head."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import OptionError
from ..reports import Card, Drawing, Note, Page, Section, Table, write_page
from .head_picture import mask_svg
from .head_tables import head_table, held_out_table, layer_table, proof_words, solver_sentences, solver_table

if TYPE_CHECKING:
    from .head_choice import HeadSelection

__all__ = ["write_head_report"]


def write_head_report(
    selection: HeadSelection,
    path: str | os.PathLike[str],
    *,
    held_out: Mapping[str, float] | None = None,
) -> Path:
    """Write the page, see ``HeadSelection.report``.

    Args:
        selection: what to show.
        path: where.
        held_out: figures on data that played no part in the choice, name -> number.

    Returns:
        The path.

    Raises:
        OptionError: the file cannot be written there, or ``held_out`` holds something else than numbers.
    """
    page = Page(
        "Attention heads",
        subtitle=f"{int(selection.mask.sum())} of {len(selection.mask)} heads stay, {_asked(selection)}",
        cards=_cards(selection),
        sections=[_choice(selection, _checked(held_out)), _proof(selection), _heads(selection)],
        footer=f"Computed by hybrid_opt, seed {selection.seed}; {selection.evaluations} losses measured.",
    )
    return write_page(page, path)


def _asked(selection: HeadSelection) -> str:
    """What the choice had to keep to."""
    question = selection.question
    if question.keep is None:
        return f"within a budget of {question.budget:,.10g}"
    if isinstance(question.keep, int):
        return f"{question.keep} asked for"
    return f"asked for by layer: {', '.join(map(str, question.keep))}"


def _cards(selection: HeadSelection) -> list[Card]:
    solution = selection.solution
    rise = selection.loss_after - selection.loss_before
    gap = "no bound" if solution.gap is None else f"{100 * max(0.0, solution.gap):.2f} %"
    by = f"bound by {solution.bound_source}" if solution.bound is not None else "nothing was proven"
    return [
        Card("Heads kept", f"{int(selection.mask.sum())} of {len(selection.mask)}", _shares(selection)),
        Card(
            "Calibration loss",
            f"{selection.loss_before:.3f} → {selection.loss_after:.3f}",
            f"{rise:+.4f} nats per item",
        ),
        Card("Gap of the quadratic model", gap, by),
        Card("Status", solution.status.replace("_", " "), f"by {solution.method}"),
    ]


def _shares(selection: HeadSelection) -> str:
    return "by layer " + ", ".join(str(len(kept)) for kept in selection.kept)


def _choice(selection: HeadSelection, held_out: Mapping[str, float]) -> Section:
    caption = (
        "Every head of every layer: filled ones stay. The number is the mean absolute gradient of the loss "
        "with respect to the head's gate, the largest being 1."
    )
    picture = Drawing(mask_svg(selection), caption)
    parts: list[str | Table | Drawing | Note] = [picture, layer_table(selection)]
    if held_out:
        parts.append(held_out_table(held_out))
    else:
        parts.append(
            "The losses above are those of the calibration data, on which the heads were chosen; no held-out "
            "figure was given."
        )
    return Section("The choice", parts)


def _proof(selection: HeadSelection) -> Section:
    text = (
        f"The loss was modeled as quadratic in the gates of the heads: {proof_words(selection)}. A proof is "
        f"one about this model. It predicted the loss {selection.predicted_loss:.4f} for the answer; "
        f"{selection.answer_loss:.4f} was measured."
    )
    parts: list[str | Table | Drawing | Note] = [text, solver_table(selection)]
    parts += [Note(words) for words in solver_sentences(selection)]
    if selection.solution.quantum is not None:
        parts.append("Quantum rows are simulated here. No quantum advantage is claimed.")
    return Section("Methods and proof", parts)


def _heads(selection: HeadSelection) -> Section:
    return Section("All heads", [head_table(selection)])


def _checked(held_out: Mapping[str, float] | None) -> Mapping[str, float]:
    if held_out is None:
        return {}
    if not isinstance(held_out, Mapping):
        raise OptionError(
            f"held_out is {held_out!r}; it must map names to numbers, such as {{'test loss': 0.31}}"
        )
    for name, value in held_out.items():
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not number or not np.isfinite(value):
            raise OptionError(f"held_out[{name!r}] is {value!r}; it must be a finite number")
    return held_out
