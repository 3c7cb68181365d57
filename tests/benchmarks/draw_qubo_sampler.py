"""The picture and the tables of docs/qubo_sampler.md, from the summary of study_qubo_sampler.py.

    python tests/benchmarks/draw_qubo_sampler.py docs/studies/qubo_sampler.json docs/images/qubo_sampler.png

Tables go to stdout.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from tuning_problems import PROBLEMS

ARMS = {
    "random": ("#b0bec5", ":"), "tpe, own space": ("#e69f00", "--"), "tpe, grid": ("#e69f00", "-"),
    "gp": ("#cc79a7", "-"), "qubo, random points": ("#56b4e9", "--"), "qubo": ("#0072b2", "-"),
}  # fmt: skip
SHOWN = (
    "qubo", "qubo, mean", "qubo, thompson", "qubo, random points", "qubo, exact", "qubo, factorization",
    "qubo, qaoa", "tpe, grid", "tpe, own space", "gp", "random",
)  # fmt: skip
RIVALS = (
    "tpe, grid", "tpe, own space", "gp", "random", "random, twice the trials", "qubo, random points",
    "qubo, mean", "qubo, thompson", "qubo, factorization", "qubo, exact", "qubo, qaoa",
)  # fmt: skip
STEP = 5


def draw(problems: dict[str, Any], path: Path) -> None:
    """One panel per problem: median regret over the trials, quartiles as bands."""
    with mpl.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(11, 5.2), layout="constrained", facecolor="white")
        grid = figure.subplots(2, 4).ravel()
        for axes, (name, table) in zip(grid, problems.items(), strict=False):
            unit = table["a random point"]
            for arm, (color, line) in ARMS.items():
                curve = table["arms"][arm]["curve"][: 100 // STEP]
                trials = [STEP * (i + 1) for i in range(len(curve))]
                middle, low, high = ([max(value / unit, 0.0) for value in one] for one in zip(*curve))
                axes.plot(trials, middle, line, color=color, label=arm)
                if arm in ("qubo", "tpe, grid"):
                    axes.fill_between(trials, low, high, color=color, alpha=0.15, linewidth=0)
            axes.set_yscale("symlog", linthresh=1e-3)
            axes.set_ylim(0, 1.2)
            axes.set_title(name)
            axes.set_xlabel("trials")
        grid[0].set_ylabel("regret, a random point's is 1")
        grid[-1].axis("off")
        grid[-1].legend(*grid[0].get_legend_handles_labels(), loc="center", frameon=False)
        figure.savefig(path, dpi=130, metadata={"Software": None})


def tables(problems: dict[str, Any]) -> str:
    """Regrets after 50 and 100 trials, and the defaults against each other arm."""
    names = list(problems)
    rule = "|---" * (len(names) + 1) + "|"
    lines = ["| median regret after 50 / 100 trials | " + " | ".join(names) + " |", rule]
    for arm in SHOWN:
        cells = []
        for name in names:
            row = problems[name]["arms"].get(arm)
            unit = problems[name]["a random point"]
            marks = [row["regret"].get(mark) for mark in ("50", "100")] if row else [None, None]
            pair = ["" if mark is None else f"{max(mark[0], 0) / unit:.3f}" for mark in marks]
            cells.append(" / ".join(pair))
        lines.append(f"| {arm} | " + " | ".join(cell.strip(" /") for cell in cells) + " |")
    lines += ["", "| qubo against | " + " | ".join(names) + " |", rule]
    for rival in RIVALS:
        cells = []
        for name in names:
            row = problems[name]["comparisons"].get(f"qubo / {rival}")
            if row is None:
                cells.append("")
                continue
            better, equal, worse = row["seeds better, equal, worse"]
            cells.append(f"{better}, {equal}, {worse} (p {row['p']:.2g})")
        lines.append(f"| {rival} | " + " | ".join(cells) + " |")
    lines += ["", "| seconds per trial | " + " | ".join(names) + " |", rule]
    for arm in SHOWN:
        rows = [problems[name]["arms"].get(arm) for name in names]
        cells = ["" if row is None else f"{row['seconds per trial']:.3g}" for row in rows]
        lines.append(f"| {arm} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(source: str, picture: str) -> None:
    """Draw and print."""
    content = json.loads(Path(source).read_text(encoding="utf-8"))
    found = content["parts"]["summary"]["problems"]
    problems = {name: found[name] for name in PROBLEMS if name in found}  # the file has them by the alphabet
    draw(problems, Path(picture))
    sys.stdout.write(tables(problems) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
