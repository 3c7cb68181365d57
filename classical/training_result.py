"""What a training run was: history, losses, speed, memory, where it lies."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from .checkpoints import write_atomically
from .training_settings import TrainingSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["TrainingResult", "finite_or_none", "history_table"]

_NAMES = {
    "eval_loss": "validation_loss",
    "eval_accuracy": "validation_accuracy",
    "grad_norm": "gradient_norm",
}
_COLUMNS = ["epoch", "loss", "learning_rate", "gradient_norm", "validation_loss", "validation_accuracy"]


@dataclass(frozen=True)
class TrainingResult:
    """The answer of ``train``.

    Args:
        history: one row per logged step (index ``step``): ``epoch``, ``loss`` (mean since the row before, of
            what training minimizes), ``learning_rate``, ``gradient_norm`` (before clipping), and where it was
            computed ``validation_loss`` (and ``validation_accuracy``).
        settings: the settings.
        folder: the trained folder.
        steps: optimizer steps of the whole run, earlier calls included.
        best_step: the step whose weights are kept: with early stopping that of the lowest validation loss,
            otherwise the last.
        interrupted: whether ctrl-C stopped the run before its end; calling ``train`` again goes on.
        resumed_from: the step this call went on from; 0 for a fresh start.
        seconds: wall time of this call.
        tokens_per_second: positions that training steps of this call read in a second (padding included;
            validation and saving not counted).
        peak_memory_bytes: highest memory use of this call (GPU: torch's tensors; CPU: the process).
        parameters: number of trained numbers in the model.
        notes: what a reader has to know.
        callbacks: what each performance callback did, by name: ``settings``, ``history`` of its changes, and
            how things stood at the end.
    """

    history: pd.DataFrame
    settings: TrainingSettings
    folder: Path
    steps: int
    best_step: int
    interrupted: bool
    resumed_from: int
    seconds: float
    tokens_per_second: float
    peak_memory_bytes: int
    parameters: int
    notes: tuple[str, ...] = field(default=())
    callbacks: dict[str, Any] = field(default_factory=dict)

    @property
    def final_loss(self) -> float:
        """Training loss of the last logged row."""
        return _last(self.history, "loss")

    @property
    def final_validation_loss(self) -> float:
        """Validation loss of the last validation; NaN where none was computed."""
        return _last(self.history, "validation_loss")

    @property
    def best_validation_loss(self) -> float:
        """The lowest validation loss; NaN where none was computed."""
        if "validation_loss" not in self.history:
            return math.nan
        return float(self.history["validation_loss"].min())

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.folder / "checkpoints"

    def table(self) -> pd.DataFrame:
        """The run in one column of figures.

        Returns:
            Index: what; column ``value``.
        """
        figures = {
            name: value for name, value in self.to_dict().items() if not isinstance(value, list | dict)
        }
        return pd.DataFrame({"value": pd.Series(figures, dtype=object)})

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values; what is not a number is None."""
        rows = self.history.reset_index().to_dict(orient="records")
        return {
            "folder": str(self.folder),
            "steps": self.steps,
            "best_step": self.best_step,
            "interrupted": self.interrupted,
            "resumed_from": self.resumed_from,
            "final_loss": finite_or_none(self.final_loss),
            "final_validation_loss": finite_or_none(self.final_validation_loss),
            "best_validation_loss": finite_or_none(self.best_validation_loss),
            "seconds": self.seconds,
            "tokens_per_second": self.tokens_per_second,
            "peak_memory_bytes": self.peak_memory_bytes,
            "parameters": self.parameters,
            "settings": self.settings.to_dict(),
            "notes": list(self.notes),
            "callbacks": self.callbacks,
            "history": [{str(name): finite_or_none(value) for name, value in row.items()} for row in rows],
        }

    def to_json(self, path: str | Path | None = None) -> str:
        """Everything as JSON text.

        Args:
            path: also write it there.

        Returns:
            The text.
        """
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        if path is not None:
            write_atomically(Path(path), text + "\n")
        return text

    def plot(self, path: str | Path | None = None) -> Figure:
        """Losses and learning rate over the steps.

        Args:
            path: also write the picture there (PNG, SVG or PDF by its ending).

        Returns:
            The figure.
        """
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.0, 5.0), layout="constrained")
        losses, rates = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        drawn = self.history["loss"].dropna() if "loss" in self.history else pd.Series(dtype=float)
        losses.plot(drawn.index, drawn.to_numpy(), color="#4c72b0", label="training")
        if "validation_loss" in self.history:
            validated = self.history["validation_loss"].dropna()
            losses.plot(
                validated.index, validated.to_numpy(), "o-", color="#dd8452", markersize=4, label="validation"
            )
        if self.best_step != self.steps:
            losses.axvline(
                self.best_step, color="gray", linestyle=":", label=f"weights of step {self.best_step}"
            )
        losses.set_ylabel("loss")
        losses.legend(frameon=False)
        losses.grid(alpha=0.3)
        if "learning_rate" in self.history:
            learning = self.history["learning_rate"].dropna()
            rates.plot(learning.index, learning.to_numpy(), color="#55a868")
        rates.set_ylabel("learning rate")
        rates.set_xlabel("step")
        rates.set_ylim(bottom=0)
        rates.ticklabel_format(axis="y", scilimits=(-2, 3))
        rates.grid(alpha=0.3)
        if path is not None:
            figure.savefig(path, dpi=120)
        return figure

    def __str__(self) -> str:
        state = "interrupted" if self.interrupted else "finished"
        return (
            f"{state} at step {self.steps}: loss {self.final_loss:.4g}, validation loss "
            f"{self.final_validation_loss:.4g}, {self.tokens_per_second:,.0f} tokens/s, in {self.folder}"
        )


def history_table(log: list[dict[str, Any]]) -> pd.DataFrame:
    """The Trainer's log as one row per step.

    Args:
        log: entries of ``trainer.state.log_history``.

    Returns:
        Index ``step``, columns as far as there are values.

    Example:
        >>> log = [{"step": 1, "loss": 3.0}, {"step": 1, "eval_loss": 4.0}]
        >>> history_table(log).to_dict(orient="index")
        {1: {'loss': 3.0, 'validation_loss': 4.0}}
    """
    rows: dict[int, dict[str, float]] = {}
    for entry in log:
        named = {_NAMES.get(name, name): value for name, value in entry.items()}
        known = {name: float(value) for name, value in named.items() if name in _COLUMNS}
        if "loss" in known or "validation_loss" in known:
            rows.setdefault(int(entry["step"]), {}).update(known)
    table = pd.DataFrame.from_dict(rows, orient="index", dtype=float)
    table.index.name = "step"
    return table[[name for name in _COLUMNS if name in table]]


def finite_or_none(value: Any) -> Any:
    """A JSON value: None for what is not finite.

    Example:
        >>> finite_or_none(float("nan")), finite_or_none(1)
        (None, 1)
    """
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _last(history: pd.DataFrame, name: str) -> float:
    if name not in history:
        return math.nan
    values = history[name].dropna()
    return float(values.iloc[-1]) if len(values) else math.nan
