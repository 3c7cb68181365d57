"""The pictures of docs/choosing_angles.md, from the summary of study_qaoa_quality.py.

    python tests/benchmarks/draw_qaoa_quality.py docs/studies/qaoa_quality.json docs/images
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

DEPTHS = ("1", "2", "3", "5", "8", "10")
METHODS = {
    "random": ("#b0bec5", ":"), "ramp": ("#ef6c00", "-"), "spin_glass": ("#7e57c2", "-"),
    "regular": ("#00695c", "-"), "random + 100": ("#b0bec5", "--"), "ramp + 100": ("#ef6c00", "--"),
    "regular + 100": ("#00695c", "--"), "regular, CVaR 0.1 + 100": ("#c62828", "--"),
}  # fmt: skip
PANELS = (
    ("3-regular max-cut", "X"),
    ("weighted max-cut", "X"),
    ("one of four", "one-hot subspace, XY"),
    ("budget, spend exactly", "one-hot subspace, XY"),
    ("one of four", "one-hot penalty, X"),
    ("one of four", "fewest bits, X"),
    ("budget, spend exactly", "one-hot penalty, X"),
    ("budget, spend exactly", "fewest bits, X"),
)
FORMS = {
    "one-hot penalty, X": "#ef6c00", "fewest bits, X": "#7e57c2", "one-hot subspace, XY": "#00695c",
}  # fmt: skip


def band(axes: Any, row: dict[str, Any], method: str, color: str, line: str, label: str) -> None:
    """Means over the depth with their intervals."""
    pairs = [row[f"{depth} | {method}"]["p_optimum"] for depth in DEPTHS]
    depths = [int(depth) for depth in DEPTHS]
    means, halves = zip(*pairs)
    axes.plot(depths, means, line, marker="o", markersize=3, color=color, label=label)
    if "random" not in method:
        low = [max(mean - half, mean / 4) for mean, half in pairs]
        axes.fill_between(depths, low, [a + b for a, b in zip(means, halves)], color=color, alpha=0.12)


def finish(axes: Any, title: str, row: dict[str, Any]) -> None:
    """Scale, control line and title."""
    axes.axhline(row["uniform feasible"][0], color="black", linewidth=0.8, label="uniform feasible")
    axes.set_yscale("log")
    axes.set_xticks([int(depth) for depth in DEPTHS])
    axes.set_title(title, fontsize=9)
    axes.set_xlabel("depth")


def rules(summary: dict[str, Any]) -> Figure:
    """P(optimum) by depth and method, one panel per class and form."""
    names = [f"{kind} | {form} | 16 bits" for kind, form in PANELS]
    figure = Figure(figsize=(11, 6), layout="constrained")
    panels = figure.subplots(2, 4).ravel()
    for axes, name in zip(panels, names):
        for method, (color, line) in METHODS.items():
            band(axes, summary[name], method, color, line, method)
        finish(axes, name.replace(" | 16 bits", "").replace(" | ", "\n"), summary[name])
    for axes in panels[::4]:
        axes.set_ylabel("P(optimum) of a draw")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=8)
    return figure


def forms(summary: dict[str, Any]) -> Figure:
    """Penalty against subspace, ramps trained with 100 expectations."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    panels = figure.subplots(1, 2)
    for axes, kind in zip(panels, ("one of four", "budget, spend exactly")):
        for form, color in FORMS.items():
            band(axes, summary[f"{kind} | {form} | 16 bits"], "ramp + 100", color, "-", form)
        finish(axes, f"{kind}, 16 one-hot bits", summary[f"{kind} | one-hot subspace, XY | 16 bits"])
    panels[0].set_ylabel("P(optimum) of a draw")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
    return figure


def main(study: str, folder: str) -> None:
    """Draw both."""
    mpl.rcParams["svg.hashsalt"] = "hybrid_opt"
    summary = json.loads(Path(study).read_text(encoding="utf-8"))["parts"]["summary"]
    for name, figure in (("qaoa_rules", rules(summary)), ("qaoa_forms", forms(summary))):
        figure.savefig(Path(folder) / f"{name}.png", dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
