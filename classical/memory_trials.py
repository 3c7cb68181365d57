"""Dry runs of a training step: how much memory a setting takes, and how long.

A dry run works on a copy of the model, with AdamW and real examples, and leaves the model and the random
numbers as they were. On the CPU memory is that of the process without the copy; the trials run from the
smallest to the largest, and freed memory is handed back to the system in between where its allocator can
(glibc).
"""

from __future__ import annotations

import ctypes
import gc
import os
import time
from copy import deepcopy
from typing import Any

import torch

from .counted_loss import move_batch
from .evaluation_pass import stack_examples
from .memory_rule import MemoryRule, MemoryTrial
from .peak_memory import PeakMemory
from .quiet_libraries import preserved_random_state, quiet_libraries
from .recomputed_activations import recompute_activations
from .task_data import TaskData

__all__ = ["memory_trial", "memory_trials"]


def memory_trials(
    model: Any, data: TaskData, examples: int, rule: MemoryRule, device: torch.device
) -> list[MemoryTrial]:
    """Dry runs of every setting that may fit, each kind up to the first that does not.

    Args:
        model: a model of transformers; left as it is.
        data: the data; the first examples of the training set are used.
        examples: examples behind one optimizer step.
        rule: budget and what may be taken.
        device: where training will run.

    Returns:
        The trials, at least one.
    """
    sizes = rule.micro_batches(examples, len(data.train))
    found = []
    for precision, checkpointing in rule.kinds():
        for size in sizes:
            planned = MemoryTrial(size, examples // size, precision, checkpointing, 0.0, 0.0)
            trial = memory_trial(model, data, planned, device, passes=rule.trial_passes)
            found.append(trial)
            if trial.peak_bytes > rule.usable_bytes:
                break
    return found


def memory_trial(
    model: Any, data: TaskData, planned: MemoryTrial, device: torch.device, *, passes: int = 2
) -> MemoryTrial:
    """One dry run.

    Args:
        model: a model of transformers; left as it is.
        data: the data.
        planned: the setting; its bytes and seconds are not read.
        device: where training will run.
        passes: timed passes; one more warms up.

    Returns:
        The setting with its bytes and seconds; infinite bytes where memory ran out.
    """
    _hand_memory_back(device)
    with quiet_libraries(), preserved_random_state():
        try:
            peak, seconds = _measured(model, data, planned, device, passes)
        except (torch.OutOfMemoryError, MemoryError):
            peak, seconds = float("inf"), float("inf")
        except RuntimeError as error:
            if "DefaultCPUAllocator" not in str(error):  # the CPU has no error class for it
                raise
            peak, seconds = float("inf"), float("inf")
    return MemoryTrial(
        planned.micro_batch,
        planned.accumulation,
        planned.precision,
        planned.checkpointing,
        peak,
        seconds,
    )


def _measured(
    model: Any, data: TaskData, planned: MemoryTrial, device: torch.device, passes: int
) -> tuple[float, float]:
    """Peak in bytes and seconds of a step."""
    same_place = next(model.parameters()).device.type == device.type
    batch = (data.collate or stack_examples)([data.train[index] for index in range(planned.micro_batch)])
    with PeakMemory(device) as memory:
        copy = deepcopy(model).to(device).train()
        tensors = {id(tensor): tensor for tensor in [*copy.parameters(), *copy.buffers()]}.values()
        twice = sum(tensor.numel() * tensor.element_size() for tensor in tensors) if same_place else 0
        if planned.checkpointing:
            recompute_activations(copy)
        optimizer = torch.optim.AdamW(copy.parameters(), lr=1e-6)
        named = move_batch(batch, device)
        times = []
        for number in range(passes + 1):
            begin = time.perf_counter()
            with torch.autocast(
                device.type, dtype=torch.bfloat16, enabled=planned.precision == "bfloat16"
            ):
                loss = copy(**named).loss
            loss.backward()
            _wait(device)
            passed = time.perf_counter()
            if number in (0, passes):
                optimizer.step()
                _wait(device)
            times.append((passed - begin, time.perf_counter() - passed))
    step = min(one for one, _ in times[1:]) * planned.accumulation + times[-1][1]
    return float(memory.peak_bytes - twice), step


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _hand_memory_back(device: torch.device) -> None:
    """Free what nobody uses, so that a trial does not count what the one before it left."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        return
    if os.name != "posix":  # elsewhere there is no library of the process itself to ask
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
