"""What a run does besides training: shuffle, log, report progress, save whole checkpoints, obey ctrl-C."""

from __future__ import annotations

import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch.utils.data import Sampler

from .checkpoints import complete_checkpoints, mark_complete, remove_checkpoint
from .errors import DivergenceError
from .optional_libraries import load_library
from .training_result import finite_or_none

__all__ = [
    "CheckpointKeeper",
    "EpochOrder",
    "EpochSampler",
    "HistoryWriter",
    "InterruptGuard",
    "Progress",
    "ProgressReporter",
    "StepClock",
    "diverged",
]

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and a few words on what is being done."""

TrainerCallback: Any = load_library("transformers", "transformer").TrainerCallback


class EpochSampler(Sampler[int]):
    """An order of the examples that is a function of seed and epoch alone, so that a resumed run knows it.

    Args:
        count: number of examples.
        seed: seed of all orders.

    Example:
        >>> sampler = EpochSampler(4, seed=0)
        >>> first = list(sampler)
        >>> sampler.set_epoch(1)
        >>> sorted(first), list(sampler) == first
        ([0, 1, 2, 3], False)
    """

    def __init__(self, count: int, seed: int) -> None:
        self.count = count
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[int]:
        # Seeds of neighbouring runs and epochs must not meet: (seed 0, epoch 1) is not (seed 1, epoch 0).
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        yield from torch.randperm(self.count, generator=generator).tolist()


class EpochOrder(TrainerCallback):  # type: ignore[misc]
    """Tells the sampler, and a data set that masks anew in each epoch, which epoch begins.

    Args:
        parts: whatever has ``set_epoch``.
    """

    def __init__(self, *parts: Any) -> None:
        self.parts = [part for part in parts if hasattr(part, "set_epoch")]

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Called before the data of an epoch are read; a resumed epoch has a fraction behind it."""
        for part in self.parts:
            part.set_epoch(int(state.epoch or 0))

    def on_train_end(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Back to the first epoch: what is evaluated later does not depend on how long training went on."""
        for part in self.parts:
            part.set_epoch(0)


class HistoryWriter(TrainerCallback):  # type: ignore[misc]
    """Appends each log entry to a file of JSON lines, and stops a run whose loss is no number any more.

    Args:
        path: the file; None in all processes but the first, which then only watch the loss.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **named: Any
    ) -> None:
        """Write one entry.

        Raises:
            DivergenceError: the training loss is infinite or not a number.
        """
        entry = {"step": state.global_step, **(logs or {})}
        loss = entry.get("loss")
        if self.path is not None:
            line = json.dumps({name: finite_or_none(value) for name, value in entry.items()})
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(line + "\n")
        if loss is not None and not math.isfinite(loss):
            raise DivergenceError(diverged(loss, state.global_step))


def diverged(loss: float, step: int) -> str:
    """What to say where a loss is no number any more.

    Args:
        loss: the loss.
        step: its optimizer step.

    Returns:
        The message.

    Example:
        >>> diverged(float("inf"), 7).split(";")[0]
        'the loss is inf at step 7'
    """
    return (
        f"the loss is {loss} at step {step}; lower learning_rate, or raise warmup_ratio, and train again: "
        "the checkpoints before it are still there"
    )


class ProgressReporter(TrainerCallback):  # type: ignore[misc]
    """Hands progress to a function.

    Args:
        progress: called with the share of the steps that are done, and step and loss in words.
    """

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.loss = ""

    def on_step_end(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Report after each step."""
        self.progress(state.global_step / max(state.max_steps, 1), self._words(state))

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **named: Any
    ) -> None:
        """Remember the loss for the next report."""
        if logs and "loss" in logs:
            self.loss = f", loss {logs['loss']:.4g}"

    def _words(self, state: Any) -> str:
        return f"step {state.global_step} of {state.max_steps}{self.loss}"


class StepClock(TrainerCallback):  # type: ignore[misc]
    """Adds up the seconds inside steps, without validation and saving.

    Attributes:
        seconds: sum over the steps of this call.
        steps: their number.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.steps = 0
        self._began = 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Start the clock."""
        self._began = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Stop the clock."""
        self.seconds += time.perf_counter() - self._began
        self.steps += 1


class CheckpointKeeper(TrainerCallback):  # type: ignore[misc]
    """Declares checkpoints whole after their last file, removes old ones, saves at a new best and on ctrl-C.

    Args:
        facts: written into each marker.
        keep: number of newest checkpoints to keep; the best one comes on top.
        save_best: also save whenever the validation loss is the lowest so far.
        interrupted: says whether to save and stop after the present step.
    """

    def __init__(
        self, facts: dict[str, Any], keep: int, *, save_best: bool, interrupted: Callable[[], bool]
    ) -> None:
        self.facts = facts
        self.keep = keep
        self.save_best = save_best
        self.interrupted = interrupted

    def on_step_end(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Stop where asked to, and log before anything that may save.

        The Trainer keeps the sum of losses since the last log in memory only: logged before each checkpoint,
        it is 0 there, and the history of a resumed run is that of an uninterrupted one.
        """
        if self.interrupted():
            control.should_save = control.should_training_stop = True
        if control.should_save or control.should_evaluate:
            control.should_log = True

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, float], **named: Any
    ) -> None:
        """Ask for a checkpoint at a new best; called before the Trainer notes the best itself."""
        if self.save_best and (state.best_metric is None or metrics["eval_loss"] < state.best_metric):
            control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """All files are there: wait for the other processes, write the marker, make room."""
        processes = load_library("accelerate", "transformer").PartialState()
        processes.wait_for_everyone()
        if processes.is_main_process:
            folder = Path(args.output_dir)
            mark_complete(
                folder / f"checkpoint-{state.global_step}", {**self.facts, "step": state.global_step}
            )
            best = f"checkpoint-{state.best_global_step}" if self.save_best else None
            for old in complete_checkpoints(folder)[: -self.keep]:
                if old.name != best:
                    remove_checkpoint(old)
        processes.wait_for_everyone()


class InterruptGuard:
    """Turns the first ctrl-C inside its block into a wish, the second into ``KeyboardInterrupt``.

    Outside the main thread, where Python does not deliver signals, it does nothing.

    Example:
        >>> with InterruptGuard() as guard:
        ...     signal.raise_signal(signal.SIGINT)
        >>> guard.requested()
        True
    """

    def __init__(self) -> None:
        self._wish = False
        self._before: Any = None

    def requested(self) -> bool:
        """Whether ctrl-C was pressed."""
        return self._wish

    def __enter__(self) -> InterruptGuard:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._wish:
            raise KeyboardInterrupt
        self._wish = True
