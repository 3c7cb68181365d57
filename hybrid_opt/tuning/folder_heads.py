"""Choose the heads of a trained folder: data found again, losses before and after on held-out examples."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..classical.evaluation import Evaluation, evaluate
from ..classical.folder_evaluation import folder_data
from ..classical.head_pruning import prune_heads
from ..classical.head_sites import find_head_sites
from ..classical.trained_folder import TrainedModel, load_trained
from ..errors import OptionError
from ..progress import Progress, silent
from ..reports import Table
from ..solvers.registry import methods
from ..solvers.running import part_of
from ..solvers.settings import check_choice
from .head_choice import HeadSelection
from .head_methods import EXACT_HEADS
from .head_selection import select_heads
from .head_tables import layer_table, solver_sentences, solver_table
from .pruned_folder import check_new_folder, write_pruned_folder
from .quantum_rows import is_quantum

__all__ = ["LOSSES", "FolderHeads", "select_folder_heads"]

LOSSES = "head_losses.jsonl"
"""The file in a trained folder that keeps measured losses; a killed command goes on from it."""

_SPLIT = "test"
_FIGURES = ("loss", "perplexity", "bits_per_character", "accuracy", "macro_f1", "r_squared")


@dataclass(frozen=True, eq=False)
class FolderHeads:
    """What became of the heads of a trained folder.

    Attributes:
        folder: the trained folder.
        selection: the choice, with its calibration losses and its proof.
        before: figures on the test split with all heads; None where ctrl-C came before.
        after: the same with the heads that stay.
        parameters: weights before and after pruning.
        written: the new folder, or None.
        notes: sentences on the folder; the selection has its own.
    """

    folder: Path
    selection: HeadSelection
    before: Evaluation | None
    after: Evaluation | None
    parameters: tuple[int, int]
    written: Path | None = None
    notes: list[str] = field(default_factory=list)

    def held_out(self) -> dict[str, float]:
        """Figures on the test split, name -> number; empty where they were not computed."""
        figures: dict[str, float] = {}
        if self.before is not None and self.after is not None:
            for name in _figures(self.before):
                for words, part in (("all heads", self.before), ("kept heads", self.after)):
                    figures[f"{_SPLIT} {name.replace('_', ' ')}, {words}"] = float(getattr(part, name))
        return figures

    def tables(self) -> list[Table]:
        """Losses, heads by layer, methods: what the command prints."""
        return [self._losses(), layer_table(self.selection), solver_table(self.selection)]

    def sentences(self) -> list[str]:
        """What stands below the tables."""
        return [*solver_sentences(self.selection), *self.notes]

    def _losses(self) -> Table:
        chosen, (all_weights, left) = self.selection, self.parameters
        rows = [_loss_row("calibration loss", chosen.loss_before, chosen.loss_after)]
        strong = [0]
        if self.before is not None and self.after is not None:
            strong = [1]
            for name in _figures(self.before):
                words = f"{_SPLIT} {name.replace('_', ' ')}"
                rows.append(_loss_row(words, getattr(self.before, name), getattr(self.after, name)))
        rows.append(["parameters", f"{all_weights:,}", f"{left:,}", f"{left / all_weights - 1:+.1%}"])
        held = "not evaluated" if self.before is None else f"{self.before.examples:,} held-out examples"
        return Table(
            ["", "all heads", "kept heads", "change"],
            rows,
            title=f"{self.folder}: {int(chosen.mask.sum())} of {len(chosen.mask)} heads stay",
            align=["left", "right", "right", "right"],
            note=f"{_SPLIT} split: {held}; calibration: {chosen.statistics.examples:,} training examples, on "
            "which the heads were chosen",
            strong=strong,
        )

    def report(self, path: str | os.PathLike[str]) -> Path:
        """The page of the selection with the held-out figures.

        Args:
            path: where; an older file is replaced, whole or not at all.

        Returns:
            The path.

        Raises:
            OptionError: the file cannot be written there.
        """
        return self.selection.report(path, held_out=self.held_out() or None)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "folder": str(self.folder),
            "selection": self.selection.to_dict(),
            "before": None if self.before is None else self.before.to_dict(),
            "after": None if self.after is None else self.after.to_dict(),
            "parameters_before": self.parameters[0],
            "parameters_after": self.parameters[1],
            "written": None if self.written is None else str(self.written),
            "notes": list(self.notes),
        }


def select_folder_heads(
    folder: str | os.PathLike[str],
    keep: float | int | Sequence[int] | None = None,
    *,
    budget: float | None = None,
    costs: str = "parameters",
    method: str = "auto",
    compare: Sequence[str] = (),
    evaluations: int | None = None,
    examples: int | None = 512,
    redundancy: float = 0.0,
    batch_size: int = 32,
    seed: int | None = None,
    time_limit: float = 60.0,
    out: str | os.PathLike[str] | None = None,
    progress: Progress = silent,
) -> FolderHeads:
    """Choose heads of the model in a trained folder, on its training data; judge them on its test data.

    Args:
        folder: what ``hybrid-opt train`` wrote.
        keep: see `select_heads`.
        budget: see `select_heads`.
        costs: "parameters" or "flops".
        method: a name of ``hybrid_opt.methods()``.
        compare: further names. A quantum method without any stands beside exact (or MILP above 24 heads) and
            greedy.
        evaluations: calibration losses to measure; None for four per head.
        examples: most calibration examples.
        redundancy: see `select_heads`.
        batch_size: examples in one forward pass.
        seed: of everything random.
        time_limit: seconds for each method.
        out: a new folder for the pruned model.
        progress: called with the share done.

    Returns:
        The choice and its figures. Where ctrl-C ended the measuring, there are no test figures and no new
        folder; ``selection.interrupted`` says so.

    Raises:
        OptionError: an impossible choice, an unknown method, a folder that cannot be written.
        CheckpointError: no trained folder, or one without a model, or changed data.
        ConfigurationError: a model without known attention, or one whose heads cannot be pruned.
    """
    names = [str(name) for name in methods()["method"]]
    check_choice("method", method, names)
    for name in compare:
        check_choice("compare", name, names)
    check_choice("costs", costs, ("parameters", "flops"))
    place = None if out is None else check_new_folder(out)
    trained = load_trained(Path(folder))
    model: Any = trained.model
    sites = find_head_sites(model)
    smaller = _to_be_pruned(trained, saved=place is not None)
    data = folder_data(trained)
    if not compare and is_quantum(method):
        total = sum(site.num_heads for site in sites)
        compare = ("exact" if total <= EXACT_HEADS else "milp", "greedy")
    selection = select_heads(
        model, data, keep, budget=budget, costs=costs, method=method, compare=compare,
        evaluations=evaluations, examples=examples, redundancy=redundancy, batch_size=batch_size, seed=seed,
        time_limit=time_limit, journal=Path(folder) / LOSSES, progress=part_of(progress, 0.0, 0.9, ""),
    )  # fmt: skip
    notes = []
    if trained.step is not None:
        notes.append(f"The run is not finished: these are the weights of its step {trained.step}.")
    if getattr(model.config, "kept_heads", None) is not None:
        notes.append("The model had been pruned before: heads are numbered among those that were left.")
    weights = _count(model)
    selection.prune(smaller)
    answer = FolderHeads(Path(folder), selection, None, None, (weights, _count(smaller)), None, notes)
    if selection.interrupted:
        return answer

    def figures(part: nn.Module, first: float) -> Evaluation:
        told = part_of(progress, first, 0.05, f"{_SPLIT} split")
        return evaluate(part, data, _SPLIT, batch_size=batch_size, baselines=False, progress=told)

    before, after = figures(model, 0.9), figures(smaller, 0.95)
    if place is not None:
        place = write_pruned_folder(replace(trained, model=smaller), selection, place)
    return replace(answer, before=before, after=after, written=place)


def _to_be_pruned(trained: TrainedModel, *, saved: bool) -> Any:
    """A copy of the model for pruning; what cannot be pruned or saved is refused before the work."""
    sites = find_head_sites(trained.model)
    if saved and any(site.family != "distance" for site in sites):
        raise OptionError(
            f"{type(trained.model).__name__} cannot be saved without some of its heads: its configuration "
            "cannot say which are gone. Leave --out away, and use classical.prune_heads from Python"
        )
    first_heads = [head == 0 for site in sites for head in range(site.num_heads)]
    prune_heads(copy.deepcopy(trained.model), torch.tensor(first_heads))
    return copy.deepcopy(trained.model)


def _loss_row(name: str, before: float, after: float) -> list[str]:
    return [name, f"{before:.4f}", f"{after:.4f}", f"{after - before:+.4f}"]


def _figures(evaluation: Evaluation) -> list[str]:
    return [name for name in _FIGURES if getattr(evaluation, name) is not None]


def _count(model: Any) -> int:
    return sum(part.numel() for part in model.parameters())
