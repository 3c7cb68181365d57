"""What an objective returns, as numbers, and how a study is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

import numpy as np
from optuna.study import Study
from optuna.trial import Trial, TrialState

from ..errors import OptionError

__all__ = ["read_values", "tell_values"]


def read_values(answer: Any, count: int, number: int) -> tuple[float, ...]:
    """What an objective returned, as numbers.

    Args:
        answer: a number, or several.
        count: objectives of the study.
        number: of the trial, for messages.

    Returns:
        One number per objective; NaN is one too, and the trial then counts as failed.

    Raises:
        OptionError: anything else.

    Example:
        >>> read_values(2, 1, 0)
        (2.0,)
    """
    several = isinstance(answer, Sequence | np.ndarray) and np.ndim(answer) > 0
    try:
        values = tuple(map(float, answer)) if several else (float(answer),)
    except (TypeError, ValueError) as problem:
        raise _no_numbers(answer, count, number) from problem
    if len(values) != count:
        raise _no_numbers(answer, count, number)
    return values


def _no_numbers(answer: Any, count: int, number: int) -> OptionError:
    return OptionError(
        f"the objective returned {answer!r} for trial {number}; it must return "
        f"{'a number' if count == 1 else f'{count} numbers'}, or raise optuna.TrialPruned"
    )


def tell_values(study: Study, trial: Trial | int, values: Sequence[float] | None) -> None:
    """Tell a study what a trial gave.

    Args:
        study: the study.
        trial: which.
        values: one number per objective, None for a pruned trial; one that is NaN fails it, as with
            ``study.optimize``.
    """
    if values is None:
        study.tell(trial, state=TrialState.PRUNED)
    elif any(map(isnan, values)):
        study.tell(trial, state=TrialState.FAIL)
    else:
        study.tell(trial, values)
