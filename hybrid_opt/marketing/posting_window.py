"""A placement of posts small enough for a simulator: some posts, each with a few slots.

Shapes: N options of all posts together, T slots.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelTooLargeError
from ..planning.choice_form import ChoiceForm
from ..planning.choice_windows import ChoiceWindow, Encoding, coarsen_choices
from ..planning.lines import LevelQuestion, Line
from ..qubo import Qubo, to_qubo

__all__ = ["coarsen_posts"]

FEWEST = 3  # slots per post: fewer leave hardly anything to exchange


def coarsen_posts(
    question: LevelQuestion,
    anchor: NDArray[np.integer[Any]],
    max_bits: int,
    *,
    encoding: Encoding = "one-hot",
) -> tuple[ChoiceWindow, Qubo]:
    """The whole question where its bits fit, else the most valuable posts with their best slots.

    A post keeps its slot of the anchor, so that the anchor remains a plan, and the slots with most
    engagement.

    Args:
        question: one option per post.
        anchor: a feasible plan, level of each option, shape (N,); never the optimum.
        max_bits: most bits, slack bits included.
        encoding: of the posts; "auto" saves at least a bit per post, but is no one-hot group for a mixer.

    Returns:
        The window and its QUBO.

    Raises:
        PlanError: every post has one slot only.
        ModelTooLargeError: not even two posts with two slots fit.
    """
    form = ChoiceForm.of(question)
    sizes = [len(own) for own in form.options if len(own) > 1]
    if sum(sizes) <= max_bits or not sizes:
        try:
            return coarsen_choices(question, anchor, max_bits, encoding=encoding)
        except ModelTooLargeError:
            if not sizes:
                raise
    taken = question.spends(np.asarray(anchor, dtype=np.int64)) == 1
    order = sorted(range(len(form.groups)), key=lambda g: -float(form.values[g].max()))
    order = [g for g in order if len(form.options[g]) > 1]
    for posts in range(min(len(order), max(2, max_bits // FEWEST)), 1, -1):
        slots = min(max_bits // posts + (encoding == "auto"), max(sizes))
        while slots >= 2:
            small = _window(question, form, order[:posts], taken, slots)
            qubo = to_qubo(small.model(), encoding=encoding)
            if qubo.n_bits <= max_bits:
                return small, qubo
            slots -= 1
            if slots < FEWEST and posts > 2:
                break
    raise ModelTooLargeError(f"two posts with two slots need more than {max_bits} qubits; allow more")


def _window(
    question: LevelQuestion, form: ChoiceForm, free: list[int], taken: NDArray[np.bool_], slots: int
) -> ChoiceWindow:
    """Free posts with their slot of the anchor and the best others; all other posts are held."""
    open_lines = np.array(taken)
    for g in free:
        own, values = form.options[g], form.values[g]
        ranked = own[np.lexsort((-values, ~taken[own]))]
        open_lines[ranked[:slots]] = True
    held = [g for g in range(len(form.groups)) if g not in free]
    fixed = {int(i) for g in held for i in form.options[g] if taken[i]}
    kept = []
    for i, line in enumerate(question.lines):
        levels = np.arange(len(line.spends))
        if len(levels) > 1 and (i in fixed or not open_lines[i]):
            levels = levels[-1:] if i in fixed else levels[:1]
        kept.append(levels)
    lines = [
        Line(line.label, line.spends[own], line.values[own], line.group)
        for line, own in zip(question.lines, kept)
    ]
    return ChoiceWindow(replace(question, lines=lines), kept, 1)
