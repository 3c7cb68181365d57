"""Times of tasks that take turns, so that a drifting machine touches all of them alike."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any


def paired(runs: int, **tasks: Callable[[], Any]) -> dict[str, float]:
    """Median seconds of each task, the tasks taking turns."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()
    for _ in range(runs):
        for name, task in tasks.items():
            begin = perf_counter()
            task()
            times[name].append(perf_counter() - begin)
    return {name: median(values) for name, values in times.items()}


def once(task: Callable[[], Any]) -> float:
    """Seconds of a single run, for tasks of minutes."""
    begin = perf_counter()
    task()
    return perf_counter() - begin
