"""The answer to a question about heads: the mask, what it was predicted and measured to cost, and the proof.

Shapes: N heads of the model.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..classical.head_pruning import prune_heads
from ..classical.head_sites import find_head_sites
from ..errors import OptionError
from .head_question import HeadQuestion
from .loss_statistics import HeadStatistics

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from ..solvers.solution import Solution

__all__ = ["HeadSelection"]

Model = TypeVar("Model", bound=nn.Module)


@dataclass(frozen=True, eq=False)
class HeadSelection:
    """Which heads stay.

    Attributes:
        mask: (N,) of 0 and 1, in the order of ``classical.find_head_sites``.
        answer: (N,), the method's answer to the quadratic model.
        source: "the method's answer", or "a mask that was measured on the way" whose loss was lower.
        layers: heads of each layer.
        question: the quadratic model that was solved, with its constraints.
        solution: of ``hybrid_opt.solve``: status, bound, gap, baselines, quantum row; its objective times
            ``question.unit`` is in nats.
        statistics: gradient and Fisher matrix at all heads.
        loss_before: calibration loss with all heads, per item.
        loss_after: calibration loss under ``mask``.
        answer_loss: calibration loss under ``answer``.
        evaluations: calibration losses measured.
        seed: what repeats the selection.
        notes: sentences on how it was chosen; ``solution.notes`` are those of the method.
        interrupted: ctrl-C ended the measuring or the method; the answer is the best until then.
    """

    mask: NDArray[np.int64]
    answer: NDArray[np.int64]
    source: str
    layers: tuple[int, ...]
    question: HeadQuestion
    solution: Solution
    statistics: HeadStatistics
    loss_before: float
    loss_after: float
    answer_loss: float
    evaluations: int
    seed: int
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False

    def __repr__(self) -> str:
        return (
            f"HeadSelection(kept={int(self.mask.sum())} of {len(self.mask)}, loss {self.loss_before:.4f} -> "
            f"{self.loss_after:.4f}, method={self.solution.method!r}, status={self.solution.status!r}, "
            f"seed={self.seed})"
        )

    @property
    def predicted_loss(self) -> float:
        """The calibration loss that the quadratic model predicts for the method's answer."""
        statistics = self.question.statistics
        return statistics.loss + float(statistics.change(self.answer, self.question.scale))

    @property
    def kept(self) -> list[list[int]]:
        """Heads that stay, by layer."""
        parts = np.split(self.mask, np.cumsum(self.layers)[:-1])
        return [np.flatnonzero(part).tolist() for part in parts]

    def apply(self, model: nn.Module) -> None:
        """Set the mask in a distance-attention model; it is saved with the model and can be set again.

        Args:
            model: the model of the selection, or one built alike.

        Raises:
            OptionError: another number of heads, or a model without head masks of its own.
        """
        sites = find_head_sites(model)
        if tuple(site.num_heads for site in sites) != self.layers:
            raise OptionError(
                f"the selection is for layers of {list(self.layers)} heads, the model has "
                f"{[site.num_heads for site in sites]}"
            )
        if any(site.family != "distance" for site in sites):
            raise OptionError(
                f"{type(model).__name__} holds no head mask; use selection.prune(model), or "
                "classical.masked_heads(model, selection.mask) around calls"
            )
        with torch.no_grad():
            for site, part in zip(sites, np.split(self.mask, np.cumsum(self.layers)[:-1]), strict=True):
                own: Any = site.attention.head_mask
                own.copy_(torch.as_tensor(part, dtype=own.dtype))

    def prune(self, model: Model) -> Model:
        """Remove the weights of the other heads for real, in place, see ``classical.prune_heads``.

        Args:
            model: the model of the selection, or one built alike.

        Returns:
            The same model.
        """
        return prune_heads(model, torch.as_tensor(self.mask == 1))

    def table(self) -> pandas.DataFrame:
        """One row per head.

        Returns:
            Columns layer, head, kept, gradient, fisher (diagonal), magnitude (mean absolute gradient).
        """
        import pandas

        places = self.statistics.places
        return pandas.DataFrame(
            {
                "layer": [layer for layer, _ in places],
                "head": [head for _, head in places],
                "kept": self.mask == 1,
                "gradient": self.statistics.gradient,
                "fisher": np.diag(self.statistics.fisher),
                "magnitude": self.statistics.magnitudes,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Numbers, strings, lists and dictionaries; what `to_json` writes."""
        return {
            "mask": self.mask.tolist(),
            "answer": self.answer.tolist(),
            "source": self.source,
            "layers": list(self.layers),
            "kept": self.kept,
            "loss_before": self.loss_before,
            "loss_after": self.loss_after,
            "answer_loss": self.answer_loss,
            "predicted_loss": self.predicted_loss,
            "nats_per_unit": self.question.unit,
            "evaluations": self.evaluations,
            "seed": self.seed,
            "interrupted": self.interrupted,
            "notes": list(self.notes),
            "solution": self.solution.to_dict(),
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """`to_dict` as strict JSON.

        Args:
            indent: spaces per level, None for one line.

        Returns:
            The text.
        """
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def plot(self) -> Figure:
        """Draw the mask over the importance of the heads.

        Returns:
            A matplotlib figure that belongs to no window.
        """
        from .head_picture import draw_selection

        return draw_selection(self)

    def report(
        self, path: str | os.PathLike[str], *, held_out: Mapping[str, float] | None = None
    ) -> Path:
        """Write a page with losses, mask, proof and all methods that opens offline.

        Args:
            path: where; an older file is replaced, whole or not at all.
            held_out: figures on data that played no part in the choice, name -> number.

        Returns:
            The path.

        Raises:
            OptionError: the file cannot be written there, or ``held_out`` holds something else than numbers.
        """
        from .head_report import write_head_report

        return write_head_report(self, path, held_out=held_out)

    def __str__(self) -> str:
        words = [
            f"{int(self.mask.sum())} of {len(self.mask)} heads stay; calibration loss {self.loss_before:.4f} "
            f"-> {self.loss_after:.4f} ({self.source}; the answer: {self.answer_loss:.4f}, "
            f"predicted {self.predicted_loss:.4f}; "
            f"{self.evaluations} losses measured)",
            *(f"  layer {layer}: {', '.join(map(str, heads))}" for layer, heads in enumerate(self.kept)),
            *(f"  note: {note}" for note in self.notes),
            str(self.solution),
        ]
        return "\n".join(words)
