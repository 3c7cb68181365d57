"""Train a model and leave no file behind: for the many short runs of a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Any

from .distance_trainer import DistanceTrainer, step_counts, trainer_arguments, transformers
from .errors import ConfigurationError, TrainingError
from .evaluation_pass import add_up
from .performance_callbacks import (
    build_performance_callbacks,
    performance_report,
    release_callbacks,
    settled_settings,
)
from .quiet_libraries import kept_configuration, preserved_random_state, quiet_libraries
from .task_data import TaskData
from .training_callbacks import EpochOrder, HistoryWriter, Progress, ProgressReporter
from .training_settings import TrainingSettings

__all__ = ["train_without_files"]

OnValidation = Callable[[int, float], bool]
"""Called with optimizer step and validation loss; a true answer ends the training."""

OnCallbacks = Callable[[dict[str, Any]], None]
"""Called with what each performance callback did."""

TrainerCallback: Any = transformers.TrainerCallback


class _Watcher(TrainerCallback):  # type: ignore[misc]
    """Hands validation losses on, and ends the run where it is told to."""

    def __init__(self, on_validation: OnValidation) -> None:
        self.on_validation = on_validation

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, float], **named: Any
    ) -> None:
        """Called after each validation; that of the last step is handed on by whoever trains."""
        if state.global_step < state.max_steps and self.on_validation(
            state.global_step, float(metrics["eval_loss"])
        ):
            control.should_training_stop = True


def train_without_files(
    model: Any,
    data: TaskData,
    settings: TrainingSettings | None = None,
    *,
    on_validation: OnValidation | None = None,
    callbacks: Sequence[Any] = (),
    on_callbacks: OnCallbacks | None = None,
    progress: Progress | None = None,
) -> float:
    """Train a model in place as ``train`` does, without folder, checkpoints and figures.

    Weights and losses are those of ``train`` with the same settings, as long as nothing ends the run early.

    Args:
        model: a model of transformers, e.g. ``DistanceGPT``. It ends up with the weights of the last step, in
            evaluation mode.
        data: what to learn.
        settings: the settings; None takes the defaults.
        on_validation: called with step and loss of each validation during training; a true answer ends the
            run there. Without it the only validation is the last, unless the callback
            ``progress_learning_rate`` needs more.
        callbacks: further callbacks of transformers, besides the performance callbacks of the settings.
        on_callbacks: called at the end with what each performance callback did, name -> its ``to_dict``.
        progress: called with the share of the steps done and a few words.

    Returns:
        Validation loss of the final weights, per counted label (squared error for numbers).

    Raises:
        ConfigurationError: early stopping, which needs checkpoints, or a setting that cannot be used here.
        TrainingError: less data than a batch, or a loss that is no number any more.

    Example:
        >>> from hybrid_opt.classical.data_registry import load_data
        >>> from hybrid_opt.classical.trained_folder import model_class
        >>> data = load_data("wine")
        >>> config = data.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
        >>> model = model_class(data.task).from_config(config)
        >>> loss = train_without_files(model, data, TrainingSettings(max_steps=3))
        >>> 0 < loss < 3
        True
    """
    settings = TrainingSettings() if settings is None else settings
    if settings.early_stopping_patience is not None:
        raise ConfigurationError(
            f"early_stopping_patience is {settings.early_stopping_patience}; training without files keeps no "
            "earlier weights to go back to: leave it None, or use train(model, data, folder, settings)"
        )
    _, total = step_counts(settings, len(data.train))
    performance = build_performance_callbacks(settings, callbacks)
    settings = settled_settings(performance, model, data, settings, total=total)
    if on_validation is None and "progress_learning_rate" not in settings.callbacks:
        settings = replace(settings, eval_steps=total + 1)
    with (
        TemporaryDirectory() as scratch,
        quiet_libraries(),
        preserved_random_state(),
        kept_configuration(model),
    ):
        arguments = trainer_arguments(settings, len(data.train), scratch, unused=True, save=False)
        used: list[Any] = [HistoryWriter(None), *performance, *callbacks]
        if progress is not None:
            used.append(ProgressReporter(progress))
        if on_validation is not None:
            used.append(_Watcher(on_validation))
        trainer = DistanceTrainer(model, arguments, data, settings, used)
        trainer.add_callback(EpochOrder(trainer.order, data.train))
        try:
            trainer.train()
        finally:
            release_callbacks(performance)
            trainer.accelerator.unwrap_model(model, keep_fp32_wrapper=False)
    if on_callbacks is not None:
        on_callbacks(performance_report(trainer.callback_handler.callbacks))
    model.eval()
    sums = add_up(model, data.validation, data.task, collate=data.collate, batch_size=settings.batch_size)
    if not sums.items:
        raise TrainingError("the validation set has no label that counts; give it more examples")
    return sums.mean_loss
