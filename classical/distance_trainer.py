"""The Trainer of transformers with what exactness asks for: weighted losses, a repeatable order."""

from __future__ import annotations

import math
import os
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from .attention_scale import no_decay_parameter_names
from .counted_loss import counted_items, weighted_mean_loss
from .errors import AttentionError, ConfigurationError, DivergenceError, TrainingError
from .evaluation_pass import add_up, stack_examples
from .optional_libraries import load_library
from .performance_callback import PerformanceCallback
from .training_callbacks import EpochSampler, diverged
from .training_schedules import build_schedule
from .training_settings import TrainingSettings

__all__ = ["DistanceTrainer", "process_count", "step_counts", "trainer_arguments"]

transformers: Any = load_library("transformers", "transformer")
load_library("accelerate", "transformer")  # the Trainer would only say so itself when it is half built


def process_count() -> int:
    """Number of processes that ``accelerate launch`` or ``torchrun`` started for this run; 1 without them.

    Example:
        >>> process_count()
        1
    """
    return int(os.environ.get("WORLD_SIZE", "1"))


def step_counts(settings: TrainingSettings, examples: int) -> tuple[int, int]:
    """Optimizer steps of one epoch and of the whole run.

    A last batch that is not full is left out of an epoch (the next epoch has another order): so each step
    sees equally many examples, and several processes do what one does.

    Args:
        settings: batch size, accumulation, epochs or steps.
        examples: size of the training set.

    Returns:
        Steps of an epoch, steps of the run.

    Raises:
        TrainingError: the training set has fewer examples than a batch.

    Example:
        >>> step_counts(TrainingSettings(batch_size=4, num_epochs=3, gradient_accumulation=2), 23)
        (3, 9)
    """
    batches = examples // settings.batch_size
    if batches == 0:
        raise TrainingError(
            f"the training set has {examples} examples and batch_size is {settings.batch_size}; give a "
            f"batch_size of at most {examples}"
        )
    per_epoch = -(-batches // settings.gradient_accumulation)
    if settings.max_steps is not None:
        return per_epoch, settings.max_steps
    return per_epoch, max(1, round(settings.num_epochs * per_epoch))


def trainer_arguments(
    settings: TrainingSettings, examples: int, folder: str, *, unused: bool, save: bool = True
) -> Any:
    """The arguments of the Trainer: quiet, offline, one meaning of batch size for any number of processes.

    Args:
        settings: the settings.
        examples: size of the training set.
        folder: where checkpoints go.
        unused: whether some parameters may get no gradient in a step (experts without tokens).
        save: whether there are checkpoints at all.

    Returns:
        ``transformers.TrainingArguments``.

    Raises:
        ConfigurationError: the batch cannot be divided among the processes, or float16 without a GPU.
    """
    processes = process_count()
    if settings.batch_size % processes:
        raise ConfigurationError(
            f"batch_size {settings.batch_size} cannot be divided among {processes} processes; give a "
            f"multiple of {processes}"
        )
    gpu = torch.cuda.is_available()
    if settings.precision == "float16" and not gpu:
        raise ConfigurationError("precision float16 needs a GPU; on a CPU take bfloat16, or float32")
    per_epoch, total = step_counts(settings, examples)
    often = min(per_epoch, -(-total // 10))
    values: dict[str, Any] = {
        "output_dir": folder,
        "per_device_train_batch_size": settings.batch_size // processes,
        "gradient_accumulation_steps": settings.gradient_accumulation,
        "max_steps": total,
        "learning_rate": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "optim": "adamw_torch",
        "max_grad_norm": settings.max_grad_norm or 0.0,
        "bf16": settings.precision == "bfloat16",
        "fp16": settings.precision == "float16",
        "seed": settings.seed,
        "logging_strategy": "steps",
        "logging_steps": settings.logging_steps,
        "logging_nan_inf_filter": False,  # it would log a NaN as the mean of what came before
        "eval_strategy": "steps",
        "eval_steps": settings.eval_steps or often,
        "save_strategy": "steps" if save else "no",
        "save_steps": settings.save_steps or often,
        "save_total_limit": None,  # the keeper removes old ones, marker first
        "metric_for_best_model": "eval_loss",
        "greater_is_better": False,
        "restore_callback_states_from_checkpoint": True,
        "remove_unused_columns": False,
        "dataloader_drop_last": True,
        "dataloader_pin_memory": gpu,
        "ddp_find_unused_parameters": unused,
        "use_cpu": not gpu,
        "report_to": "none",
        "disable_tqdm": True,
        "log_level": "error",
        "log_level_replica": "error",
    }
    if processes > 1 and not gpu:
        values["ddp_backend"] = "gloo"
    if settings.gradient_checkpointing:
        known = transformers.TrainingArguments.__dataclass_fields__
        # Renamed in transformers 5; the old name warns where the new one exists.
        name = "activation_checkpointing" if "activation_checkpointing" in known else "gradient_checkpointing"
        values[name] = True
        values[f"{name}_kwargs"] = {"use_reentrant": False}
    arguments = transformers.TrainingArguments(**values)
    if arguments.n_gpu > 1:
        arguments._n_gpu = (
            1  # several GPUs are for `accelerate launch`; DataParallel would multiply the batch
        )
    return arguments


class DistanceTrainer(transformers.Trainer):  # type: ignore[misc]
    """``transformers.Trainer`` with another loss weighting, schedule, order of examples and validation.

    * Each batch counts by its number of labels, over accumulated batches and over processes, whatever loss
    the model
      computes: accumulating gives the step of the large batch.
    * The order of examples depends on seed and epoch only.
    * Validation takes the sums of ``add_up``, shared among the processes.

    Args:
        model: a model of transformers.
        arguments: from :func:`trainer_arguments`.
        data: a ``TaskData``.
        settings: the settings.
        callbacks: callbacks in the order in which they are to be called.
    """

    # Told to the Trainer: the loss that compute_loss returns is scaled for accumulation already.
    loss_is_scaled_for_ga = True
    lr_scheduler: Any
    control: Any

    def __init__(
        self, model: Any, arguments: Any, data: Any, settings: TrainingSettings, callbacks: list[Any]
    ) -> None:
        self.data = data
        self.settings = settings
        self.order = EpochSampler(len(data.train), settings.seed)
        super().__init__(
            model=model,
            args=arguments,
            data_collator=data.collate or stack_examples,
            train_dataset=data.train,
            eval_dataset=data.validation,
            callbacks=callbacks,
        )
        self.model_accepts_loss_kwargs = False  # the model is not asked to weigh; compute_loss does it
        self.remove_callback(transformers.trainer_callback.PrinterCallback)

    def get_train_dataloader(self) -> Any:
        """Batches in the order of the epoch; an incomplete last batch is left out."""
        return self.accelerator.prepare(
            DataLoader(
                self.train_dataset,
                batch_size=self._train_batch_size,
                sampler=self.order,
                collate_fn=self.data_collator,
                drop_last=True,
                pin_memory=self.args.dataloader_pin_memory,
            )
        )

    def log(self, logs: dict[str, Any], *timing: Any, **named: Any) -> None:
        """Log an entry, with what callbacks have made of the schedule's learning rate."""
        for callback in self.callback_handler.callbacks:
            if isinstance(callback, PerformanceCallback):
                callback.logged(logs)
        super().log(logs, *timing, **named)

    def get_decay_parameter_names(self, model: Any) -> list[str]:
        """Parameters that decay: all but norms, biases, attention scales and exponents."""
        free = set(no_decay_parameter_names(model))
        return [name for name, _ in model.named_parameters() if name not in free]

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """The schedule of the settings."""
        if self.lr_scheduler is None:
            self.lr_scheduler = build_schedule(optimizer or self.optimizer, self.settings, num_training_steps)
            self._created_lr_scheduler = True
        return self.lr_scheduler

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> tuple[list[Any], Any]:
        """The batches of one step, and the number of labels that count in them, in all processes."""
        batches = [batch for _, batch in zip(range(num_batches), epoch_iterator, strict=False)]
        own = sum(counted_items(self.data.task, batch) for batch in batches)
        items = self.accelerator.reduce(torch.tensor(float(own), device=device), "sum")
        return batches, items

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Tensor | None = None
    ) -> Any:
        """The model's loss, weighed by this batch's share of the labels of the step.

        Raises:
            DivergenceError: the loss is infinite or no number.
        """
        outputs = self._outputs(model, inputs)
        loss = outputs.loss
        # On a GPU a look at every loss would make it wait; there the next log entry tells.
        if loss.device.type == "cpu" and not bool(torch.isfinite(loss)):
            raise DivergenceError(diverged(loss.item(), self.state.global_step + 1))
        if num_items_in_batch is not None:
            own = counted_items(self.data.task, inputs)
            if own == 0:  # a mean over nothing would be NaN; the other processes still wait for gradients
                loss = outputs.logits.float().sum() * 0.0
            else:
                loss = weighted_mean_loss(loss, own, num_items_in_batch)
            # Processes average their gradients, and the parts are to be summed.
            loss = loss * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss

    def _outputs(self, model: Any, inputs: Any) -> Any:
        try:
            return model(**inputs)
        except AttentionError as error:
            # Attention refuses a scale that is no number; it became so in the step before.
            if all(bool(torch.isfinite(parameter).all()) for parameter in model.parameters()):
                raise
            raise DivergenceError(diverged(math.nan, self.state.global_step + 1)) from error

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Validation loss (and accuracy of classes), each process with its part of the examples.

        Raises:
            TrainingError: no label of the validation set counts.
        """
        dataset = self.eval_dataset if eval_dataset is None else eval_dataset
        mine = range(self.accelerator.process_index, len(dataset), self.accelerator.num_processes)
        sums = add_up(
            self.model,
            dataset,
            self.data.task,
            collate=self.data_collator,
            batch_size=max(self.settings.batch_size, 1),
            indices=mine,
        )
        totals = torch.tensor(
            [sums.loss, sums.items, sums.correct], dtype=torch.float64, device=self.args.device
        )
        loss, items, correct = self.accelerator.reduce(totals, "sum").tolist()
        if not items:
            raise TrainingError("the validation set has no label that counts; give it more examples")
        metrics = {f"{metric_key_prefix}_loss": loss / items}
        if self.data.task != "regression":
            metrics[f"{metric_key_prefix}_accuracy"] = correct / items
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics
