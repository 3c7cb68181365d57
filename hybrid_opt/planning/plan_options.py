"""Options that every plan's ``solve`` takes, checked before any work."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import OptionError
from ..solvers.qaoa_engines import MIXERS
from ..solvers.settings import check_choice, check_seconds, check_whole

__all__ = ["check_plan_options"]


def check_plan_options(
    qubits: Any,
    max_evaluations: Any,
    mixer: Any,
    tolerance: Any,
    alternatives: Any,
    draws: Any,
    time_limit: Any,
) -> None:
    """Refuse illegal settings before any work.

    Args:
        qubits: legal are whole numbers from 4 to 20.
        max_evaluations: zero or more.
        mixer: a mixer of QAOA.
        tolerance: zero or a positive share.
        alternatives: one or more.
        draws: zero or more.
        time_limit: seconds, above zero.

    Raises:
        OptionError: one of them is illegal.

    Example:
        >>> check_plan_options(14, 0, "x", 0.01, 10, 0, 60.0)
    """
    check_seconds("time_limit", time_limit)
    check_choice("mixer", mixer, MIXERS)
    check_whole("max_evaluations", max_evaluations, least=0)
    check_whole("alternatives", alternatives)
    check_whole("draws", draws, least=0)
    whole = isinstance(qubits, (int, np.integer)) and not isinstance(qubits, bool)
    if not whole or not 4 <= qubits <= 20:
        raise OptionError(f"qubits is {qubits!r}; it must be a whole number from 4 to 20")
    number = isinstance(tolerance, (int, float, np.number)) and not isinstance(tolerance, bool)
    if not number or not 0 <= float(tolerance) < np.inf:
        raise OptionError(f"tolerance is {tolerance!r}; it must be zero or a positive share, e.g. 0.01")
