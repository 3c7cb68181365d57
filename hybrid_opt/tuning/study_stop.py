"""``study.stop()`` within our own loops over trials, which Optuna allows within its own only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from optuna.study import Study

__all__ = ["is_stopped", "stoppable"]


@contextmanager
def stoppable(study: Study) -> Iterator[None]:
    """Inside, an objective, a sampler (such as an exhausted ``GridSampler``) or a callback may stop a study.

    Args:
        study: the study; a stop from before is forgotten.

    Example:
        >>> import optuna
        >>> study = optuna.create_study()
        >>> with stoppable(study):
        ...     study.stop()
        >>> is_stopped(study)
        True
    """
    before = study._thread_local.in_optimize_loop
    study._thread_local.in_optimize_loop = True
    study._stop_flag = False
    try:
        yield
    finally:
        study._thread_local.in_optimize_loop = before


def is_stopped(study: Study) -> bool:
    """Whether somebody stopped it.

    Args:
        study: the study.
    """
    return bool(study._stop_flag)
