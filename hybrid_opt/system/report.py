"""What a run found: each step, the gain on the test split, the plans; as tables, JSON and a page.

Shapes: S seeds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tuning.finalists import half_width
from .configuration import HybridConfig
from .plan_results import PlanResult
from .recipe import Recipe
from .recipe_training import TrainingRecord
from .step_results import StepResult

if TYPE_CHECKING:
    import pandas

    from ..reports import Table

__all__ = ["HybridReport"]

GIVEN = "as given"


@dataclass(frozen=True, eq=False)
class HybridReport:
    """The answer of `HybridOptimizer.run`.

    Attributes:
        config: the question.
        seed: what repeats it, all but the seconds.
        path: the folder of the run.
        steps: in their order.
        recipes: "as given" and each finished level -> the best recipe then.
        recipe: the last one; ``recipe.configuration()`` and ``recipe.training`` train it.
        records: name of a level -> trainings of its recipe on the seeds that judged the steps.
        tests: name of a level -> losses on the test split after trainings from fresh seeds.
        facts: "as given" and "in the end" -> parameters and attention of a trained model.
        plans: solved plans.
        interrupted: ctrl-C ended the run before; the same call goes on.
        seconds: time of this call.
    """

    config: HybridConfig
    seed: int
    path: Path
    steps: list[StepResult]
    recipes: Mapping[str, Recipe]
    recipe: Recipe
    records: Mapping[str, Sequence[TrainingRecord]]
    tests: Mapping[str, Sequence[float]]
    facts: Mapping[str, Any]
    plans: Sequence[PlanResult]
    interrupted: bool
    seconds: float

    @property
    def gain(self) -> tuple[float, float] | None:
        """Test loss as given minus that of the last recipe, seed by seed: mean, half of the 95 % interval.

        None before the test, and where a training diverged.
        """
        return self.gain_of(list(self.recipes)[-1])

    def gain_of(self, level: str) -> tuple[float, float] | None:
        """The same for the best recipe of a level.

        Args:
            level: a name of ``recipes``.

        Returns:
            Mean and half-width; (0, 0) where nothing was kept.
        """
        if self.interrupted or GIVEN not in self.tests or level not in self.tests:
            return None
        first, last = np.asarray(self.tests[GIVEN]), np.asarray(self.tests[level])
        if not (np.isfinite(first).all() and np.isfinite(last).all()):
            return None
        differences = first - last
        return float(differences.mean()), half_width(differences.tolist())

    @property
    def verdict(self) -> str:
        """One sentence on what the run was worth."""
        if self.interrupted:
            return f"interrupted; the same call goes on from {self.path}"
        if not self.config.neural:
            return "nothing was trained: the engine neural is switched off"
        kept = [step.name for step in self.steps if step.kept]
        if not kept:
            return "no step gained more than its spread: the recipe stays as given"
        if self.gain is None:
            return f"kept: {', '.join(kept)}; a training from a fresh seed diverged"
        mean, width = self.gain
        side = "lower" if mean >= 0 else "HIGHER"
        told = "beyond" if abs(mean) > width else "within"
        return (
            f"kept: {', '.join(kept)}; test loss {abs(mean):.4f} ± {width:.4f} {side} than as given over "
            f"{self.config.test_seeds} fresh seeds, {told} the 95 % interval"
        )

    def sentences(self) -> list[str]:
        """What was undone and why, what circuits brought beside their controls, and the verdict."""
        from .quantum_block import quantum_uses

        lines = []
        for step in self.steps:
            notes = [*step.proposal.notes] if step.arms else []  # without arms, the words are the notes
            lines += [f"{step.name}: {words}." for words in (step.words(), *notes)]
        lines += [use.words() for use in quantum_uses(self.steps)]
        return [*lines, f"{self.verdict[:1].upper()}{self.verdict[1:]}."]

    def table(self) -> pandas.DataFrame:
        """One row per step.

        Returns:
            Columns step, level, kept, best, gain, spread, memory_saved (bytes), trainings, circuit_runs,
            seconds.
        """
        import pandas

        names = ("step", "level", "kept", "best", "gain", "spread", "memory_saved", "trainings",
                 "circuit_runs", "seconds")  # fmt: skip
        rows = []
        for step in self.steps:
            found = step.decision
            figures = (None,) * 3 if found is None else (found.gain, found.spread, found.memory)
            rows.append(
                (step.name, step.level, step.kept, step.best, *figures, step.trainings, step.circuit_runs,
                 step.seconds)
            )  # fmt: skip
        return pandas.DataFrame(rows, columns=list(names))

    def tables(self) -> list[Table]:
        """Every block as tables for a terminal or a page."""
        from .report_tables import report_tables

        return report_tables(self)

    def to_dict(self) -> dict[str, Any]:
        """The whole answer as JSON values."""
        gain = self.gain
        return {
            "level": self.config.level,
            "switched_off": self.config.switched_off(),
            "seed": self.seed,
            "interrupted": self.interrupted,
            "verdict": self.verdict,
            "gain": None if gain is None else {"mean": gain[0], "half_width": gain[1]},
            "steps": [step.to_dict() for step in self.steps],
            "recipe": self.recipe.to_dict(),
            "changes": self.recipes[GIVEN].changes_to(self.recipe),
            "validation": {
                name: [record.validation for record in records] for name, records in self.records.items()
            },
            "tests": {
                name: [loss if np.isfinite(loss) else None for loss in losses]
                for name, losses in self.tests.items()
            },
            "model": dict(self.facts),
            "plans": [plan.to_dict() for plan in self.plans],
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
        """Write a page with every block that opens offline.

        Args:
            path: where; an older file is replaced, whole or not at all.

        Returns:
            The path.

        Raises:
            OptionError: the file cannot be written there.
        """
        from .report_page import write_system_page

        return write_system_page(self, path)

    def __str__(self) -> str:
        from ..reports import table_text

        return "\n".join([*(table_text(table) for table in self.tables()), *self.sentences()])
