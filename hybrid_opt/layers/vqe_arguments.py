"""Arguments of `VQELayer`, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..circuits.errors import CircuitError

__all__ = ["check_choice", "check_exact", "field_strength", "positive_number"]


def check_choice(name: str, value: Any, legal: Sequence[str]) -> None:
    """Refuse a word that is not among the legal ones.

    Args:
        name: of the argument.
        value: what was given.
        legal: the words.

    Raises:
        CircuitError: another word.

    Example:
        >>> check_choice("mode", "shared", ["relaxed", "shared"])
    """
    if value not in legal:
        raise CircuitError(f"{name} is {value!r}; it must be one of {', '.join(map(repr, legal))}")


def check_exact(shots: Any, noise_model: Any, gradient: str, precision: str, initial_weights: Any) -> None:
    """Refuse what has no meaning where a state is minimized anew for every instance.

    Args:
        shots: as given to the layer.
        noise_model: likewise.
        gradient: likewise.
        precision: likewise.
        initial_weights: likewise.

    Raises:
        CircuitError: one of them is not its default.

    Example:
        >>> check_exact(None, None, "auto", "double", None)
    """
    if shots is not None or noise_model is not None or gradient != "auto" or precision != "double":
        raise CircuitError(
            "mode='relaxed' needs exact gradients; leave out shots, noise_model, gradient and precision, or "
            "use mode='shared' or 'amortized'"
        )
    if initial_weights is not None:
        raise CircuitError(
            "initial_weights are for a shared state; a relaxed one starts from random ones, see starts"
        )


def field_strength(given: Any, default: float) -> float:
    """Strength of the transverse field.

    Args:
        given: a number, or None.
        default: what None stands for.

    Returns:
        The strength.

    Raises:
        CircuitError: no number, or a negative, NaN or infinite one.

    Example:
        >>> field_strength(None, 0.5)
        0.5
    """
    if given is None:
        return default
    if not _is_number(given) or not np.isfinite(given) or given < 0:
        raise CircuitError(f"transverse_field is {given!r}; it must be a number of at least 0, or None")
    return float(given)


def positive_number(name: str, value: Any) -> float:
    """A finite number greater than 0.

    Args:
        name: of the argument.
        value: what was given.

    Returns:
        The number.

    Raises:
        CircuitError: anything else.

    Example:
        >>> positive_number("tolerance", 1e-6)
        1e-06
    """
    if not (_is_number(value) and 0 < value < np.inf):
        raise CircuitError(f"{name} is {value!r}; it must be a number greater than 0")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
