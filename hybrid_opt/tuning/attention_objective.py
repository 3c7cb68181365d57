"""What a trial of a search over attention settings does: build the model, train it briefly, say its loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import optuna
import torch
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.trial import Trial

from ..classical.configuration import DistanceTransformerConfig
from ..classical.counted_loss import move_batch
from ..classical.distance_trainer import step_counts
from ..classical.errors import DivergenceError
from ..classical.evaluation_pass import add_up, stack_examples
from ..classical.quiet_libraries import preserved_random_state
from ..classical.short_training import train_without_files
from ..classical.task_data import TaskData
from ..classical.trained_folder import model_class
from ..classical.training_settings import TrainingSettings
from ..errors import OptionError
from ..progress import Progress, silent
from .attention_settings import apply_settings, attention_space, check_attention_space
from .trial_costs import forward_seconds, training_bytes

__all__ = ["OBJECTIVES", "AttentionObjective"]

OBJECTIVES = ("loss", "latency", "memory")
DIVERGED = "diverged"  # user attribute of a trial whose training did


class AttentionObjective:
    """An Optuna objective: validation loss of a distance-attention model after a short training.

    Hand it to any study, with any sampler, storage and number of workers, as ``tune_attention`` does.
    Every trial trains from the same seed, so that trials differ by their settings and not by their luck. A
    training that diverges counts as an infinitely large loss: the search then keeps away from there.

    Args:
        config: the configuration the search starts from.
        data: what to learn, see ``classical.load_data``.
        training: settings of each training; None takes the defaults.
        search_space: setting -> Optuna distribution; None takes ``attention_space(config, training)``.
        objectives: what to minimize: "loss" (validation, per label), "latency" (seconds of a forward pass of
            one batch), "memory" (bytes that a training step holds).
        seed: of weights, order and dropout in every trial.

    Attributes:
        search_space: the search space.
        progress: called within a training with the share done.

    Raises:
        OptionError: data that do not fit the configuration, an unknown objective, a search space without
            choice or with illegal settings.
        TrainingError: less data than a batch.

    Example:
        >>> from hybrid_opt.classical import load_data
        >>> data = load_data("wine")
        >>> config = data.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
        >>> objective = AttentionObjective(config, data, TrainingSettings(max_steps=2), seed=1)
        >>> study = optuna.create_study()
        >>> study.optimize(objective, n_trials=1)
        >>> 0 < study.best_value < 3
        True
    """

    def __init__(
        self,
        config: DistanceTransformerConfig,
        data: TaskData,
        training: TrainingSettings | None = None,
        *,
        search_space: Mapping[str, BaseDistribution] | None = None,
        objectives: Sequence[str] = ("loss",),
        seed: int = 0,
    ) -> None:
        check_fit(config, data)
        self.config, self.data, self.seed = config, data, seed
        self.training = TrainingSettings() if training is None else training
        if search_space is None:
            search_space = attention_space(config, self.training)
        self.search_space = check_attention_space(search_space, config, self.training)
        self._check_batches()
        self.objectives = _read_objectives(objectives)
        self.progress: Progress = silent

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process: everything but the function that reports progress here."""
        return {**self.__dict__, "progress": silent}

    def _check_batches(self) -> None:
        """Refuse batches larger than the training set before the first training, not as failed trials."""
        sizes = self.search_space.get("batch_size")
        choices = getattr(sizes, "choices", None) or (getattr(sizes, "high", self.training.batch_size),)
        for size in choices:
            step_counts(replace(self.training, batch_size=size), len(self.data.train))

    def __call__(self, trial: Trial) -> float | tuple[float, ...]:
        """Train with the trial's settings.

        Args:
            trial: the trial.

        Returns:
            The value of each objective, a single one as it is.

        Raises:
            optuna.TrialPruned: the study's pruner ended the training.
            OptionError: settings that do not fit together.
        """
        params = {name: _ask(trial, name, kind) for name, kind in self.search_space.items()}
        pruned = False

        def watch(step: int, loss: float) -> bool:
            nonlocal pruned
            if step not in trial_reports:
                trial.report(loss, step)
            pruned = trial.should_prune()
            return pruned

        # A trial that was killed and runs again has reported some steps already.
        trial_reports = set(trial.study._storage.get_trial(trial._trial_id).intermediate_values)
        no_pruning = isinstance(trial.study.pruner, optuna.pruners.NopPruner) or len(self.objectives) > 1
        try:
            model, loss = self.train(params, self.seed, None if no_pruning else watch)
        except DivergenceError as error:
            trial.set_user_attr(DIVERGED, str(error))
            return self._values(math.inf, dict.fromkeys(self.objectives, math.inf))
        if pruned:
            raise optuna.TrialPruned
        return self._values(loss, self._costs(model))

    def train(
        self, params: Mapping[str, Any], seed: int, on_validation: Callable[[int, float], bool] | None = None
    ) -> tuple[Any, float]:
        """Train a model with some settings.

        Args:
            params: setting -> value; none for the configuration as it is.
            seed: of weights, order and dropout.
            on_validation: see ``classical.train_without_files``.

        Returns:
            The model and its validation loss.

        Raises:
            OptionError: settings that do not fit together.
            DivergenceError: the loss is no number any more.
        """
        config, training = apply_settings(params, self.config, self.training)
        with preserved_random_state():
            torch.manual_seed(seed)
            model = model_class(self.data.task).from_config(config)
        if torch.cuda.is_available():
            model = model.cuda()
        loss = train_without_files(
            model,
            self.data,
            replace(training, seed=seed),
            on_validation=on_validation,
            progress=lambda share, text: self.progress(share, text),
        )
        return model, loss

    def held_out(self, model: Any) -> float:
        """Loss of a model on the test split, per label."""
        sums = add_up(
            model,
            self.data.test,
            self.data.task,
            collate=self.data.collate,
            batch_size=self.training.batch_size,
        )
        return sums.mean_loss

    def _costs(self, model: Any) -> dict[str, float]:
        if self.objectives == ("loss",):
            return {}
        part = self.data.validation
        count = min(self.training.batch_size, len(part))
        examples = [part[i] for i in range(count)]
        batch = move_batch(
            (self.data.collate or stack_examples)(examples), next(model.parameters()).device
        )
        costs = {}
        if "latency" in self.objectives:
            costs["latency"] = forward_seconds(model, batch)
        if "memory" in self.objectives:
            costs["memory"] = float(training_bytes(model, batch))
        return costs

    def _values(self, loss: float, costs: Mapping[str, float]) -> float | tuple[float, ...]:
        if len(self.objectives) == 1 and self.objectives[0] == "loss":
            return loss
        values = tuple(loss if name == "loss" else costs[name] for name in self.objectives)
        return values if len(values) > 1 else values[0]


