"""The hybrid demo: train a small transformer, choose half of its heads by QAOA, tune its attention scales.

Each quantum step stands beside the exact classical answer to the same question, and both are judged on test
images that no step has seen.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from .._optional import require
from ..classical.data_registry import load_data
from ..progress import Progress, silent
from ..seeds import child_seed, resolve_seed
from ..solvers.running import part_of
from ..solvers.settings import check_whole
from .head_choice import HeadSelection
from .hybrid_demo_steps import DemoRow, HeldOut, choose_heads, train_digits, tune_scales
from .labelled_batches import read_batches
from .scale_grid import ScaleAnswer, ScaleGrid
from .torch_threads import one_torch_thread

if TYPE_CHECKING:
    from ..reports import Table

__all__ = ["DemoRow", "HybridDemo", "run_hybrid_demo"]


@dataclass(frozen=True, eq=False)
class HybridDemo:
    """What the demo found.

    Attributes:
        rows: every answer of every step.
        labels: step -> what its quantum row ran.
        selection: of heads, with the proof.
        scales: name of a search -> what it found; "all points" is the exact answer.
        grid_points: points of the grid of scales.
        test_examples: held-out images.
        sizes: layers, heads per layer, width, training steps, calibration images, trials.
        seed: what repeats everything but the seconds.
        seconds: of the whole.
    """

    rows: list[DemoRow]
    labels: dict[str, str]
    selection: HeadSelection
    scales: dict[str, ScaleAnswer]
    grid_points: int
    test_examples: int
    sizes: dict[str, int]
    seed: int
    seconds: float

    def used(self, step: str) -> DemoRow:
        """The answer of a step that the demo went on with.

        Args:
            step: "trained", "heads" or "scales".

        Returns:
            The row.
        """
        return next(row for row in self.rows if row.step == step and row.used)

    def exact(self, step: str) -> DemoRow:
        """The exact classical answer of a step.

        Args:
            step: "heads" or "scales".

        Returns:
            The row.
        """
        return next(row for row in self.rows if row.step == step and row.method.startswith("exact"))

    def tables(self) -> list[Table]:
        """Everything as tables for a terminal or a page."""
        from .hybrid_demo_tables import demo_tables

        return demo_tables(self)

    def sentences(self) -> list[str]:
        """What the steps brought and what they did not, in plain words."""
        from .hybrid_demo_tables import demo_sentences

        return demo_sentences(self)

    def to_dict(self) -> dict[str, Any]:
        """The whole answer as JSON values."""
        return {
            "rows": [asdict(row) for row in self.rows],
            "labels": dict(self.labels),
            "sentences": self.sentences(),
            "selection": self.selection.to_dict(),
            "scales": {
                name: {**asdict(answer), "factors": list(answer.factors), "losses": list(answer.losses)}
                for name, answer in self.scales.items()
            },
            "grid_points": self.grid_points,
            "test_examples": self.test_examples,
            "sizes": dict(self.sizes),
            "seed": self.seed,
            "seconds": self.seconds,
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """`to_dict` as strict JSON.

        Args:
            indent: spaces per level, None for one line.

        Returns:
            The text.
        """
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write a page with all tables that opens offline.

        Args:
            path: where; an older file is replaced, whole or not at all.

        Returns:
            The path.

        Raises:
            OptionError: the file cannot be written there.
        """
        from .hybrid_demo_report import write_demo_report

        return write_demo_report(self, path)

    def __str__(self) -> str:
        from ..reports import table_text

        return "\n".join([*(table_text(table) for table in self.tables()), *self.sentences()])


def run_hybrid_demo(
    *,
    seed: int | None = 0,
    layers: int = 3,
    heads: int = 4,
    hidden: int = 32,
    steps: int = 500,
    images: int | None = None,
    calibration: int = 512,
    evaluations: int | None = None,
    levels: int = 5,
    trials: int = 30,
    progress: Progress = silent,
) -> HybridDemo:
    """Train on the digits of scikit-learn, choose half of the heads by QAOA, tune one scale factor per layer.

    Args:
        seed: of weights, order of examples, calibration images, searches and draws; the split stays the same.
        layers: blocks of the model.
        heads: of each block.
        hidden: width of the model.
        steps: of the optimizer.
        images: about how many images to keep; None for all 1,797.
        calibration: training images on which heads and scales are chosen.
        evaluations: calibration losses for the heads; None for four per head.
        levels: of each factor, between 0.5 and 2.
        trials: of the search over factors.
        progress: called with the share done.

    Returns:
        The result.

    Raises:
        OptionError: an illegal size.
        MissingDependencyError: scikit-learn or Optuna is not installed.
    """
    for name, value in (("steps", steps), ("trials", trials), ("calibration", calibration)):
        check_whole(name, value)
    require("optuna", "tuning")  # missed now, not after the training
    begin, used = perf_counter(), resolve_seed(seed)
    # Tensors of this size are not worth a second thread: where another process has the core, each operation
    # waits for it. And sums on two are in another order, so the same seed would give other numbers.
    with one_torch_thread():
        data = load_data("digit_patches", limit=images, seed=0)
        model = train_digits(data, layers, heads, hidden, steps, used, part_of(progress, 0.0, 0.4, ""))
        test = HeldOut(model, data)
        trained_seconds = perf_counter() - begin
        told = part_of(progress, 0.4, 0.2, "")
        rows, selection, label = choose_heads(model, data, test, calibration, evaluations, used, told)
        rows.insert(0, test.row("trained", "AdamW", f"all {layers * heads} heads", selection.loss_before, 0,
                                trained_seconds, None, used=True))  # fmt: skip
        selection.apply(model)
        batches = read_batches(
            data, model, examples=calibration, batch_size=256, seed=child_seed(used, "calibration")
        )
        grid = ScaleGrid(model, batches, levels)
        more, scales, watched = tune_scales(grid, test, trials, used, part_of(progress, 0.6, 0.4, ""))
        labels = {"heads": label}
        if watched.records:
            labels["scales"] = watched.label()
        return HybridDemo(
            rows=[*rows, *more],
            labels=labels,
            selection=selection,
            scales=scales,
            grid_points=grid.n_points,
            test_examples=len(data.test),
            sizes={"layers": layers, "heads": heads, "hidden": hidden, "steps": steps,
                   "calibration": batches.examples, "trials": trials},
            seed=used,
            seconds=perf_counter() - begin,
        )  # fmt: skip
