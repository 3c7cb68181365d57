"""Train a model with the Trainer of transformers: whole checkpoints, exact resume, one trained folder."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from .checkpoints import write_atomically
from .distance_trainer import DistanceTrainer, process_count, step_counts, trainer_arguments, transformers
from .errors import ConfigurationError
from .peak_memory import PeakMemory
from .performance_callbacks import (
    build_performance_callbacks,
    performance_report,
    release_callbacks,
    settled_settings,
)
from .quiet_libraries import kept_configuration, preserved_random_state, quiet_libraries
from .recomputed_activations import keep_activations
from .task_data import TaskData
from .trained_folder import (
    CHECKPOINTS,
    CURVES,
    HISTORY,
    METRICS,
    SETTINGS,
    WEIGHTS,
    check_folder_is_ours,
    prepare_folder,
)
from .training_callbacks import (
    CheckpointKeeper,
    EpochOrder,
    HistoryWriter,
    InterruptGuard,
    Progress,
    ProgressReporter,
    StepClock,
)
from .training_result import TrainingResult, history_table
from .training_resume import ResumePoint, clear_run, find_resume_point, load_weights, model_facts
from .training_settings import TrainingSettings

__all__ = ["train"]


def train(
    model: Any,
    data: TaskData,
    folder: str | Path,
    settings: TrainingSettings | None = None,
    *,
    resume: str | bool = "auto",
    callbacks: Sequence[Any] = (),
    progress: Progress | None = None,
    data_settings: Mapping[str, Any] | None = None,
) -> TrainingResult:
    """Train a model in place and write the trained folder.

    A run that was killed goes on from its last complete checkpoint when the same call is made again, and ends
    with the weights and losses of an uninterrupted run, bit for bit on a CPU with the same number of threads
    and processes. The first ctrl-C saves a checkpoint after the present step and returns what there is.

    Started by ``accelerate launch`` or ``torchrun``, the processes share each batch; all of them must make
    this call.

    Args:
        model: a model of transformers whose forward pass takes the examples' names and returns ``loss`` and
            ``logits``, e.g. ``DistanceGPT``. It ends up with the kept weights, in evaluation mode.
        data: what to learn, see ``load_data``.
        folder: where everything goes; nothing is written elsewhere.
        settings: the settings; None takes the defaults.
        resume: ``"auto"`` goes on from the last complete checkpoint of the folder where there is one; False
            removes what an earlier run left in the folder and starts afresh.
        callbacks: further callbacks of transformers, besides the performance callbacks of the settings.
        progress: called with the share of the steps done and a few words.
        data_settings: the arguments of ``load_data`` behind the data, with ``source``: with them ``hybrid-opt
            evaluate`` needs nothing but the folder.

    Returns:
        History, losses, speed, memory.

    Raises:
        CheckpointError: the folder's checkpoints are damaged, or of other data, another model or other
            settings.
        ConfigurationError: a setting cannot be used here, the model is none of transformers, or the folder
            holds something else.
        MemoryBudgetError: ``memory_budget`` finds no setting that fits.
        TrainingError: less data than a batch, or a loss that is no number any more.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from hybrid_opt.classical.data_registry import load_data
        >>> from hybrid_opt.classical.trained_folder import model_class
        >>> data = load_data("wine")
        >>> config = data.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
        >>> model = model_class(data.task).from_config(config)
        >>> with TemporaryDirectory() as folder:
        ...     result = train(model, data, folder, TrainingSettings(max_steps=2))
        >>> result.steps, result.interrupted
        (2, False)
    """
    settings = TrainingSettings() if settings is None else settings
    folder = Path(folder)
    _check_arguments(model, data, settings, resume)
    check_folder_is_ours(folder)  # before anything of an earlier run is removed
    _, total = step_counts(settings, len(data.train))
    # All processes look before one of them writes.
    arguments = trainer_arguments(
        settings, len(data.train), str(folder / CHECKPOINTS), unused=_may_leave_unused(model)
    )
    processes = _processes()
    performance = build_performance_callbacks(settings, callbacks)
    facts = {"data": data.hash, "settings": settings.to_dict(), "model": model_facts(model)}
    point = ResumePoint.fresh() if resume is False else find_resume_point(folder, facts, model, total)
    # A budget that nothing fits is refused before anything of an earlier run is removed.
    settled = settled_settings(performance, model, data, settings, total=total, state=point.state)
    if settled is not settings:
        arguments = trainer_arguments(
            settled, len(data.train), str(folder / CHECKPOINTS), unused=_may_leave_unused(model)
        )
    processes.wait_for_everyone()
    if processes.is_main_process:
        if point.checkpoint is None:
            clear_run(folder)
        prepare_folder(folder, data, settings, data_settings)
        if not point.finished:
            # A longer run of a finished folder: until it ends, the checkpoints are what there is.
            (folder / WEIGHTS).unlink(missing_ok=True)
        point.restore_history(folder / HISTORY)
    processes.wait_for_everyone()
    return _run(
        model,
        data,
        folder,
        settings,
        settled,
        arguments,
        {**facts, "processes": process_count()},
        point,
        [*performance, *callbacks],
        progress,
    )


def _run(
    model: Any,
    data: TaskData,
    folder: Path,
    settings: TrainingSettings,
    settled: TrainingSettings,
    arguments: Any,
    facts: dict[str, Any],
    point: ResumePoint,
    callbacks: Sequence[Any],
    progress: Progress | None,
) -> TrainingResult:
    """The run itself, after everything is checked."""
    first = _processes().is_main_process
    clock = StepClock()
    start = time.perf_counter()
    with (
        quiet_libraries(),
        preserved_random_state(),
        InterruptGuard() as guard,
        PeakMemory(arguments.device) as memory,
        kept_configuration(model),
    ):
        early = settings.early_stopping_patience is not None
        used = [clock, HistoryWriter(folder / HISTORY if first else None)]
        if progress is not None and first:
            used.append(ProgressReporter(progress))
        used.append(
            CheckpointKeeper(
                facts,
                settings.keep_checkpoints,
                save_best=early,
                interrupted=_anywhere(guard, arguments.device),
            )
        )
        if early:
            used.append(transformers.EarlyStoppingCallback(settings.early_stopping_patience))
        trainer = DistanceTrainer(model, arguments, data, settled, [*used, *callbacks])
        trainer.add_callback(EpochOrder(trainer.order, data.train))
        try:
            if point.finished:
                load_weights(model, point.required)
                state = point.state
            else:
                resumed = None if point.checkpoint is None else str(point.checkpoint)
                trainer.train(resume_from_checkpoint=resumed)
                state = trainer.state
        finally:
            release_callbacks(trainer.callback_handler.callbacks)
            _unwrap(trainer, model)
        kept = state.best_global_step if early and state.best_global_step else state.global_step
        interrupted = guard.requested() and state.global_step < state.max_steps
        if kept != state.global_step and not interrupted:
            load_weights(model, folder / CHECKPOINTS / f"checkpoint-{kept}")
    model.eval()
    result = TrainingResult(
        history=history_table(state.log_history),
        settings=settings,
        folder=folder,
        steps=state.global_step,
        best_step=state.global_step if interrupted else kept,
        interrupted=interrupted,
        resumed_from=point.step,
        seconds=time.perf_counter() - start,
        tokens_per_second=_speed(clock, settings, data),
        peak_memory_bytes=memory.peak_bytes,
        parameters=sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad),
        notes=tuple(point.notes(settings, total=state.max_steps)),
        callbacks=performance_report(
            trainer.callback_handler.callbacks, point.state if point.finished else None
        ),
    )
    if first:
        _write(result, model)
    _processes().wait_for_everyone()
    return result


def _write(result: TrainingResult, model: Any) -> None:
    """Model, figures and curves; the model last, because its presence says that the run is finished."""
    result.to_json(result.folder / METRICS)
    write_atomically(result.folder / SETTINGS, json.dumps(result.settings.to_dict(), indent=1) + "\n")
    if not result.history.empty:
        result.plot(result.folder / CURVES)
    if not result.interrupted:
        _save_whole(model, result.folder)


def _save_whole(model: Any, folder: Path) -> None:
    """Write the model beside its place, then move its files, the weights last: a kill leaves no half file."""
    part = folder / "model.part"
    if part.exists():  # left by a kill
        shutil.rmtree(part)
    with quiet_libraries():
        model.save_pretrained(part)
    for path in sorted(part.iterdir(), key=lambda path: path.name == WEIGHTS):
        path.replace(folder / path.name)
    part.rmdir()


def _check_arguments(model: Any, data: Any, settings: Any, resume: str | bool) -> None:
    """Refuse what the Trainer would trip over."""
    if not isinstance(model, transformers.PreTrainedModel):
        raise ConfigurationError(
            f"the model is {type(model).__name__}; it must be a model of transformers, e.g. DistanceGPT"
        )
    for name, value, kind in (("data", data, TaskData), ("settings", settings, TrainingSettings)):
        if not isinstance(value, kind):
            raise ConfigurationError(f"{name} must be {kind.__name__}; {type(value).__name__} was given")
    if resume not in ("auto", False):
        raise ConfigurationError(f"resume is {resume!r}; legal are 'auto' and False")


def _may_leave_unused(model: Any) -> bool:
    """Whether a step may give some parameters no gradient, so that processes have to look for them."""
    kinds = getattr(model.config, "feed_forward", "dense")
    parts = [getattr(model.config, name, None) for name in ("router", "head_gate", "controller")]
    return kinds != "dense" or any(part is not None for part in parts)


def _processes() -> Any:
    from accelerate import PartialState

    return PartialState()


def _anywhere(guard: InterruptGuard, device: torch.device) -> Any:
    """Whether ctrl-C was pressed in any process: all must stop after the same step."""
    if process_count() == 1:
        return guard.requested

    def asked() -> bool:
        wish = torch.tensor(float(guard.requested()), device=device)
        torch.distributed.all_reduce(wish, torch.distributed.ReduceOp.MAX)
        return bool(wish.item())

    return asked


def _unwrap(trainer: DistanceTrainer, model: Any) -> None:
    """Take off what training put around the forward pass: autocast, recomputation."""
    trainer.accelerator.unwrap_model(model, keep_fp32_wrapper=False)
    if trainer.settings.gradient_checkpointing:
        keep_activations(model)


def _speed(clock: StepClock, settings: TrainingSettings, data: TaskData) -> float:
    """Positions read in a second of training steps."""
    positions = clock.steps * settings.examples_per_step * data.sequence_length
    return positions / clock.seconds if clock.seconds else 0.0