def check_fit(config: Any, data: Any) -> None:
    """Refuse a configuration without distance attention, and data that it cannot read.

    Args:
        config: what was given as configuration.
        data: what was given as data.

    Raises:
        OptionError: they are of another kind, or do not fit each other.
    """
    if not isinstance(config, DistanceTransformerConfig):
        raise OptionError(
            f"config is {type(config).__name__}, which has no distance attention to tune; give a "
            "DistanceTransformerConfig, e.g. data.config(hidden_size=64)"
        )
    if not isinstance(data, TaskData):
        raise OptionError(
            f"data is {type(data).__name__}; give TaskData, e.g. classical.load_data('digits')"
        )
    facts: list[tuple[str, Any, Any, bool]] = [
        # Tokens that never occur do no harm.
        ("vocab_size", config.vocab_size, data.vocab_size, config.vocab_size >= (data.vocab_size or 0)),
        ("value_width", config.value_width, data.value_width, config.value_width == data.value_width),
    ]
    if data.task.endswith("classification"):
        labels = len(data.labels)
        facts.append(("num_labels", config.num_labels, labels, config.num_labels == labels))
    for name, own, wanted, fits in facts:
        if not fits:
            raise OptionError(
                f"the configuration has {name}={own!r} and the data {data.name!r} need {wanted!r}; start "
                "from data.config(...)"
            )


def _read_objectives(objectives: Any) -> tuple[str, ...]:
    names = (objectives,) if isinstance(objectives, str) else tuple(objectives)
    if not names or len(set(names)) != len(names) or not set(names) <= set(OBJECTIVES):
        raise OptionError(f"objectives is {objectives!r}; legal are one to three of {', '.join(OBJECTIVES)}")
    return names


def _ask(trial: Trial, name: str, distribution: BaseDistribution) -> Any:
    """A trial's value of one setting."""
    if isinstance(distribution, CategoricalDistribution):
        return trial.suggest_categorical(name, distribution.choices)
    if isinstance(distribution, FloatDistribution):
        low, high, step = distribution.low, distribution.high, distribution.step
        return trial.suggest_float(name, low, high, step=step, log=distribution.log)
    whole: Any = distribution  # checked before the first trial
    return trial.suggest_int(name, whole.low, whole.high, step=whole.step, log=whole.log)
