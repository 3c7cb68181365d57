"""What to tell a user about a mixed-integer program that ended without a selection."""

from __future__ import annotations

from typing import Any

__all__ = ["not_found"]

TIME_LIMIT = 1  # SciPy's status of a program that its limit ended


def not_found(result: Any, time_limit: float) -> str:
    """Why there is no selection.

    Args:
        result: what ``scipy.optimize.milp`` returned, without a solution.
        time_limit: seconds that it was given.

    Returns:
        A sentence: more time helps only where time ended the program.

    Example:
        >>> from scipy.optimize import OptimizeResult
        >>> not_found(OptimizeResult(status=1, message="Time limit reached."), 5.0)
        'no selection was found in 5 s; allow more time'
    """
    if result.status == TIME_LIMIT:
        return f"no selection was found in {time_limit:g} s; allow more time"
    return (
        f"the solver ended without a selection, and more time would not help ({result.message}); bring the "
        "numbers of the tables closer together in size, or leave out what brings next to nothing"
    )
