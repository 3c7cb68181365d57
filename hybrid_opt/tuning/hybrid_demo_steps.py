"""The steps of the hybrid demo: training, heads, scales; every answer is judged on held-out images."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch

from ..classical.encoder_heads import DistanceEncoderForSequenceClassification
from ..classical.evaluation import evaluate
from ..classical.evaluation_pass import stack_examples
from ..classical.head_masking import masked_heads
from ..classical.task_data import TaskData
from ..progress import Progress
from ..seeds import child_seed
from ..solvers.exact import Exact
from ..solvers.qaoa import QAOA
from ..solvers.running import part_of
from ..solvers.solve import solve
from .head_choice import HeadSelection
from .head_methods import solver_of
from .head_selection import select_heads
from .labelled_batches import read_batches
from .quantum_rows import WatchedSolver, quantum_label
from .scale_grid import ScaleAnswer, ScaleGrid, expected_best

__all__ = ["DemoRow", "HeldOut", "choose_heads", "train_digits", "tune_scales"]

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


class HeldOut:
    """Judges answers on the test images.

    Args:
        model: trained; its figures now are those of the step "trained".
        data: the digits.
    """

    def __init__(self, model: Any, data: TaskData) -> None:
        self._model, self._data = model, data
        self.trained = self._figures()

    def _figures(self) -> tuple[float, float]:
        answer = evaluate(self._model, self._data, "test", batch_size=256, baselines=False)
        return answer.loss, float(answer.accuracy or 0.0)

    def row(self, step: str, method: str, choice: str, loss: float, evaluations: int, seconds: float,
            solver_seconds: float | None, *, mask: Any = None, used: bool = False) -> DemoRow:  # fmt: skip
        """Figures of the model as it stands, or under a mask.

        Args:
            step: of the demo.
            method: who answered.
            choice: the answer in words.
            loss: on the calibration images.
            evaluations: losses that were measured for the answer.
            seconds: of the step.
            solver_seconds: inside the solver.
            mask: (N,), of heads; None for the model as it stands.
            used: whether the demo goes on with it.

        Returns:
            The row.
        """
        if mask is None:
            figures = self.trained if step == "trained" else self._figures()
        else:
            with masked_heads(self._model, mask):
                figures = self._figures()
        return DemoRow(step, method, choice, loss, *figures, evaluations, seconds, solver_seconds, used)


def train_digits(
    data: TaskData, layers: int, heads: int, hidden: int, steps: int, seed: int, progress: Progress
) -> Any:
    """A distance-attention encoder after a one-cycle run of AdamW.

    Args:
        data: the digits.
        layers: blocks.
        heads: of each block.
        hidden: width.
        steps: of the optimizer.
        seed: of weights, dropout and order; the random state of the process is left as it was.
        progress: called with the share done.

    Returns:
        The model, in evaluation mode.
    """
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
            order = order or list(torch.split(torch.randperm(len(data.train)), _BATCH))
            chosen = order.pop()
            loss = model(**{name: values[chosen] for name, values in everything.items()}).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            progress((step + 1) / steps, "training")
    return model.eval()


def choose_heads(
    model: Any, data: TaskData, test: HeldOut, calibration: int, evaluations: int | None, seed: int,
    progress: Progress,
) -> tuple[list[DemoRow], HeadSelection, str]:  # fmt: skip
    """Half of the heads by QAOA, and the exact and the greedy answer to the same quadratic model.

    Args:
        model: the trained model; it is not changed.
        data: the digits.
        test: judges the answers.
        calibration: training images to choose on.
        evaluations: calibration losses to measure; None for four per head.
        seed: of everything random.
        progress: called with the share done.

    Returns:
        Rows, the selection, and what the quantum row ran.

    Raises:
        KeyboardInterrupt: ctrl-C ended the measuring; a demo of half a step shows nothing.
    """
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


def tune_scales(
    grid: ScaleGrid, test: HeldOut, trials: int, seed: int, progress: Progress
) -> tuple[list[DemoRow], dict[str, ScaleAnswer], WatchedSolver]:
    """One factor per layer: the QUBO sampler with QAOA, with an exact solver, and every point.

    Args:
        grid: of factors on the masked model.
        test: judges the answers.
        trials: of each search.
        seed: of the sampler.
        progress: called with the share done.

    Returns:
        Rows, what each search found, and the solver that ran the circuits.
    """
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
        told = part_of(progress, first, 0.2, "lambda")
        answer = grid.search(solver, trials, seed=sampler_seed, progress=told)
        add(name, answer, solver, used=solver is watched)
    everything = grid.look_at_all(progress=part_of(progress, 0.4, 0.6, "lambda"))
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
