"""Train recipes on the seeds of a run; what the folder knows is not trained again.

Shapes: S seeds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..progress import Progress
from ..seeds import child_seed
from .configuration import HybridConfig
from .recipe import Recipe
from .recipe_training import (
    TrainingRecord,
    choose_recipe_heads,
    mean_entropy,
    new_model,
    split_loss,
    train_recipe,
)
from .run_folder import RunFolder

__all__ = ["RecipeTrials"]


class RecipeTrials:
    """Trains recipes and remembers what came out.

    Args:
        config: the question.
        folder: where everything is kept.
        seed: of the run.

    Attributes:
        check_seeds: by which steps are judged.
        test_seeds: fresh ones, for the test split.
    """

    def __init__(self, config: HybridConfig, folder: RunFolder, seed: int) -> None:
        self.config, self.folder = config, folder
        self.check_seeds = [child_seed(seed, f"check {number}") for number in range(config.seeds)]
        self.test_seeds = [child_seed(seed, f"test {number}") for number in range(config.test_seeds)]

    def measured(self, recipe: Recipe, progress: Progress) -> list[TrainingRecord]:
        """The records of a recipe on all check seeds, training where none is known.

        Args:
            recipe: the recipe.
            progress: called with the share of them done.

        Returns:
            S records.
        """
        records = []
        for number, seed in enumerate(self.check_seeds):
            told = _part(progress, number, len(self.check_seeds))
            known = self.folder.training(recipe, seed)
            if known is None:
                known = self._train(recipe, seed, told)[1]
                self.folder.keep_training(recipe, seed, known)
            records.append(known)
        return records

    def known(self, recipe: Recipe) -> list[TrainingRecord]:
        """The records that are known already, at most S."""
        found = [self.folder.training(recipe, seed) for seed in self.check_seeds]
        return [record for record in found if record is not None]

    def model(self, recipe: Recipe, seed: int, progress: Progress) -> Any:
        """The trained model of a recipe, heads chosen; None where training diverged."""
        return self._train(recipe, seed, progress)[0]

    def tested(self, recipe: Recipe, progress: Progress) -> list[float]:
        """Losses on the test split after trainings from fresh seeds.

        Args:
            recipe: the recipe.
            progress: called with the share of them done.

        Returns:
            One loss per test seed; infinite where training diverged.
        """
        losses = []
        for number, seed in enumerate(self.test_seeds):
            told = _part(progress, number, len(self.test_seeds))
            known = self.folder.test(recipe, seed)
            if known is None:
                model, record = self._train(recipe, seed, told, kept=False)
                test = None
                if model is not None:
                    test = split_loss(model, self.config.data, "test", recipe.training.batch_size)
                known = {"validation": record.validation, "test": test}
                self.folder.keep_test(recipe, seed, known)
            losses.append(float("inf") if known["test"] is None else float(known["test"]))
        return losses

    def _train(
        self, recipe: Recipe, seed: int, progress: Progress, *, kept: bool = True
    ) -> tuple[Any, TrainingRecord]:
        """Train, or take up kept weights; then choose heads, where the recipe does."""
        data = self.config.data
        plain = replace(recipe, heads=None)
        model, record = None, self.folder.training(plain, seed) if kept else None
        weights = None if record is None else self.folder.weights(plain, seed)
        if record is not None and weights is not None:
            model = new_model(plain, data, seed)
            model.load_state_dict(weights)
            model.eval()
        elif record is None or record.validation is not None:
            model, fresh = train_recipe(plain, data, seed, progress)
            if kept and model is not None:
                # Before the record, so that whoever knows the record finds the weights.
                self.folder.keep_weights(plain, seed, model)
            if kept and record is None:
                self.folder.keep_training(plain, seed, fresh)
            record = fresh if record is None else record
        if recipe.heads is None or model is None:
            return model, record
        selection = choose_recipe_heads(
            recipe, model, data, seed, self.folder.journal(recipe, seed), progress, self.config.time_limit
        )
        chosen = replace(
            record,
            validation=split_loss(model, data, "validation", recipe.training.batch_size),
            seconds=record.seconds + selection["seconds"],
            entropy=mean_entropy(model, data),
            heads=sum(map(len, selection["kept"])),
            selection=selection,
        )
        return model, chosen


def _part(progress: Progress, number: int, total: int) -> Progress:
    return lambda share, text: progress(
        (number + share) / total, f"training {number + 1} of {total}: {text}" if text else ""
    )
