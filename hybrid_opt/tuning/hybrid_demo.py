"""The hybrid demo: train a small transformer, choose half of its heads by QAOA, tune its attention scales.

Each quantum step stands beside the exact classical answer to the same question, and both are judged on test
images that no step has seen.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..classical.data_registry import load_data
from ..classical.encoder_heads import DistanceEncoderForSequenceClassification
from ..classical.evaluation import evaluate
from ..classical.evaluation_pass import stack_examples
from ..classical.head_masking import masked_heads
from ..classical.task_data import TaskData
from ..progress import Progress, silent
from ..seeds import child_seed, resolve_seed
from ..solvers.exact import Exact
from ..solvers.qaoa import QAOA
from ..solvers.settings import check_whole
from ..solvers.solve import solve
from .head_choice import HeadSelection
from .head_methods import solver_of
from .head_selection import select_heads
from .labelled_batches import read_batches
from .quantum_rows import WatchedSolver, quantum_label
from .scale_grid import ScaleAnswer, ScaleGrid, expected_best

if TYPE_CHECKING:
    from ..reports import Table

__all__ = ["DemoRow", "HybridDemo", "run_hybrid_demo"]

_BATCH = 32
_LEARNING_RATE = 3e-3


@dataclass(frozen=True)
class DemoRow:
    """One answer to the question of a step, and what it is worth.

    Attributes:
        step: "trained", "heads" or "scales".
        method: who answered.
        choice: the answer in words.
        calibration_loss: nats per image, on training images; None where only an expectation is known.
        test_loss: on held-out images; None for expectations.
        test_accuracy: likewise.
        evaluations: calibration losses that were measured for it.
        seconds: wall time of the step with this method, measuring losses included.
        solver_seconds: the part of it inside the solver; None where there is none.
        used: whether the next step builds on it.
        expected: an expectation over random answers instead of one answer.
    """

    step: str
    method: str
    choice: str
    calibration_loss: float
    test_loss: float | None
    test_accuracy: float | None
    evaluations: int
    seconds: float
    solver_seconds: float | None = None
    used: bool = False
    expected: bool = False


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
    notes: list[str] = field(default_factory=list)

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
        seed: of data, weights, order of examples, calibration and circuits.
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
    begin, used = perf_counter(), resolve_seed(seed)
    data = load_data("digit_patches", seed=0, **({} if images is None else {"limit": images}))
    model = _trained(data, layers, heads, hidden, steps, used, _part(progress, 0.0, 0.4))
    test = _Test(model, data)
    trained_seconds = perf_counter() - begin
    told = _part(progress, 0.4, 0.6)
    rows, selection, label = _heads(model, data, test, calibration, evaluations, used, told)
    rows.insert(0, test.row("trained", "AdamW", f"all {layers * heads} heads", selection.loss_before, 0,
                            trained_seconds, None, used=True))  # fmt: skip
    selection.apply(model)
    batches = read_batches(
        data, model, examples=calibration, batch_size=256, seed=child_seed(used, "calibration")
    )
    grid = ScaleGrid(model, batches, levels)
    more, scales, watched = _scales(grid, test, trials, used, _part(progress, 0.6, 1.0))
    labels = {"heads": label}
    if watched.records:
        labels["scales"] = (
            f"{quantum_label(watched.records[-1])}; the last of {watched.runs} questions, "
            f"{watched.samples_counted:,} samples counted in all"
        )
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


class _Test:
    """Rows judged on the test images."""

    def __init__(self, model: Any, data: TaskData) -> None:
        self._model, self._data = model, data
        self.trained = self._figures()

    def _figures(self) -> tuple[float, float]:
        answer = evaluate(self._model, self._data, "test", batch_size=256, baselines=False)
        return answer.loss, float(answer.accuracy or 0.0)

    def row(self, step: str, method: str, choice: str, loss: float, evaluations: int, seconds: float,
            solver_seconds: float | None, *, mask: Any = None, used: bool = False) -> DemoRow:  # fmt: skip
        """The model as it stands, or under a mask."""
        if mask is None:
            figures = self.trained if step == "trained" else self._figures()
        else:
            with masked_heads(self._model, mask):
                figures = self._figures()
        return DemoRow(step, method, choice, loss, *figures, evaluations, seconds, solver_seconds, used)


def _trained(
    data: TaskData, layers: int, heads: int, hidden: int, steps: int, seed: int, progress: Progress
) -> Any:
    """A distance-attention encoder after a one-cycle run of AdamW."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(child_seed(seed, "demo training"))
        config = data.config(
            metric="l1", hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
            intermediate_size=2 * hidden,
        )  # fmt: skip
        model = DistanceEncoderForSequenceClassification(config)
        optimizer = torch.optim.AdamW(model.parameters(), lr=_LEARNING_RATE, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=_LEARNING_RATE, total_steps=max(2, steps)
        )
        everything = stack_examples([data.train[number] for number in range(len(data.train))])
        model.train()
        order: list[torch.Tensor] = []
        for step in range(steps):
            order = order or list(torch.randperm(len(data.train)).split(_BATCH))
            chosen = order.pop()
            loss = model(**{name: values[chosen] for name, values in everything.items()}).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            progress((step + 1) / steps, "training")
    return model.eval()


