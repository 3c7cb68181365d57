"""The page of the hybrid demo: headline figures, plain sentences, every table, the mask."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..reports import Card, Drawing, Note, Page, Section, write_page
from .head_picture import mask_svg
from .head_tables import solver_table

if TYPE_CHECKING:
    from .hybrid_demo import HybridDemo

__all__ = ["write_demo_report"]


def write_demo_report(demo: HybridDemo, path: str | os.PathLike[str]) -> Path:
    """Write the page, see ``HybridDemo.report``.

    Args:
        demo: what to show.
        path: where.

    Returns:
        The path.

    Raises:
        OptionError: the file cannot be written there.
    """
    steps, heads, scales, labels = demo.tables()
    chosen = demo.selection
    caption = "Heads that stay are filled; the number is the mean absolute gradient, the largest being 1."
    sizes = demo.sizes
    page = Page(
        "Quantum steps inside a transformer",
        subtitle=f"{sizes['layers']} layers of {sizes['heads']} heads, trained on the digits of scikit-learn",
        cards=_cards(demo),
        sections=[
            Section("What changed on held-out images", [steps, *(Note(words) for words in demo.sentences())]),
            Section("Heads", [Drawing(mask_svg(chosen), caption), heads, solver_table(chosen)]),
            Section("Scales", [scales]),
            Section("Quantum rows", [labels, "All of them are simulated. No quantum advantage is claimed."]),
        ],
        footer=f"Computed by hybrid_opt, seed {demo.seed}, {demo.seconds:.0f} s.",
    )
    return write_page(page, path)


def _cards(demo: HybridDemo) -> list[Card]:
    trained, heads, scales = (demo.used(step) for step in ("trained", "heads", "scales"))
    exact = {step: demo.exact(step).test_loss or 0.0 for step in ("heads", "scales")}
    accuracy = f"accuracy {trained.test_accuracy or 0.0:.1%}"
    cards = [Card("Test loss, all heads", f"{trained.test_loss or 0.0:.4f}", accuracy)]
    for label, row in (("After heads", heads), ("After lambda", scales)):
        words = f"exact answer {exact[row.step]:.4f}"
        cards.append(Card(label, f"{row.test_loss or 0.0:.4f}", words))
    solution = demo.selection.solution
    gap = "no bound" if solution.gap is None else f"{100 * max(0.0, solution.gap):.2f} %"
    cards.append(Card("Gap of QAOA, heads", gap, solution.status.replace("_", " ")))
    return cards
