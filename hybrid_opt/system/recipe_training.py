"""Train a recipe from a seed, say what came out, and choose heads where the recipe asks for it.

Shapes: B examples of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from ..classical.attention_analysis import attention_report
from ..classical.counted_loss import move_batch
from ..classical.errors import DivergenceError
from ..classical.evaluation_pass import add_up, stack_examples
from ..classical.head_sites import find_head_sites
from ..classical.quiet_libraries import preserved_random_state
from ..classical.short_training import train_without_files
from ..classical.task_data import TaskData
from ..classical.trained_folder import model_class
from ..progress import Progress
from ..seeds import child_seed
from ..tuning.expert_reassignment import ExpertReassignment
from ..tuning.head_selection import select_heads
from ..tuning.quantum_rows import is_quantum, quantum_label
from .circuit_watch import watch_circuits
from .recipe import Recipe
from .training_memory import step_memory

__all__ = [
    "LOOKED_AT",
    "TrainingRecord",
    "attention_batch",
    "choose_recipe_heads",
    "mean_entropy",
    "new_model",
    "split_loss",
    "train_recipe",
]

LOOKED_AT = 64  # validation examples whose attention is looked at
_ROWS = 64  # query rows of each


@dataclass(frozen=True)
class TrainingRecord:
    """What one training of a recipe gave.

    Attributes:
        validation: loss on the validation split, per label; None where training diverged.
        seconds: of the training, and of the choice of heads.
        parameters: trained numbers.
        memory: bytes that a training step holds, see `step_memory`; None where training diverged.
        entropy: normalized entropy of attention (0 to 1), mean over open heads on validation examples.
        dropout: mean dropout probability of attention weights at the end of training.
        rate_factor: what the learning rate was multiplied by at the end.
        heads: heads that are open.
        circuits: calls, runs, seconds, label of circuits inside the model; None where there are none.
        callbacks: changes that each performance callback made.
        selection: of heads: kept by layer, losses on calibration data, one row per solver; None without.
        reassigned: what was done to routers during training.
    """

    validation: float | None
    seconds: float
    parameters: int = 0
    memory: int | None = None
    entropy: float | None = None
    dropout: float | None = None
    rate_factor: float = 1.0
    heads: int = 0
    circuits: dict[str, Any] | None = None
    callbacks: dict[str, int] = field(default_factory=dict)
    selection: dict[str, Any] | None = None
    reassigned: list[dict[str, Any]] = field(default_factory=list)

    @property
    def loss(self) -> float:
        """The validation loss; infinite where training diverged."""
        return float("inf") if self.validation is None else self.validation

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingRecord:
        """The record of what `to_dict` gave."""
        return cls(**values)


def new_model(recipe: Recipe, data: TaskData, seed: int) -> Any:
    """The untrained model of a recipe, on the GPU where there is one.

    Args:
        recipe: the recipe.
        data: what it will learn.
        seed: of its weights.

    Returns:
        The model; the random numbers of the process stay as they were.
    """
    with preserved_random_state():
        torch.manual_seed(seed)
        model = model_class(data.task).from_config(recipe.configuration())
    return model.cuda() if torch.cuda.is_available() else model


def train_recipe(
    recipe: Recipe, data: TaskData, seed: int, progress: Progress
) -> tuple[Any, TrainingRecord]:
    """Train a model by a recipe; heads are not chosen yet.

    Args:
        recipe: the recipe.
        data: what to learn.
        seed: of weights, order, dropout and reassignment.
        progress: called with the share done.

    Returns:
        The model in evaluation mode (None where training diverged) and its record.
    """
    begin = perf_counter()
    model = new_model(recipe, data, seed)
    told: dict[str, Any] = {}
    callbacks = []
    if recipe.reassignment is not None:
        own = child_seed(seed, "reassignment")
        callbacks.append(ExpertReassignment(data, seed=own, **recipe.reassignment))
    try:
        with watch_circuits(model) as use:
            loss = train_without_files(
                model, data, recipe.training.replaced(seed=seed), callbacks=callbacks,
                on_callbacks=told.update, progress=progress,
            )  # fmt: skip
    except DivergenceError:
        return None, TrainingRecord(None, perf_counter() - begin)
    circuits = asdict(use) if use.calls else None
    seconds = perf_counter() - begin
    record = TrainingRecord(
        validation=loss,
        seconds=seconds,
        parameters=sum(part.numel() for part in model.parameters() if part.requires_grad),
        memory=step_memory(model, data, recipe.training),
        entropy=mean_entropy(model, data),
        dropout=_dropout(told, recipe),
        rate_factor=_rate_factor(told),
        heads=_open_heads(model),
        circuits=circuits,
        callbacks={name: len(one.get("history", ())) for name, one in told.items()},
        reassigned=callbacks[0].to_dict() if callbacks else [],
    )
    return model, record


def choose_recipe_heads(
    recipe: Recipe, model: Any, data: TaskData, seed: int, journal: Path, progress: Progress,
    time_limit: float,
) -> dict[str, Any]:  # fmt: skip
    """Choose the heads that stay and close the others in the model.

    Args:
        recipe: with ``heads``.
        model: trained by it; its head masks are set.
        data: calibration examples come from its training split.
        seed: of the training.
        journal: keeps measured losses of masks over a kill.
        progress: called with the share done.
        time_limit: seconds for each solver.

    Returns:
        ``selection`` of a record, as JSON values.

    Raises:
        KeyboardInterrupt: ctrl-C ended the choice.
    """
    wanted = dict(recipe.heads or {})
    begin = perf_counter()
    chosen = select_heads(
        model, data, wanted["keep"], method=wanted["method"], compare=tuple(wanted.get("compare", ())),
        examples=256, batch_size=64, seed=child_seed(seed, "heads"), journal=journal, progress=progress,
        time_limit=time_limit,
    )  # fmt: skip
    if chosen.interrupted:
        raise KeyboardInterrupt
    chosen.apply(model)
    solution = chosen.solution
    record = solution.quantum
    return {
        "kept": chosen.kept,
        "source": chosen.source,
        "loss_before": chosen.loss_before,
        "loss_after": chosen.loss_after,
        "evaluations": chosen.evaluations,
        "seconds": perf_counter() - begin,
        "label": "" if record is None else quantum_label(record),
        "samples": 0 if record is None else record.samples_counted,
        "rows": [
            {
                "method": row.method,
                "quantum": is_quantum(row.method),
                "objective": row.objective,
                "feasible": row.feasible,
                "seconds": row.seconds,
            }
            for row in solution.rows
        ],
    }


def split_loss(model: Any, data: TaskData, split: str, batch_size: int) -> float:
    """Loss of a model on a split, per label.

    Args:
        model: in evaluation mode.
        data: the data.
        split: "validation" or "test".
        batch_size: examples of a pass.

    Returns:
        The loss.
    """
    sums = add_up(model, data.split(split), data.task, collate=data.collate, batch_size=batch_size)
    return float(sums.mean_loss)


def attention_batch(model: Any, data: TaskData) -> Any:
    """The validation examples whose attention is looked at, on the model's device."""
    count = min(LOOKED_AT, len(data.validation))
    examples = [data.validation[index] for index in range(count)]
    return move_batch((data.collate or stack_examples)(examples), next(model.parameters()).device)


def mean_entropy(model: Any, data: TaskData) -> float:
    """Normalized entropy of attention, mean over the open heads of all layers.

    Args:
        model: a distance-attention model.
        data: its first validation examples are looked at.

    Returns:
        Between 0 (one key has all the weight) and 1 (even weights).
    """
    report = attention_report(model, attention_batch(model, data), max_rows=_ROWS)
    heads = report.table()
    return float(heads[heads["gate"] != 0]["entropy"].mean())


def _open_heads(model: Any) -> int:
    masks: list[Any] = [getattr(site.attention, "head_mask", None) for site in find_head_sites(model)]
    return sum(int((mask != 0).sum()) for mask in masks if mask is not None)


def _dropout(told: Mapping[str, Any], recipe: Recipe) -> float:
    """Attention dropout at the end: as the callback left it, or as configured."""
    history = told.get("entropy_dropout", {}).get("history", ())
    if history:
        last = history[-1]["dropout"]
        return float(sum(last.values()) / len(last))
    return float(recipe.model["attention_dropout"])


def _rate_factor(told: Mapping[str, Any]) -> float:
    history = told.get("progress_learning_rate", {}).get("history", ())
    return float(history[-1]["factor"]) if history else 1.0