def _heads(
    model: Any, data: TaskData, test: _Test, calibration: int, evaluations: int | None, seed: int,
    progress: Progress,
) -> tuple[list[DemoRow], HeadSelection, str]:  # fmt: skip
    """Half of the heads by QAOA, and the exact and the greedy answer to the same quadratic model."""
    begin = perf_counter()
    selection = select_heads(
        model, data, 0.5, method="qaoa", compare=("exact", "greedy"), evaluations=evaluations,
        examples=calibration, batch_size=256, seed=seed, progress=progress,
    )  # fmt: skip
    if selection.interrupted:
        raise KeyboardInterrupt
    shared = perf_counter() - begin - sum(row.seconds for row in selection.solution.rows)
    batches = read_batches(
        data, model, examples=calibration, batch_size=256, seed=child_seed(seed, "calibration")
    )
    question, took = selection.question, {row.method: row.seconds for row in selection.solution.rows}
    rows = []

    def add(method: str, mask: Any, loss: float, seconds: float | None, used: bool) -> None:
        rows.append(
            test.row("heads", method, _words(mask, selection.layers), loss, selection.evaluations,
                     shared + (seconds or 0.0), seconds, mask=mask, used=used)
        )  # fmt: skip

    own = selection.solution.method
    kept = bool((selection.mask == selection.answer).all())
    add(own, selection.answer, selection.answer_loss, took[own], kept)
    for name in ("exact", "greedy"):
        answer = solve(question.to_cqm(), solver_of(name, question), seed=seed)
        mask = question.mask(answer.sample or {})
        add(name, mask, batches.mean_loss(model, mask), took[name], False)
    if not kept:
        add("measured on the way", selection.mask, selection.loss_after, None, True)
    record = selection.solution.quantum
    return rows, selection, "" if record is None else quantum_label(record)


def _scales(
    grid: ScaleGrid, test: _Test, trials: int, seed: int, progress: Progress
) -> tuple[list[DemoRow], dict[str, ScaleAnswer], WatchedSolver]:
    """One factor per layer: the QUBO sampler with QAOA, with an exact solver, and every point."""
    watched = WatchedSolver(QAOA(mixer="xy-exact", circuit_qubits=0))
    enumeration = WatchedSolver(Exact())
    found: dict[str, ScaleAnswer] = {}
    rows = []

    def add(name: str, answer: ScaleAnswer, solver: WatchedSolver | None, used: bool = False) -> None:
        grid.set(answer.factors)
        found[name] = answer
        words = ", ".join(f"{factor:.3g}" for factor in answer.factors)
        inside = None if solver is None else solver.seconds
        looks = len(answer.losses)
        rows.append(
            test.row("scales", name, words, answer.loss, looks, answer.seconds, inside, used=used)
        )

    sampler_seed = child_seed(seed, "scales")
    for name, solver, first in (
        ("QUBO sampler, QAOA", watched, 0.0), ("QUBO sampler, enumeration", enumeration, 0.2)
    ):  # fmt: skip
        told = _part(progress, first, first + 0.2)
        answer = grid.search(solver, trials, seed=sampler_seed, progress=told)
        add(name, answer, solver, used=solver is watched)
    everything = grid.look_at_all(progress=_part(progress, 0.4, 1.0))
    drawn = min(trials, grid.n_points)
    share = everything.seconds * drawn / grid.n_points
    rows.append(
        DemoRow("scales", f"{drawn} random points", "expectation", expected_best(everything.losses, drawn),
                None, None, drawn, share, expected=True)
    )  # fmt: skip
    add("exact, all points", everything, None)
    return rows, found, watched


def _words(mask: Any, layers: tuple[int, ...]) -> str:
    """Kept heads by layer: "0 1 | 2 | 0 3"."""
    parts = np.split(np.asarray(mask), np.cumsum(layers)[:-1])
    return " | ".join(" ".join(str(int(head)) for head in np.flatnonzero(part)) for part in parts)


def _part(progress: Progress, first: float, last: float) -> Progress:
    """The share of a step within the whole."""
    return lambda share, text: progress(first + (last - first) * share, text)
